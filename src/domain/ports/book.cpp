#include "domain/ports/book.hpp"

#include <algorithm>

namespace gk {

void PortBook::hold(ServerUid server, const std::vector<server::PortBinding>& bindings) {
    if (bindings.empty()) return;
    for (const auto& binding : bindings) {
        held_numbers_[std::to_underlying(binding.protocol)].set(std::to_underlying(binding.open));
        resting_.erase({binding.protocol, binding.open});
    }
    held_[server] = bindings;
}

void PortBook::rest(const RestingPort& resting) {
    const Number number(resting.protocol, resting.port);
    if (!is_held(number)) resting_.try_emplace(number, resting.since);
}

Result<std::vector<server::PortBinding>, PortShortage> PortBook::reserve(ServerUid server, std::span<const PortWish> wishes,
                                                                         const std::vector<server::PortBinding>& before, Time now) {
    const auto known = held_.find(server);
    if (known != held_.end()) return known->second;
    TRY(chosen, choose(server, rules_.range, wishes, before, now));
    hold(server, chosen);
    return std::move(chosen);
}

Result<std::vector<server::PortBinding>, PortShortage> PortBook::choose(ServerUid server, PortRange range, std::span<const PortWish> wishes,
                                                                        const std::vector<server::PortBinding>& before, Time now) const {
    const auto known = held_.find(server);
    const auto is_own = [&](Protocol protocol, Port port) {
        const auto is_that = [&](const server::PortBinding& it) { return it.protocol == protocol && it.open == port; };
        return known != held_.end() && std::ranges::any_of(known->second, is_that);
    };
    const PortQuestion reserved = [&](Protocol protocol, Port port) { return is_taken({protocol, port}, now) && !is_own(protocol, port); };
    // What a server listens on already is its own.
    const PortQuestion foreign = [&](Protocol protocol, Port port) { return !is_own(protocol, port) && rules_.foreign(protocol, port); };
    return choose_ports_again(range, wishes, before, reserved, foreign);
}

void PortBook::change(ServerUid server, const std::vector<server::PortBinding>& bindings, Time now) {
    release(server, now);
    hold(server, bindings);
}

void PortBook::release(ServerUid server, Time now) {
    const auto known = held_.find(server);
    if (known == held_.end()) return;
    for (const auto& binding : known->second) {
        held_numbers_[std::to_underlying(binding.protocol)].reset(std::to_underlying(binding.open));
        resting_[{binding.protocol, binding.open}] = now;
    }
    held_.erase(known);
}

std::vector<PortReservation> PortBook::held() const {
    std::vector<PortReservation> all;
    for (const auto& [server, bindings] : held_) {
        for (const auto& binding : bindings) all.push_back({.server = server, .binding = binding});
    }
    std::ranges::sort(all, {}, [](const PortReservation& it) { return std::pair(it.binding.open, it.binding.protocol); });
    return all;
}

std::vector<RestingPort> PortBook::resting(Time now) const {
    std::vector<RestingPort> all;
    for (const auto& [number, since] : resting_) {
        if (rests(since, now)) all.push_back({.protocol = number.first, .port = number.second, .since = since});
    }
    return all;
}

bool PortBook::is_taken(Number number, Time now) const {
    if (is_held(number)) return true;
    const auto at = resting_.find(number);
    return at != resting_.end() && rests(at->second, now);
}

}  // namespace gk
