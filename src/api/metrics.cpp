#include "api/metrics.hpp"

#include <map>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <tuple>

#include "async/signal.hpp"

namespace gk::api {
namespace {

const prometheus::Histogram::BucketBoundaries seconds_buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60};

std::string text_at(const Value& object, std::string_view key) {
    const auto* value = object.find(key);
    return value != nullptr && value->as_string() != nullptr ? *value->as_string() : std::string();
}

}  // namespace

struct Metrics::Families {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& requests =
        prometheus::BuildCounter().Name("gamekeeper_http_requests_total").Help("Requests answered.").Register(registry);
    prometheus::Family<prometheus::Histogram>& durations = prometheus::BuildHistogram()
                                                               .Name("gamekeeper_http_request_duration_seconds")
                                                               .Help("Time from a request's head to its answer.")
                                                               .Register(registry);
    prometheus::Family<prometheus::Gauge>& servers = prometheus::BuildGauge().Name("gamekeeper_servers").Help("Servers by state.").Register(registry);

    prometheus::Family<prometheus::Counter>& operations =
        prometheus::BuildCounter().Name("gamekeeper_operations_total").Help("Operations that ended, by verb and status.").Register(registry);
    prometheus::Family<prometheus::Counter>& snapshots =
        prometheus::BuildCounter().Name("gamekeeper_snapshots_total").Help("Snapshots that ended, by status.").Register(registry);
    prometheus::Family<prometheus::Counter>& cluster_calls = prometheus::BuildCounter()
                                                                 .Name("gamekeeper_kubernetes_requests_total")
                                                                 .Help("Our own calls to the cluster's API server; status 0: no answer came.")
                                                                 .Register(registry);
    prometheus::Gauge& epoch =
        prometheus::BuildGauge().Name("gamekeeper_keeper_epoch").Help("The epoch under which the keeper commands.").Register(registry).Add({});

    // Looking up labels costs more than counting: each series is found once.
    struct Series {
        prometheus::Counter* count = nullptr;
        prometheus::Histogram* seconds = nullptr;
    };
    std::map<std::tuple<std::string, net::Method, int>, Series> known;

    Series& series(const net::Access& access) {
        const std::string route = access.route.empty() ? std::string("none") : std::string(access.route);
        auto& found = known[{route, access.method, access.status}];
        if (found.count == nullptr) {
            const std::string method(name_of(access.method));
            found.count = &requests.Add({{"route", route}, {"method", method}, {"status", std::to_string(access.status)}});
            found.seconds = &durations.Add({{"route", route}, {"method", method}, {"status", std::to_string(access.status)}}, seconds_buckets);
        }
        return found;
    }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const net::Access& access) {
    auto& series = families_->series(access);
    series.count->Increment();
    series.seconds->Observe(std::chrono::duration<double>(access.duration).count());
}

void Metrics::set_servers(std::string_view state, double count) { families_->servers.Add({{"state", std::string(state)}}).Set(count); }

void Metrics::set_epoch(Epoch epoch) { families_->epoch.Set(static_cast<double>(std::to_underlying(epoch))); }

void Metrics::set_cluster_calls(const std::string& method, int status, std::uint64_t count) {
    auto& counter = families_->cluster_calls.Add({{"method", method}, {"status", std::to_string(status)}});
    counter.Increment(static_cast<double>(count) - counter.Value());
}

void Metrics::count(const Event& event) {
    if (event.type == "operation.finished") {
        families_->operations.Add({{"verb", text_at(event.data, "verb")}, {"status", text_at(event.data, "status")}}).Increment();
    } else if (event.type == "snapshot.complete") {
        families_->snapshots.Add({{"status", "complete"}}).Increment();
    } else if (event.type == "snapshot.failed") {
        families_->snapshots.Add({{"status", "failed"}}).Increment();
    }
}

prometheus::Registry& Metrics::registry() { return families_->registry; }

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(families_->registry.Collect()); }

Task<void> count_events(Ledger& ledger, Clock& clock, Metrics& metrics) {
    constexpr std::size_t batch = 1000;
    async::Signal appended;
    const auto watch = ledger.watch_events([&appended] { appended.raise(); });
    std::uint64_t number = 0;
    bool is_news = false;  // What happened before this process began is not counted again.
    for (;;) {
        auto events = co_await ledger.events_after(number, batch);
        if (!events) {
            co_await clock.sleep(std::chrono::seconds(1));
            continue;
        }
        for (const auto& event : *events) {
            number = event.number;
            if (is_news) metrics.count(event);
        }
        if (events->size() == batch) continue;
        is_news = true;
        co_await appended.wait();
    }
}

}  // namespace gk::api
