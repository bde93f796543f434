#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "domain/fleet/fleet.hpp"

namespace gk::fleet {

// The servers of one fleet in the orders in which matches and plans ask for them, so that nobody walks over 20,000 in matches to find one that waits.
class Roster {
public:
    struct Key {
        Time since{};
        ServerUid uid;
        auto operator<=>(const Key&) const = default;
    };
    using Row = std::set<Key>;  // The longest in its state first.
    struct Generation {
        Row starting;
        Row ready;
    };

    // It is new, or something of it has changed.
    void put(const Server& server);
    void remove(ServerUid uid);

    // Who gets the next match: of those that are seen to be ready the one that has been so for longest.
    std::optional<ServerUid> oldest_ready() const;

    std::size_t size() const { return servers_.size(); }
    std::uint32_t count(ServerState state) const { return counts_[std::to_underlying(state)]; }
    // Null: nobody of this roster.
    const Server* find(ServerUid uid) const;
    // Only those that have somebody who starts or waits.
    const std::map<std::uint64_t, Generation>& generations() const { return generations_; }
    // Who waits and is not seen to be ready.
    const std::set<ServerUid>& silent() const { return silent_; }

private:
    void enter(const Server& server);
    void leave(const Server& server);

    std::unordered_map<ServerUid, Server> servers_;
    std::map<std::uint64_t, Generation> generations_;
    Row seen_ready_;
    std::set<ServerUid> silent_;
    std::array<std::uint32_t, server_state_names.size()> counts_{};
};

}  // namespace gk::fleet
