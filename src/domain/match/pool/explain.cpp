#include <algorithm>

#include "domain/match/pool/pool.hpp"

namespace gk::match {
namespace {

constexpr std::uint32_t looked_at_most = 10'000;

}  // namespace

// Each of the others is looked at alone with this ticket, as the rules are for it now. One that several rules keep out counts for each of them.
Explanation Pool::explain(Handle handle, Time now) const {
    Explanation out;
    const auto own = place_of(handle);
    if (!own) return out;
    const auto step = attempt_.step_at(now - table_.joined(*own));
    const auto& limits = rules_.steps[step];
    std::vector<std::uint32_t> same(rules_.same.size());
    Explanation::RuleCount number{.rule = rules_.number ? rules_.number->rule : ""};
    Explanation::RuleCount latency{.rule = rules_.latency_rule};
    Explanation::RuleCount blocked{.rule = "blocked"};
    Explanation::RuleCount teams{.rule = "teams"};
    for (std::uint32_t other = 0; other < table_.size() && out.looked_at < looked_at_most; ++other) {
        if (other == *own || table_[other].standing != Standing::waiting) continue;
        ++out.looked_at;
        count_differences(*own, other, same);
        const auto distance = std::abs(table_[*own].number - table_[other].number);
        const auto reach = std::min({limits.spread, attempt_.window_of(*own, now), attempt_.window_of(other, now)});
        if (rules_.number && distance > reach) ++number.kept_out;
        if (!latency.rule.empty() && (table_.near[limits.limit][*own] & table_.near[limits.limit][other]) == 0) ++latency.kept_out;
        if (attempt_.is_blocked(*own, other)) ++blocked.kept_out;
        const bool is_room = rules_.teams.size() > 1 || table_[*own].width + table_[other].width <= limits.team_most;
        if (!is_room) ++teams.kept_out;
    }
    for (std::size_t i = 0; i < same.size(); ++i) out.rules.push_back({.rule = rules_.same[i].rule, .kept_out = same[i]});
    for (const auto& count : {number, latency, blocked, teams}) {
        if (!count.rule.empty()) out.rules.push_back(count);
    }
    if (step + 1 < rules_.steps.size()) out.next_step = table_.joined(*own) + rules_.steps[step + 1].from - now;
    // A window grows all the time, which is of interest only when it keeps somebody out.
    const bool is_growing = rules_.window && attempt_.window_of(*own, now) < rules_.window->most && rules_.window->each_second > 0;
    if (is_growing && number.kept_out > 0) out.next_step = Milliseconds(0);
    const auto age = (now - table_.joined(*own)).count();
    if (usual_wait_ != 0) out.estimate = Milliseconds(std::max<std::int64_t>(0, usual_wait_ - age));
    return out;
}

void Pool::count_differences(std::uint32_t own, std::uint32_t other, std::vector<std::uint32_t>& differences) const {
    const auto& mine = sections_[table_.rest(own).line].same;
    const auto& theirs = sections_[table_.rest(other).line].same;
    for (std::size_t i = 0; i < differences.size(); ++i) {
        if (mine[i] != theirs[i]) ++differences[i];
    }
}

}  // namespace gk::match
