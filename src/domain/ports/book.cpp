#include "domain/ports/book.hpp"

#include <algorithm>

namespace gk {

void PortBook::hold(ServerUid server, const std::vector<server::PortBinding>& bindings) {
    if (bindings.empty()) return;
    for (const auto& binding : bindings) taken_[{binding.protocol, binding.open}] = std::nullopt;
    held_[server] = bindings;
}

void PortBook::rest(const RestingPort& resting) { taken_.try_emplace({resting.protocol, resting.port}, resting.since); }

Result<std::vector<server::PortBinding>, PortShortage> PortBook::reserve(ServerUid server, std::span<const PortWish> wishes,
                                                                         const std::vector<server::PortBinding>& before, Time now) {
    const auto known = held_.find(server);
    if (known != held_.end()) return known->second;
    const PortQuestion reserved = [&](Protocol protocol, Port port) { return is_taken({protocol, port}, now); };
    TRY(chosen, choose_ports_again(rules_.range, wishes, before, reserved, rules_.foreign));
    hold(server, chosen);
    return std::move(chosen);
}

void PortBook::release(ServerUid server, Time now) {
    const auto known = held_.find(server);
    if (known == held_.end()) return;
    for (const auto& binding : known->second) taken_[{binding.protocol, binding.open}] = now;
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
    for (const auto& [number, since] : taken_) {
        if (since && rests(*since, now)) all.push_back({.protocol = number.first, .port = number.second, .since = *since});
    }
    return all;
}

bool PortBook::is_taken(Number number, Time now) const {
    const auto at = taken_.find(number);
    return at != taken_.end() && (!at->second || rests(*at->second, now));
}

}  // namespace gk
