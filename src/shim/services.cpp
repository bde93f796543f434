#include "shim/services.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>

#include <fmt/format.h>

#include "shim/file_service.hpp"
#include "shim/game_files_service.hpp"
#include "shim/program_service.hpp"

namespace gk::shim {
namespace {

constexpr std::size_t services_max = 8;

}  // namespace

ShimResult<Success> Services::start(ControlServer& server, const Request& request, Kind kind, const Serve& serve) {
    if (processes_.size() == services_max)
        return std::unexpected(ShimError{fmt::format("{} others are being served already; try again", services_max)});
    auto connection = server.give_away(request.client);
    const pid_t pid = ::fork();
    if (pid == 0) {
        serve(std::move(connection), {.id = request.id, .outcome = wire::shim::Outcome::ok, .text = {}});
        ::_exit(0);
    }
    if (pid < 0) return std::unexpected(system_error("fork"));
    services_.emplace(pid, Service{kind, request.epoch});
    processes_.insert(pid);
    return Success{};
}

ShimResult<Success> Services::serve_files(ControlServer& server, const Request& request, std::string folder) {
    if (::access(folder.c_str(), R_OK | X_OK) != 0) return std::unexpected(system_error("the folder " + folder));
    return start(server, request, Kind::files, [&](auto connection, const auto& answer) {
        shim::serve_files(Conversation(std::move(connection), "gk-shim files"), answer, folder);
    });
}

ShimResult<Success> Services::serve_game_files(ControlServer& server, const Request& request, std::string folder) {
    return start(server, request, Kind::game_files, [&](auto connection, const auto& answer) {
        shim::serve_game_files(Conversation(std::move(connection), "gk-shim game"), answer, folder);
    });
}

ShimResult<Success> Services::serve_program(ControlServer& server, const Request& request, std::string cgroup_root) {
    if (has_program()) return std::unexpected(ShimError{"another program works here: one at a time"});
    return start(server, request, Kind::program, [&](auto connection, const auto& answer) {
        shim::serve_program(Conversation(std::move(connection), "gk-shim program"), answer, cgroup_root);
    });
}

void Services::on_child_ended(pid_t pid) {
    services_.erase(pid);
    processes_.erase(pid);
}

// A program is given its time to leave nothing behind.
void Services::end_older_than(Epoch epoch) {
    for (const auto& [pid, service] : services_) {
        if (service.epoch < epoch) ::kill(pid, service.kind == Kind::program ? SIGTERM : SIGKILL);
    }
}

bool Services::has_program() const {
    return std::ranges::any_of(services_, [](const auto& known) { return known.second.kind == Kind::program; });
}

bool Services::end_program() const {
    for (const auto& [pid, service] : services_) {
        if (service.kind == Kind::program) ::kill(pid, SIGTERM);
    }
    return has_program();
}

}  // namespace gk::shim
