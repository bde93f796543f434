#include "launcher/own_addresses.hpp"

#include <unistd.h>

#include "base/own_loopback.hpp"
#include "base/text.hpp"
#include "launcher/program.hpp"

namespace gk::launcher {
namespace {

constexpr const char* ip = "/usr/sbin/ip";
constexpr const char* priority = "7100";  // Behind the addresses of this machine (0), before all of its ways to others (32766).

std::vector<std::string> rule(const char* verb, const Options& options) {
    return {ip,         "-4",    "rule", verb, "from", std::string(own_loopbacks), "iif", "lo", "lookup", std::to_string(options.uid_base),
            "priority", priority};
}

std::vector<std::string> route(const char* verb, const Options& options) {
    return {ip, "-4", "route", verb, "local", "default", "dev", "lo", "table", std::to_string(options.uid_base)};
}

}  // namespace

Outcome<Success> open_own_addresses(const Options& options) {
    if (::access(ip, X_OK) != 0) return fail(Failure::Kind::not_found, "ip is missing: install iproute2");
    // The route first: a rule without one would send players' datagrams where they went before.
    TRY_OK(must_run(route("replace", options)));
    TRY(ended, run_program(rule("add", options)));
    if (ended.code == 0 || ended.errors.contains("File exists")) return Success{};
    return fail(Failure::Kind::unavailable,
                fmt::format("this kernel takes no rule for the ways of packets ({}); it needs CONFIG_IP_MULTIPLE_TABLES", trimmed(ended.errors)));
}

void close_own_addresses(const Options& options) {
    if (::access(ip, X_OK) != 0) return;
    (void)run_program(rule("del", options));
    (void)run_program(route("del", options));
}

}  // namespace gk::launcher
