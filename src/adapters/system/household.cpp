#include "adapters/system/household.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace gk::system {
namespace {

// The kernel's name of this boot. A machine without one is told apart by its host name alone.
std::string boot() {
    std::string text;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), text);
    return text;
}

std::string host() {
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0) name[0] = '\0';
    return name;
}

// FNV-1a: nobody gains by another name, and whoever can write here could end us anyway.
std::string short_name(std::string_view text) {
    std::uint64_t sum = 14695981039346656037U;
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return fmt::format("{:016x}", sum);
}

}  // namespace

Result<Household, std::string> Household::take(const std::string& state) {
    std::error_code error;
    std::filesystem::create_directories(state, error);
    const auto path = state + "/in-use";
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return std::unexpected(fmt::format("state: {} cannot be opened: {}", path, std::strerror(errno)));
    Household taken(descriptor, {});
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return std::unexpected(
            fmt::format("state: {} is in use by another gamekeeper; stop that one, or give this one a directory of its own", state));
    struct stat about{};
    if (fstat(descriptor, &about) != 0) return std::unexpected(fmt::format("state: {}: {}", path, std::strerror(errno)));
    taken.name_ = short_name(fmt::format("{} {} {} {}", boot(), host(), about.st_dev, about.st_ino));
    return taken;
}

Household::Household(Household&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

Household::~Household() {
    if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace gk::system
