#include "launcher/rules/firewall.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/own_loopback.hpp"

namespace gk::launcher {
namespace {

std::string games_of(const Options& options) {
    return fmt::format("-m owner --uid-owner {}-{}", options.uid_base, options.uid_base + options.uid_count - 1);
}

}  // namespace

std::string chain_of(const Options& options) { return fmt::format("GK-{}", options.uid_base); }

std::string firewall_rules(Family family, const Options& options, const Closed& closed, bool chained) {
    const std::string chain = chain_of(options);
    const std::string_view metadata = family == Family::ipv4 ? "169.254.169.254/32" : "fd00:ec2::254/128";
    // Not by the kind of address: from an address of its own a game reaches this machine at all addresses there are.
    constexpr std::string_view local = "-o lo -p tcp -m tcp --dport";
    std::string out = fmt::format("*filter\n:{} - [0:0]\n", chain);  // Made, or emptied.
    out += fmt::format("-A {} -d {} -j REJECT\n", chain, metadata);
    for (const Port port : options.closed_ports) out += fmt::format("-A {} {} {} -j REJECT\n", chain, local, std::to_underlying(port));
    for (const auto& [owner, port] : closed.ports) {
        out += fmt::format("-A {} {} {} -m owner ! --uid-owner {} -j REJECT\n", chain, local, std::to_underlying(port), owner);
    }
    if (family == Family::ipv4) {
        for (const auto owner : closed.addresses)
            out += fmt::format("-A {} -d {}/32 -m owner ! --uid-owner {} -j REJECT\n", chain, own_loopback(owner - options.uid_base), owner);
    }
    if (!chained) out += fmt::format("-A OUTPUT {} -j {}\n", games_of(options), chain);
    return out + "COMMIT\n";
}

std::string no_firewall_rules(const Options& options) {
    return fmt::format("*filter\n:{0} - [0:0]\n-D OUTPUT {1} -j {0}\n-X {0}\nCOMMIT\n", chain_of(options), games_of(options));
}

}  // namespace gk::launcher
