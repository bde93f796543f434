#include "launcher/firewall.hpp"

#include <charconv>
#include <fcntl.h>
#include <sys/file.h>

#include "base/own_loopback.hpp"
#include "base/text.hpp"
#include "launcher/program.hpp"

namespace gk::launcher {
namespace {

struct Tools {
    std::string tables;
    std::string restore;
};
Tools tools_of(Family family) {
    if (family == Family::ipv4) return {"/usr/sbin/iptables", "/usr/sbin/iptables-restore"};
    return {"/usr/sbin/ip6tables", "/usr/sbin/ip6tables-restore"};
}

bool has_tools() {
    return ::access(tools_of(Family::ipv4).restore.c_str(), X_OK) == 0 && ::access(tools_of(Family::ipv6).restore.c_str(), X_OK) == 0;
}

Closed noted(const Options& options) {
    Closed out;
    for (const ServerUid uid : servers_here()) {
        const auto slot = slot_of(uid);
        const auto note = Place(uid).at("ports");
        if (!slot || !exists(note)) continue;
        if (*slot < own_loopbacks_count) out.addresses.insert(options.uid_base + *slot);
        for (const auto line : split(read_file(note), '\n')) {
            std::uint16_t port = 0;
            std::from_chars(line.data(), line.data() + line.size(), port);
            if (port != 0) out.ports.emplace(options.uid_base + *slot, Port{port});
        }
    }
    return out;
}

}  // namespace

Outcome<Success> write_firewall(const Options& options) {
    if (!has_tools()) return Success{};  // Doctor says so; games run all the same.
    const Descriptor lock(::open(".firewall", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return fail_errno("the firewall's lock could not be taken");
    const Closed closed = noted(options);
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const Tools tools = tools_of(family);
        TRY(listed, run_program({tools.tables, "-w", "10", "-S", "OUTPUT"}));
        const bool chained = listed.output.contains(fmt::format("-j {}\n", chain_of(options)));
        TRY_OK(must_run({tools.restore, "-w", "10", "--noflush"}, firewall_rules(family, options, closed, chained)));
    }
    return Success{};
}

Outcome<Success> close_to_others(const Options& options, ServerUid uid, const std::vector<Port>& ports) {
    const std::string note = Place(uid).at("ports");
    std::string content;
    for (const Port port : ports) content += fmt::format("{}\n", std::to_underlying(port));
    if (exists(note) && content == read_file(note)) return Success{};
    TRY_OK(write_file(note, content, 0600));
    return write_firewall(options);
}

Outcome<Success> forget_closed(const Options& options, ServerUid uid) {
    if (::unlink(Place(uid).at("ports").c_str()) != 0) return Success{};  // There was none.
    return write_firewall(options);
}

void remove_firewall(const Options& options) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        (void)run_program({tools_of(family).restore, "-w", "10", "--noflush"}, no_firewall_rules(options));
    }
}

}  // namespace gk::launcher
