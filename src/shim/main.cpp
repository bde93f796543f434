#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "shim/control_server.hpp"
#include "shim/event_loop.hpp"
#include "shim/fence.hpp"
#include "shim/game_process.hpp"
#include "shim/log_writer.hpp"
#include "shim/pod_program.hpp"
#include "shim/signals.hpp"
#include "shim/supervisor.hpp"
#include "shim/system.hpp"
#include "wire/shim/layout.hpp"
#include "wire/shim/spec.hpp"

// gk-shim --dir RUN: the parent of one game (wire/shim/layout.hpp says what it finds and leaves there). In a pod: pod_program.hpp.
namespace {

using namespace gk;
using namespace gk::shim;
namespace layout = gk::wire::shim::layout;

constexpr Milliseconds linger_time{10'000};

void report(std::string_view line) {
    const auto text = std::string(line) + "\n";
    [[maybe_unused]] const auto count = ::write(layout::report_descriptor, text.data(), text.size());
    ::close(layout::report_descriptor);
}

ShimResult<Descriptor> open_folder(const std::string& path) {
    Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return std::unexpected(system_error(path));
    return folder;
}

ShimResult<wire::shim::Spec> read_spec(int run_folder) {
    TRY(text, read_file(run_folder, std::string(layout::spec_file), wire::shim::spec_size_max + 1));
    auto spec = wire::shim::decode_spec(as_byte_span(text));
    if (!spec) return std::unexpected(ShimError{fmt::format("the launch document cannot be read: {}", name_of(spec.error()))});
    return std::move(*spec);
}

// To the game's user, readable by the control plane's group, which new files inherit.
ShimResult<Success> give_away(int folder, const wire::shim::Identity& identity) {
    if (::fchown(folder, identity.uid, identity.client_gid) != 0 || ::fchmod(folder, 02750) != 0) {
        return std::unexpected(system_error("giving the run and log folders to the server's user"));
    }
    return Success{};
}

void leave_standard_streams() {
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int fd : {0, 1, 2}) ::dup2(null.get(), fd);
}

// What a run needs, in the order in which it is made.
struct Folders {
    Descriptor run;
    Descriptor log;
};

ShimResult<Folders> open_folders(const std::string& run_path) {
    TRY(run, open_folder(run_path));
    TRY(log, open_folder(run_path + "/../" + std::string(layout::log_folder)));
    return Folders{std::move(run), std::move(log)};
}

ShimResult<Success> supervise(const Folders& folders, const wire::shim::Spec& spec) {
    if (spec.identity) {
        TRY_OK(give_away(folders.run.get(), *spec.identity));
        TRY_OK(give_away(folders.log.get(), *spec.identity));
    }
    TRY(patterns, Patterns::compile(spec));
    TRY(log, LogWriter::open(folders.log.get(), spec.log));
    TRY(signals, Signals::take());
    EventLoop loop;
    Fence fence(spec.epoch);
    Supervisor supervisor(loop, spec, folders.run.get(), std::move(log), std::move(patterns),
                          Afterwards{.acknowledged = [&] { loop.stop(); }, .linger = linger_time});
    ControlServer server(loop, {.on_request =
                                    [&](auto client, auto request) {
                                        if (auto refusal = fence.refusal_of(request)) return server.answer(client, std::move(*refusal));
                                        supervisor.on_request(client, request);
                                    },
                                .on_gone = [&](auto client) { supervisor.on_client_gone(client); },
                                .status =
                                    [&] {
                                        auto status = supervisor.status();
                                        status.epoch = fence.epoch();
                                        return status;
                                    }});
    // Before the game runs, so that nothing that happens to it is taken for what was before.
    const MemoryWatch memory(spec.container.cgroup_root, spec.container.cgroup);
    TRY(game, start_game(spec, folders.run.get()));
    auto settled = [&]() -> ShimResult<Success> {
        if (spec.identity) TRY_OK(drop_rights(*spec.identity));
        TRY_OK(server.listen(folders.run.get()));
        return write_file_durably(folders.run.get(), std::string(layout::pid_file), std::to_string(::getpid()));
    }();
    if (!settled) {
        kill_everything(game);
        return settled;
    }
    supervisor.attach(std::move(game), memory, server);
    const auto reap = [&] {
        reap_children([&](pid_t pid, int wait_status, std::uint64_t peak) { supervisor.on_child_ended(pid, wait_status, peak); });
    };
    signals.watch(loop, reap, [&] { supervisor.on_terminate(); });
    leave_standard_streams();
    report(layout::report_executed);
    loop.run();
    ::unlinkat(folders.run.get(), std::string(layout::socket_file).c_str(), 0);
    return Success{};
}

int run(const std::string& run_path) {
    const auto folders = open_folders(run_path);
    if (!folders) return report(std::string(layout::report_error) + folders.error().detail), 1;
    if (::flock(folders->run.get(), LOCK_EX | LOCK_NB) != 0) return report(layout::report_running), 0;
    const auto spec = read_spec(folders->run.get());
    if (!spec) return report(std::string(layout::report_error) + spec.error().detail), 1;
    ::prctl(PR_SET_NAME, "gk-shim", 0, 0, 0);
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return report("error: this kernel has no child subreapers"), 1;
    const auto ended = supervise(*folders, *spec);
    if (!ended) return report(std::string(layout::report_error) + ended.error().detail), 1;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto mode = std::string_view(argc > 1 ? argv[1] : "");
    if (mode == "--pod") return pod_main(argc, argv);
    if (mode == "--install" && argc == 3) return install_main(argv[2]);
    if (mode != "--dir" || argc != 3) {
        constexpr std::string_view usage =
            "usage: gk-shim --dir RUN\n"
            "       gk-shim --pod [--volume /gk/volume] [--run /gk/run] [--key /gk/key/shim] [--listen 9401] [--cgroup /sys/fs/cgroup]\n"
            "       gk-shim --install DIR\n"
            "Runs the game that RUN/spec describes; in a pod, waits for a control plane that holds the key. Hosts start it, not people.\n";
        [[maybe_unused]] const auto count = ::write(2, usage.data(), usage.size());
        return 2;
    }
    ::fcntl(layout::report_descriptor, F_SETFD, FD_CLOEXEC);
    ::setsid();
    ::umask(0027);
    return run(argv[2]);
}
