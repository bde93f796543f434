#include "adapters/process/process_table.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::process {
namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::uint64_t number(std::string_view text) {
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

}  // namespace

std::vector<pid_t> processes_with(const std::string& entry) {
    std::vector<pid_t> out;
    std::error_code error;
    for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
        const auto name = process.path().filename().string();
        const auto pid = static_cast<pid_t>(number(name));
        if (pid == 0 || pid == ::getpid()) continue;
        const auto environment = content((process.path() / "environ").string());
        const auto entries = split(environment, '\0');
        if (std::ranges::find(entries, std::string_view(entry)) != entries.end()) out.push_back(pid);
    }
    return out;
}

ProcessUse use_of(pid_t process) {
    const auto stat = content(fmt::format("/proc/{}/stat", process));
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) return {};
    const auto fields = split(std::string_view(stat).substr(name_end + 2), ' ');  // From the state on, which proc(5) counts as the third.
    constexpr std::size_t user_time = 11;
    constexpr std::size_t system_time = 12;
    constexpr std::size_t resident_pages = 21;
    if (fields.size() <= resident_pages) return {};
    const auto ticks = number(fields[user_time]) + number(fields[system_time]);
    const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return {.cpu = Milliseconds(ticks * 1000 / per_second), .memory_bytes = number(fields[resident_pages]) * page};
}

}  // namespace gk::process
