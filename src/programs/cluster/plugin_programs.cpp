#include "programs/cluster/plugin_programs.hpp"

#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

#include "adapters/process/child.hpp"
#include "base/text.hpp"

namespace gk::programs {
namespace {

// As execvp() finds it; empty when it is nowhere.
std::string found_in_path(const std::string& name) {
    if (name.contains('/')) return name;
    const auto* path = std::getenv("PATH");
    for (const auto folder : split(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin", ':')) {
        auto candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
        if (access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

std::map<std::string, std::string> environment_for_others() {
    std::map<std::string, std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view line = *entry;
        const auto equals = line.find('=');
        if (equals == std::string_view::npos || line.starts_with("GK_")) continue;
        out.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return out;
}

}  // namespace

Task<Result<kubernetes::Programs::Ended, std::string>> PluginPrograms::run(std::vector<std::string> argv,
                                                                           std::vector<std::pair<std::string, std::string>> env, Milliseconds limit) {
    process::Start start;
    start.program = found_in_path(argv.front());
    if (start.program.empty()) co_return std::unexpected(fmt::format("the program '{}' is not in PATH", argv.front()));
    start.argv = std::move(argv);
    start.env = environment_for_others();
    for (auto& [name, value] : env) start.env.insert_or_assign(std::move(name), std::move(value));
    start.directory = "/";
    auto ended = co_await process::run_to_end(clock_, std::move(start), std::string(), limit);
    if (!ended) co_return std::unexpected(std::move(ended.error().detail));
    co_return Ended{.code = ended->code, .output = std::move(ended->output), .errors = std::move(ended->errors)};
}

}  // namespace gk::programs
