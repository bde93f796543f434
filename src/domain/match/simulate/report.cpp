#include "domain/match/simulate/report.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gk::match {
namespace {

using How = Simulation::Left::How;

std::optional<double> measured(const Player& player, const Yardstick& by) {
    const auto at = player.attributes.find(by.attribute);
    const auto* number = at == player.attributes.end() ? nullptr : std::get_if<double>(&at->second);
    return number != nullptr ? std::optional(*number) : by.fallback;
}

std::optional<double> average(std::span<const Player> players, const Yardstick& by) {
    double sum = 0;
    std::size_t count = 0;
    for (const auto& player : players) {
        const auto number = measured(player, by);
        if (!number) continue;
        sum += *number;
        ++count;
    }
    return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

std::optional<Yardstick> yardstick_of(const RuleSet& rules, const std::string& attribute) {
    for (const auto& known : rules.attributes) {
        if (known.type != AttributeType::number || (!attribute.empty() && known.name != attribute)) continue;
        Yardstick out{.attribute = known.name, .fallback = {}};
        if (known.fallback && known.fallback->as_double() != nullptr) out.fallback = *known.fallback->as_double();
        if (known.fallback && known.fallback->as_int() != nullptr) out.fallback = static_cast<double>(*known.fallback->as_int());
        return out;
    }
    return std::nullopt;
}

struct Spans {
    double spread = 0;
    std::optional<double> gap;  // None: one team.
};

Spans spans_of(const Simulation::Made& made, std::span<const Arrival> arrivals, const Yardstick& by) {
    std::map<std::uint32_t, Figures> teams;  // Only mean and count are used.
    std::optional<double> least;
    std::optional<double> most;
    for (const auto& [arrival, team] : made.placed) {
        for (const auto& player : arrivals[arrival].players) {
            const auto number = measured(player, by);
            if (!number) continue;
            least = std::min(least.value_or(*number), *number);
            most = std::max(most.value_or(*number), *number);
            auto& of = teams[team];
            ++of.count;
            of.mean += (*number - of.mean) / static_cast<double>(of.count);
        }
    }
    if (!least) return {};
    Spans out{.spread = *most - *least, .gap = {}};
    const auto [weakest, strongest] = std::ranges::minmax_element(teams, {}, [](const auto& team) { return team.second.mean; });
    if (teams.size() > 1) out.gap = strongest->second.mean - weakest->second.mean;
    return out;
}

void count_left(const Simulation::Left& left, std::size_t players, Report& out) {
    switch (left.how) {
    case How::waiting: out.waiting += players; return;
    case How::expired: out.expired += players; return;
    case How::cancelled: out.cancelled += players; return;
    case How::unfit:
        out.unfit += players;
        if (out.unfit_example.empty()) out.unfit_example = left.why;
        return;
    }
}

void measure_matches(const Simulation& simulation, std::span<const Arrival> arrivals, const std::optional<Yardstick>& by, Report& out) {
    std::vector<double> waits, quality, spreads, gaps, latencies;
    for (const auto& made : simulation.made) {
        std::size_t size = 0;
        for (const auto& placed : made.placed) {
            const auto& arrival = arrivals[placed.arrival];
            size += arrival.players.size();
            for (const auto& player : arrival.players) {
                waits.push_back(static_cast<double>((made.at - arrival.at).count()));
                const auto latency = player.latencies.find(made.region);
                if (latency != player.latencies.end()) latencies.push_back(latency->second);
            }
        }
        out.matched += size;
        ++out.sizes[size];
        quality.push_back(made.quality);
        if (!by) continue;
        const auto spans = spans_of(made, arrivals, *by);
        spreads.push_back(spans.spread);
        if (spans.gap) gaps.push_back(*spans.gap);
    }
    out.matches = simulation.made.size();
    out.waits = figures_of(std::move(waits));
    out.quality = figures_of(std::move(quality));
    out.spreads = figures_of(std::move(spreads));
    out.gaps = figures_of(std::move(gaps));
    out.latencies = figures_of(std::move(latencies));
}

struct Waiter {
    double number = 0;
    double waited_ms = 0;
    bool is_matched = false;
};

std::vector<Waiter> waiters_of(const Simulation& simulation, std::span<const Arrival> arrivals, const Yardstick& by) {
    std::vector<Waiter> out;
    const auto add = [&](std::size_t arrival, Milliseconds waited, bool is_matched) {
        for (const auto& player : arrivals[arrival].players) {
            if (const auto number = measured(player, by)) out.push_back({*number, static_cast<double>(waited.count()), is_matched});
        }
    };
    for (const auto& made : simulation.made) {
        for (const auto& placed : made.placed) add(placed.arrival, made.at - arrivals[placed.arrival].at, true);
    }
    for (const auto& left : simulation.left) {
        if (left.how != How::unfit) add(left.arrival, left.waited, false);
    }
    return out;
}

Report::Group group_of(std::span<const Waiter> waiters) {
    Report::Group out{.least = waiters.front().number, .most = waiters.back().number, .waits = {}};
    std::vector<double> waits;
    for (const auto& one : waiters) {
        waits.push_back(one.waited_ms);
        if (!one.is_matched) ++out.unmatched;
    }
    out.waits = figures_of(std::move(waits));
    return out;
}

std::vector<Report::Group> groups_of(std::vector<Waiter> waiters) {
    const auto tenth = waiters.size() / 10;
    if (tenth == 0) return {};
    std::ranges::sort(waiters, {}, [](const Waiter& one) { return std::tuple(one.number, one.waited_ms, one.is_matched); });
    const std::span all(waiters);
    return {group_of(all.first(tenth)), group_of(all.subspan(tenth, all.size() - 2 * tenth)), group_of(all.last(tenth))};
}

std::vector<Report::Starved> starved_of(const Simulation& simulation, std::span<const Arrival> arrivals, const std::optional<Yardstick>& by) {
    std::vector<Report::Starved> out;
    for (const auto& left : simulation.left) {
        if (!left.explanation) continue;
        auto& one = out.emplace_back();
        for (const auto& player : arrivals[left.arrival].players) one.players.push_back(player.id);
        one.waited = left.waited;
        one.how = left.how;
        if (by) one.measured = average(arrivals[left.arrival].players, *by);
        one.explanation = *left.explanation;
    }
    std::ranges::sort(out, {}, [](const Report::Starved& one) { return std::tuple(-one.waited, one.players); });
    return out;
}

// Three digits behind the point: what a percentile of a sample is good for, and the same text wherever it is printed.
Value number(double exact) { return std::round(exact * 1000) / 1000; }

Value to_value(const Figures& figures) {
    return Value::object({{"count", static_cast<std::int64_t>(figures.count)},
                          {"mean", number(figures.mean)},
                          {"p5", number(figures.p5)},
                          {"p50", number(figures.p50)},
                          {"p95", number(figures.p95)},
                          {"p99", number(figures.p99)},
                          {"max", number(figures.most)}});
}

Value to_value(const Report::Starved& one) {
    Value::Array players(one.players.begin(), one.players.end());
    Value::Array rules;
    for (const auto& [rule, kept_out] : one.explanation.rules) rules.push_back(Value::object({{"rule", rule}, {"kept_out", std::int64_t{kept_out}}}));
    auto out = Value::object({{"players", std::move(players)},
                              {"waited", duration_text(one.waited)},
                              {"end", name_of(one.how)},
                              {"looked_at", std::int64_t{one.explanation.looked_at}},
                              {"rules", std::move(rules)}});
    if (one.measured) out.set("measured", number(*one.measured));
    return out;
}

Value count(std::size_t exact) { return static_cast<std::int64_t>(exact); }

}  // namespace

Figures figures_of(std::vector<double> numbers) {
    if (numbers.empty()) return {};
    std::ranges::sort(numbers);
    const auto at = [&](std::size_t percent) { return numbers[std::max<std::size_t>(1, (numbers.size() * percent + 99) / 100) - 1]; };
    const auto sum = std::accumulate(numbers.begin(), numbers.end(), 0.0);
    return {.count = numbers.size(),
            .mean = sum / static_cast<double>(numbers.size()),
            .p5 = at(5),
            .p50 = at(50),
            .p95 = at(95),
            .p99 = at(99),
            .most = numbers.back()};
}

std::optional<Yardstick> yardstick_for(std::span<const std::vector<Stage>> rule_sets, std::span<const Arrival> arrivals) {
    for (const auto& stages : rule_sets) {
        if (auto found = yardstick_of(stages.front().rules, "")) return found;
    }
    for (const auto& arrival : arrivals) {
        for (const auto& [name, value] : arrival.players.front().attributes) {
            if (std::holds_alternative<double>(value)) return Yardstick{.attribute = name, .fallback = {}};
        }
    }
    return std::nullopt;
}

Yardstick yardstick_named(const std::string& attribute, std::span<const std::vector<Stage>> rule_sets) {
    for (const auto& stages : rule_sets) {
        if (auto found = yardstick_of(stages.front().rules, attribute)) return *found;
    }
    return {.attribute = attribute, .fallback = {}};
}

Report report_of(const Simulation& simulation, std::span<const Arrival> arrivals, const std::optional<Yardstick>& by) {
    Report out;
    out.ended_at = simulation.ended_at;
    if (by) out.measured_by = by->attribute;
    measure_matches(simulation, arrivals, by, out);
    for (const auto& made : simulation.made) out.tickets += made.placed.size();
    out.tickets += simulation.left.size();
    for (const auto& left : simulation.left) count_left(left, arrivals[left.arrival].players.size(), out);
    out.players = out.matched + out.waiting + out.expired + out.cancelled + out.unfit;
    if (by) out.groups = groups_of(waiters_of(simulation, arrivals, *by));
    out.starved = starved_of(simulation, arrivals, by);
    return out;
}

std::vector<MatchPoint> points_of(const Simulation& simulation, std::span<const Arrival> arrivals, const Yardstick& by) {
    std::vector<MatchPoint> out;
    for (const auto& made : simulation.made) {
        double waited = 0;
        std::size_t players = 0;
        for (const auto& placed : made.placed) {
            const auto width = arrivals[placed.arrival].players.size();
            waited += static_cast<double>((made.at - arrivals[placed.arrival].at).count()) * static_cast<double>(width);
            players += width;
        }
        out.push_back({.waited_ms = waited / static_cast<double>(players), .spread = spans_of(made, arrivals, by).spread});
    }
    return out;
}

Value to_value(const Report& report) {
    Value::Array sizes;
    for (const auto& [size, matches] : report.sizes) sizes.push_back(Value::object({{"players", count(size)}, {"matches", count(matches)}}));
    Value::Array groups;
    for (const auto& group : report.groups)
        groups.push_back(Value::object({{"least", number(group.least)},
                                        {"most", number(group.most)},
                                        {"unmatched", count(group.unmatched)},
                                        {"wait_ms", to_value(group.waits)}}));
    Value::Array starved;
    for (const auto& one : report.starved) starved.push_back(to_value(one));
    auto out = Value::object({{"tickets", count(report.tickets)},
                              {"players", Value::object({{"joined", count(report.players)},
                                                         {"matched", count(report.matched)},
                                                         {"waiting", count(report.waiting)},
                                                         {"expired", count(report.expired)},
                                                         {"cancelled", count(report.cancelled)},
                                                         {"unfit", count(report.unfit)}})},
                              {"matches", count(report.matches)},
                              {"sizes", std::move(sizes)},
                              {"wait_ms", to_value(report.waits)},
                              {"quality", to_value(report.quality)}});
    if (!report.measured_by.empty())
        out.set("measured", Value::object({{"attribute", report.measured_by},
                                           {"spread", to_value(report.spreads)},
                                           {"team_gap", to_value(report.gaps)},
                                           {"groups", std::move(groups)}}));
    if (report.latencies.count != 0) out.set("latency_ms", to_value(report.latencies));
    if (!report.unfit_example.empty()) out.set("unfit", report.unfit_example);
    out.set("longest_without_match", std::move(starved));
    out.set("ended_at", duration_text(report.ended_at));
    return out;
}

}  // namespace gk::match
