#include "api/match/match_metrics.hpp"

#include <array>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <set>
#include <unordered_map>
#include <utility>

#include "async/signal.hpp"

namespace gk::api {
namespace {

const prometheus::Histogram::BucketBoundaries wait_buckets = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300};
const prometheus::Histogram::BucketBoundaries delay_buckets = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};
const prometheus::Histogram::BucketBoundaries look_buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};
constexpr std::size_t events_at_once = 1'000;

// What the match of an event has come to; empty: the event is of its ticket alone.
std::string_view outcome_of(std::string_view what) {
    if (what == "claimed") return "made";
    if (what == "assigned" || what == "ended") return what;
    if (what == "failed" || what == "put_back") return "failed";
    return "";
}
bool ends_ticket(std::string_view what) { return what == "ended" || what == "failed" || what == "cancelled" || what == "expired"; }

// One for each queue. Kept beside the family, which would make a whole one just to look for it.
class ByQueue {
public:
    ByQueue(prometheus::Family<prometheus::Histogram>& family, const prometheus::Histogram::BucketBoundaries& buckets)
        : family_(family),
          buckets_(buckets) {}

    prometheus::Histogram& of(const std::string& queue) {
        auto& known = known_[queue];
        if (known == nullptr) known = &family_.Add({{"queue", queue}}, buckets_);
        return *known;
    }
    void drop(const std::string& queue) {
        if (const auto known = known_.extract(queue)) family_.Remove(known.mapped());
    }

private:
    prometheus::Family<prometheus::Histogram>& family_;
    const prometheus::Histogram::BucketBoundaries& buckets_;
    std::map<std::string, prometheus::Histogram*> known_;
};

double seconds(Milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct MatchMetrics::Families {
    explicit Families(prometheus::Registry& registry)
        : steps(prometheus::BuildCounter()
                    .Name("gamekeeper_match_ticket_steps_total")
                    .Help("What happened to tickets, by the word of its event.")
                    .Register(registry)),
          matches(prometheus::BuildCounter().Name("gamekeeper_matches_total").Help("Matches that came so far, by outcome.").Register(registry)),
          waits(prometheus::BuildHistogram()
                    .Name("gamekeeper_match_wait_seconds")
                    .Help("From a ticket's joining until its players know their server, by the queue of their match.")
                    .Register(registry),
                wait_buckets),
          looks(prometheus::BuildHistogram()
                    .Name("gamekeeper_match_look_seconds")
                    .Help("A search of a queue for matches, from when it was due until it was done.")
                    .Register(registry),
                look_buckets),
          delays(prometheus::BuildHistogram()
                     .Name("gamekeeper_match_event_delay_seconds")
                     .Help("From what happened until whoever makes matches heard of it from the store.")
                     .Register(registry)
                     .Add({}, delay_buckets)),
          waiting(prometheus::BuildGauge().Name("gamekeeper_match_tickets_waiting").Help("Tickets that wait, by queue.").Register(registry)),
          servers(prometheus::BuildGauge().Name("gamekeeper_fleet_servers").Help("Match servers by fleet and state.").Register(registry)),
          allocations(prometheus::BuildCounter()
                          .Name("gamekeeper_fleet_allocations_total")
                          .Help("Servers started ahead that were given to a match, by fleet.")
                          .Register(registry)),
          limited(prometheus::BuildGauge()
                      .Name("gamekeeper_fleet_limited")
                      .Help("1 while a fleet has fewer servers than it wants and may not start more.")
                      .Register(registry)) {
        // A rate needs to have seen 0.
        for (const auto* outcome : {"made", "assigned", "ended", "failed"}) matches.Add({{"outcome", outcome}});
    }

    prometheus::Family<prometheus::Counter>& steps;
    prometheus::Family<prometheus::Counter>& matches;
    ByQueue waits;
    ByQueue looks;
    prometheus::Histogram& delays;
    prometheus::Family<prometheus::Gauge>& waiting;
    prometheus::Family<prometheus::Gauge>& servers;
    prometheus::Family<prometheus::Counter>& allocations;
    prometheus::Family<prometheus::Gauge>& limited;

    std::unordered_map<TicketId, Time> joined;  // Of tickets that wait or play; what joined before this process began is not measured.
    std::pair<std::optional<MatchId>, std::string> last;  // Outcome that was counted last: the tickets of a match come one after another.
    std::set<std::string> queues;
    std::set<std::string> fleets;

    void drop_queue(const std::string& queue) {
        waiting.Remove(&waiting.Add({{"queue", queue}}));
        waits.drop(queue);
        looks.drop(queue);
    }
    void drop_fleet(const std::string& fleet) {
        for (const auto state : fleet::server_state_names) servers.Remove(&servers.Add({{"fleet", fleet}, {"state", std::string(state)}}));
        limited.Remove(&limited.Add({{"fleet", fleet}}));
        allocations.Remove(&allocations.Add({{"fleet", fleet}}));
    }
    void set_servers(const std::string& fleet, std::string_view state, std::uint32_t count) {
        servers.Add({{"fleet", fleet}, {"state", std::string(state)}}).Set(count);
    }
};

MatchMetrics::MatchMetrics(Metrics& page) : families_(std::make_unique<Families>(page.registry())) {}
MatchMetrics::~MatchMetrics() = default;

void MatchMetrics::count(const MatchEvent& event, const std::string& queue, Time now) {
    auto& all = *families_;
    all.steps.Add({{"step", event.what}}).Increment();
    all.delays.Observe(seconds(std::max(now - event.at, Milliseconds(0))));
    if (event.what == "queued") all.joined.emplace(event.ticket, event.at);
    if (const auto joined = all.joined.find(event.ticket); joined != all.joined.end()) {
        if (event.what == "assigned") all.waits.of(queue).Observe(seconds(event.at - joined->second));
        if (event.what == "assigned" || ends_ticket(event.what)) all.joined.erase(joined);
    }
    std::string outcome(outcome_of(event.what));
    if (!event.match || outcome.empty() || all.last == std::pair(event.match, outcome)) return;
    all.matches.Add({{"outcome", outcome}}).Increment();
    all.last = {event.match, std::move(outcome)};
}

void MatchMetrics::count_look(const std::string& queue, Milliseconds took) { families_->looks.of(queue).Observe(seconds(took)); }

void MatchMetrics::count_allocation(const std::string& fleet) { families_->allocations.Add({{"fleet", fleet}}).Increment(); }

void MatchMetrics::set_waiting(const std::map<std::string, std::size_t>& by_queue) {
    auto& all = *families_;
    for (const auto& known : std::exchange(all.queues, {})) {
        if (!by_queue.contains(known)) all.drop_queue(known);
    }
    for (const auto& [queue, count] : by_queue) {
        all.waiting.Add({{"queue", queue}}).Set(static_cast<double>(count));
        all.queues.insert(queue);
    }
}

void MatchMetrics::set_fleets(const std::map<std::string, app::Fleets::Counts>& by_name) {
    auto& all = *families_;
    for (const auto& known : std::exchange(all.fleets, {})) {
        if (!by_name.contains(known)) all.drop_fleet(known);
    }
    for (const auto& [fleet, counts] : by_name) {
        all.set_servers(fleet, name_of(fleet::ServerState::starting), counts.starting);
        all.set_servers(fleet, name_of(fleet::ServerState::ready), counts.ready);
        all.set_servers(fleet, name_of(fleet::ServerState::allocated), counts.allocated);
        all.limited.Add({{"fleet", fleet}}).Set(counts.limit.empty() ? 0 : 1);
        all.fleets.insert(fleet);
    }
}

Task<void> count_match_events(MatchStore& store, Clock& clock, MatchMetrics& metrics, std::function<bool()> is_counted) {
    constexpr Milliseconds pause = std::chrono::seconds(1);
    async::Signal news;
    const auto watch = store.watch([&news] { news.raise(); });
    MatchStore::EventFilter filter;
    filter.limit = events_at_once;
    for (auto last = co_await store.last_event(); true; last = co_await store.last_event()) {
        if (last) {
            filter.after = *last;
            break;
        }
        co_await clock.sleep(pause);
    }
    std::optional<MatchId> assigned;  // Whose queue this is:
    std::string queue;
    for (;;) {
        const auto events = co_await store.events(filter);
        if (!events) {
            co_await clock.sleep(pause);
            continue;
        }
        const auto heard = clock.now();
        for (const auto& event : *events) {
            filter.after = event.number;
            if (!is_counted()) continue;
            // The tickets of a match come one after another.
            if (event.what == "assigned" && event.match && event.match != assigned) {
                const auto match = co_await store.match(*event.match);
                queue = match ? match->queue : std::string();
                assigned = event.match;
            }
            metrics.count(event, queue, heard);
        }
        if (events->size() < events_at_once) co_await news.wait();
    }
}

}  // namespace gk::api
