#include "programs/load/report.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace gk::programs {
namespace {

double seconds(Milliseconds duration) { return static_cast<double>(duration.count()) / 1000; }

double per_second(const Tally& tally, Milliseconds took) { return took.count() == 0 ? 0 : static_cast<double>(tally.ended_well) / seconds(took); }

LoadVerdict on_errors(const Tally& tally, const LoadLimits& limits) {
    const auto failed = static_cast<double>(tally.failed);
    if (!limits.errors_are_percent) {
        return {.limit = "max-errors",
                .allowed = fmt::format("{}", limits.errors_max),
                .seen = fmt::format("{}", tally.failed),
                .kept = failed <= limits.errors_max};
    }
    const auto percent = tally.begun == 0 ? 0 : failed * 100 / static_cast<double>(tally.begun);
    return {.limit = "max-errors",
            .allowed = fmt::format("{}%", limits.errors_max),
            .seen = fmt::format("{:.2f}%", percent),
            .kept = percent <= limits.errors_max};
}

void on_p99(std::vector<LoadVerdict>& out, std::string name, const std::optional<Milliseconds>& limit, const std::vector<Milliseconds>& durations) {
    if (!limit) return;
    const auto spread = spread_of(durations);
    out.push_back({.limit = std::move(name),
                   .allowed = duration_text(*limit),
                   .seen = spread.count == 0 ? "nothing measured" : duration_text(spread.p99),
                   .kept = spread.count > 0 && spread.p99 <= *limit});
}

std::string time_text(Milliseconds duration) {
    return duration < std::chrono::seconds(10) ? fmt::format("{} ms", duration.count()) : fmt::format("{:.1f} s", seconds(duration));
}

void append_row(std::string& out, std::string_view name, const std::vector<Milliseconds>& durations) {
    const auto spread = spread_of(durations);
    if (spread.count == 0) {
        fmt::format_to(std::back_inserter(out), "{:<19}{:>8}\n", name, 0);
        return;
    }
    fmt::format_to(std::back_inserter(out), "{:<19}{:>8}{:>10}{:>10}{:>10}{:>10}\n", name, spread.count, time_text(spread.p50), time_text(spread.p95),
                   time_text(spread.p99), time_text(spread.most));
}

Value spread_document(const std::vector<Milliseconds>& durations) {
    const auto spread = spread_of(durations);
    return Value::object({{"count", static_cast<std::int64_t>(spread.count)},
                          {"p50", spread.p50.count()},
                          {"p95", spread.p95.count()},
                          {"p99", spread.p99.count()},
                          {"max", spread.most.count()}});
}

}  // namespace

std::vector<LoadVerdict> load_verdicts(const Tally& tally, const LoadLimits& limits) {
    std::vector<LoadVerdict> out = {on_errors(tally, limits)};
    on_p99(out, "p99-join", limits.p99_join, tally.joined);
    on_p99(out, "p99-match", limits.p99_match, tally.matched);
    on_p99(out, "p99-connected", limits.p99_connected, tally.connected);
    return out;
}

std::string load_table(const Tally& tally, const std::vector<LoadVerdict>& verdicts, Milliseconds took) {
    std::string out;
    auto end = std::back_inserter(out);
    fmt::format_to(end, "{} life cycles in {:.1f} s: {} ended well, {} failed; {:.1f} a second\n\n", tally.begun, seconds(took), tally.ended_well,
                   tally.failed, per_second(tally, took));
    fmt::format_to(end, "{:<19}{:>8}{:>10}{:>10}{:>10}{:>10}\n", "", "COUNT", "P50", "P95", "P99", "MAX");
    append_row(out, "join", tally.joined);
    append_row(out, "time to match", tally.matched);
    append_row(out, "time to connected", tally.connected);
    if (!tally.faults.empty()) out += '\n';
    for (const auto& [fault, faults] : tally.faults) fmt::format_to(end, "{} failed at {}: {}\n", faults.count, name_of(fault), faults.example);
    for (const auto& verdict : verdicts) {
        if (!verdict.kept) fmt::format_to(end, "\nlimit {} is not kept: {} allowed, {} seen", verdict.limit, verdict.allowed, verdict.seen);
    }
    if (!out.ends_with('\n')) out += '\n';
    return out;
}

Value load_document(const Tally& tally, const std::vector<LoadVerdict>& verdicts, Milliseconds took) {
    Value::Object faults;
    for (const auto& [fault, seen] : tally.faults) {
        faults.emplace_back(name_of(fault), Value::object({{"count", static_cast<std::int64_t>(seen.count)}, {"example", seen.example}}));
    }
    Value::Array limits;
    for (const auto& verdict : verdicts) {
        limits.push_back(Value::object({{"limit", verdict.limit}, {"allowed", verdict.allowed}, {"seen", verdict.seen}, {"kept", verdict.kept}}));
    }
    return Value::object({{"life_cycles", static_cast<std::int64_t>(tally.begun)},
                          {"ended_well", static_cast<std::int64_t>(tally.ended_well)},
                          {"failed", static_cast<std::int64_t>(tally.failed)},
                          {"seconds", seconds(took)},
                          {"life_cycles_per_second", per_second(tally, took)},
                          {"join_ms", spread_document(tally.joined)},
                          {"time_to_match_ms", spread_document(tally.matched)},
                          {"time_to_connected_ms", spread_document(tally.connected)},
                          {"errors", Value(std::move(faults))},
                          {"limits", Value(std::move(limits))}});
}

std::string load_progress(const Tally& tally, std::size_t planned, Milliseconds took) {
    return fmt::format("{:.0f} s: {} of {} begun, {} joined, {} matched, {} connected, {} ended, {} failed", seconds(took), tally.begun, planned,
                       tally.joined.size(), tally.matched.size(), tally.connected.size(), tally.ended_well, tally.failed);
}

}  // namespace gk::programs
