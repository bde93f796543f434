#include "api/metrics.hpp"

#include <map>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <tuple>

namespace gk::api {
namespace {

const prometheus::Histogram::BucketBoundaries seconds_buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60};

}  // namespace

struct Metrics::Families {
    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& requests =
        prometheus::BuildCounter().Name("gamekeeper_http_requests_total").Help("Requests answered.").Register(registry);
    prometheus::Family<prometheus::Histogram>& durations =
        prometheus::BuildHistogram().Name("gamekeeper_http_request_seconds").Help("Time from a request's head to its answer.").Register(registry);
    prometheus::Family<prometheus::Gauge>& servers = prometheus::BuildGauge().Name("gamekeeper_servers").Help("Servers by state.").Register(registry);

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

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(families_->registry.Collect()); }

}  // namespace gk::api
