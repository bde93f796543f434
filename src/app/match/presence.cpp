#include "app/match/presence.hpp"

#include <utility>
#include <vector>

#include "base/log.hpp"

namespace gk::app {
namespace {

constexpr Milliseconds between_writes = std::chrono::seconds(1);
constexpr std::size_t tickets_at_once = 1'000;

}  // namespace

void Presence::note(TicketId ticket) {
    heard_.insert(ticket);
    news_.raise();
}

Task<void> Presence::run() {
    for (;;) {
        co_await news_.wait();
        std::vector<TicketId> some;
        while (!heard_.empty() && some.size() < tickets_at_once) some.push_back(heard_.extract(heard_.begin()).value());
        auto again = some;
        const auto stored = co_await store_.touch(std::move(some), clock_.now());
        if (!stored) {
            log::warning("match", "who was heard of is not written down", {{"detail", stored.error().detail}});
            heard_.insert(again.begin(), again.end());
        }
        if (!heard_.empty()) news_.raise();
        const bool is_behind = stored && heard_.size() >= tickets_at_once;
        if (!is_behind) co_await clock_.sleep(between_writes);
    }
}

}  // namespace gk::app
