#include "domain/ports/choice.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace gk {
namespace {

// Wishes whose numbers depend on each other: a group, or one that stands alone.
using Unit = std::vector<const PortWish*>;

std::vector<Unit> units_of(std::span<const PortWish> wishes) {
    std::vector<Unit> units;
    for (const auto& wish : wishes) {
        const auto same_group = [&](const Unit& unit) { return wish.group != 0 && unit.front()->group == wish.group; };
        const auto known = std::ranges::find_if(units, same_group);
        if (known == units.end()) units.push_back({&wish});
        else known->push_back(&wish);
    }
    return units;
}

bool any_protocol(const PortWish& wish, Port port, const PortQuestion& question) {
    return (wish.tcp && question(Protocol::tcp, port)) || (wish.udp && question(Protocol::udp, port));
}

class Search {
public:
    Search(PortRange range, const PortQuestion& reserved, const PortQuestion& foreign) : range_(range), reserved_(reserved), foreign_(foreign) {}

    // The first number of the unit, which counts as taken from now on; nullopt when nothing fits.
    std::optional<int> place(const Unit& unit) {
        reserved_seen_ = foreign_seen_ = 0;
        for (int first = number(range_.first); first <= number(range_.last); ++first) {
            if (!fits(unit, first)) continue;
            for (const auto* wish : unit) chosen_.insert(first + wish->offset);
            return first;
        }
        return std::nullopt;
    }
    PortShortage shortage(const Unit& unit) const {
        std::string roles;
        for (const auto* wish : unit) roles += (roles.empty() ? "" : ", ") + wish->role;
        return {
            fmt::format("no port is left for {} in the range {}-{}: of {} numbers {} are reserved for other servers (or were, less than a minute "
                        "ago) and {} are used by other programs; delete servers that are not needed, or widen the range of ports in the "
                        "configuration",
                        roles, number(range_.first), number(range_.last), range_.size(), reserved_seen_, foreign_seen_)};
    }

private:
    static int number(Port port) { return std::to_underlying(port); }

    bool fits(const Unit& unit, int first) {
        const auto in_range = [&](const PortWish* wish) {
            const int at = first + wish->offset;
            return at >= number(range_.first) && at <= number(range_.last);
        };
        if (!std::ranges::all_of(unit, in_range)) return false;
        const auto port_of = [&](const PortWish* wish) { return static_cast<Port>(first + wish->offset); };
        const auto is_reserved = [&](const PortWish* wish) {
            return chosen_.contains(first + wish->offset) || any_protocol(*wish, port_of(wish), reserved_);
        };
        if (std::ranges::any_of(unit, is_reserved)) return ++reserved_seen_, false;
        if (std::ranges::any_of(unit, [&](const PortWish* wish) { return any_protocol(*wish, port_of(wish), foreign_); }))
            return ++foreign_seen_, false;
        return true;
    }

    PortRange range_;
    const PortQuestion& reserved_;
    const PortQuestion& foreign_;
    std::set<int> chosen_;
    int reserved_seen_ = 0;
    int foreign_seen_ = 0;
};

}  // namespace

Result<std::vector<server::PortBinding>, PortShortage> choose_ports(PortRange range, std::span<const PortWish> wishes, const PortQuestion& reserved,
                                                                    const PortQuestion& foreign) {
    Search search(range, reserved, foreign);
    std::vector<server::PortBinding> bindings;
    for (const auto& unit : units_of(wishes)) {
        const auto first = search.place(unit);
        if (!first) return std::unexpected(search.shortage(unit));
        for (const auto* wish : unit) {
            const auto port = static_cast<Port>(*first + wish->offset);
            const auto bind = [&](Protocol protocol) {
                bindings.push_back({.role = wish->role, .protocol = protocol, .open = port, .bound = port, .internal = wish->internal});
            };
            if (wish->tcp) bind(Protocol::tcp);
            if (wish->udp) bind(Protocol::udp);
        }
    }
    return bindings;
}

Result<std::vector<server::PortBinding>, PortShortage> choose_ports_again(PortRange range, std::span<const PortWish> wishes,
                                                                          const std::vector<server::PortBinding>& before,
                                                                          const PortQuestion& reserved, const PortQuestion& foreign) {
    const PortQuestion not_one_of_those = [&](Protocol protocol, Port port) {
        const auto is_that = [&](const server::PortBinding& had) { return had.protocol == protocol && had.open == port; };
        return std::ranges::none_of(before, is_that) || reserved(protocol, port);
    };
    auto again = choose_ports(range, wishes, not_one_of_those, foreign);
    if (again && *again == before) return again;
    return choose_ports(range, wishes, reserved, foreign);
}

}  // namespace gk
