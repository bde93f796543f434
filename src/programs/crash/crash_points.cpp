#include "programs/crash/crash_points.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/assert.hpp"

namespace gk::programs {
namespace {

// The last line of the log is for whoever counts which effects were tried.
[[noreturn]] void die(std::string_view when, std::uint64_t number, std::string_view name) {
    std::fprintf(stderr, "GK_TEST_CRASH: dies %.*s effect %llu, %.*s\n", static_cast<int>(when.size()), when.data(),
                 static_cast<unsigned long long>(number), static_cast<int>(name.size()), name.data());
    std::raise(SIGKILL);
    std::abort();
}

std::uint64_t number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    ASSERT(error == std::errc() && end == text.data() + text.size() && number > 0, "GK_TEST_CRASH is before:N, after:N or log:FILE");
    return number;
}

}  // namespace

std::unique_ptr<CrashPoints> CrashPoints::from_environment() {
    const char* order = std::getenv("GK_TEST_CRASH");
    return order != nullptr ? std::make_unique<CrashPoints>(order) : nullptr;
}

CrashPoints::CrashPoints(std::string_view order) {
    if (order.starts_with("before:")) die_before_ = number_in(order.substr(7));
    else if (order.starts_with("after:")) die_after_ = number_in(order.substr(6));
    else if (order.starts_with("log:")) log_ = order.substr(4);
    else ASSERT(false, "GK_TEST_CRASH is before:N, after:N or log:FILE");
}

std::uint64_t CrashPoints::before(std::string_view name) {
    const auto number = ++count_;
    if (number == die_before_) die("before", number, name);
    if (!log_.empty()) {
        if (std::FILE* file = std::fopen(log_.c_str(), "a")) {
            std::fprintf(file, "%llu %.*s\n", static_cast<unsigned long long>(number), static_cast<int>(name.size()), name.data());
            std::fclose(file);
        }
    }
    return number;
}

void CrashPoints::after(std::uint64_t number, std::string_view name) {
    if (number == die_after_) die("after", number, name);
}

}  // namespace gk::programs
