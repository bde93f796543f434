#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "domain/match/ids.hpp"

namespace gk::app {

// How long tickets may wait, and how long without a word of their players. A heap in which what is out of date is left until it comes up.
class Patience {
public:
    void add(TicketId ticket, Time expires_at, Time seen_at, Milliseconds silence) {
        tickets_.insert_or_assign(ticket, Entry{expires_at, seen_at, silence});
        due_.emplace(std::min(expires_at, seen_at + silence), ticket);
    }
    void seen(TicketId ticket, Time now) {
        const auto at = tickets_.find(ticket);
        if (at != tickets_.end() && at->second.seen_at < now) at->second.seen_at = now;
    }
    void remove(TicketId ticket) { tickets_.erase(ticket); }

    std::optional<Time> next() const { return due_.empty() ? std::nullopt : std::optional(due_.top().first); }

    struct Late {
        std::vector<TicketId> expired;
        std::vector<TicketId> silent;
        Milliseconds silence{};  // The longest of theirs: who was seen within it is not late yet.
    };
    // Who is late by now. Each comes once, and again after `again` when it is still here then.
    Late take(Time now, Milliseconds again) {
        Late late;
        while (!due_.empty() && due_.top().first <= now) {
            const auto ticket = due_.top().second;
            due_.pop();
            const auto at = tickets_.find(ticket);
            if (at == tickets_.end()) continue;
            const auto& [expires_at, seen_at, silence] = at->second;
            const auto due = std::min(expires_at, seen_at + silence);
            if (due > now) {
                due_.emplace(due, ticket);
                continue;
            }
            if (expires_at <= now) {
                late.expired.push_back(ticket);
            } else {
                late.silence = std::max(late.silence, silence);
                late.silent.push_back(ticket);
            }
            due_.emplace(now + again, ticket);
        }
        return late;
    }

private:
    struct Entry {
        Time expires_at;
        Time seen_at;
        Milliseconds silence;
    };
    using Due = std::pair<Time, TicketId>;
    std::unordered_map<TicketId, Entry> tickets_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

}  // namespace gk::app
