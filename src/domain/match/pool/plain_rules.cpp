#include "domain/match/pool/plain_rules.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "domain/match/pool/table.hpp"

namespace gk::match {
namespace {

using Step = PlainRules::Step;

constexpr std::uint32_t balanced_players_most = 40;  // As Program::small_match_most.

// Reads the rules of one stage into `out`; false when one of them is not plain.
class StageReader {
public:
    StageReader(const RuleSet& rules, PlainRules& out, Step& step) : rules_(rules), out_(out), step_(step) {}

    bool read() {
        const auto batching = rules_.algorithm.batching;
        const bool is_simple = rules_.algorithm.strategy == Algorithm::Strategy::exhaustive_search && batching == Algorithm::Batching::random;
        if ((!is_simple && !is_balanced()) || !read_teams()) return false;
        const bool are_plain = std::ranges::all_of(rules_.rules, [&](const Rule& rule) {
            return !rule.is_part && std::visit([&](const auto& body) { return read_body(rule.name, body); }, rule.body);
        });
        return are_plain && (is_simple || balance());
    }

private:
    // Of a match with more players, Search knows more ways to fill it.
    bool is_balanced() const {
        const auto& [strategy, batching] = std::pair(rules_.algorithm.strategy, rules_.algorithm.batching);
        return strategy == Algorithm::Strategy::balanced && batching == Algorithm::Batching::largest_population &&
               players_most(rules_) <= balanced_players_most;
    }
    // The nearest by the number play together, and teams are split by it: what is asked for, without a limit.
    bool balance() {
        const auto& name = rules_.algorithm.balanced_attribute;
        if (out_.number) return out_.number->attribute.name == name && out_.number->party == PartyAggregation::avg;
        return set_number("balance", name, PartyAggregation::avg);
    }

    bool read_teams() {
        const auto& first = rules_.teams.front();
        step_.team_least = first.least;
        step_.team_most = first.most;
        for (const auto& team : rules_.teams) {
            if (team.least != first.least || team.most != first.most) return false;
            for (std::uint32_t i = 1; i <= team.quantity; ++i)
                out_.teams.push_back(team.quantity == 1 ? team.name : fmt::format("{}_{}", team.name, i));
        }
        return first.least > 0;
    }

    // All players of the match, each for himself: "flatten(teams[*].players.attributes[x])", or the only team's.
    bool is_of_all(const Expression& expression) const {
        const bool is_all = expression.teams.empty() || expression.teams.size() == rules_.teams.size();
        if (expression.leaf != Expression::Leaf::attribute || !is_all) return false;
        const bool is_flat = expression.aggregates.size() == 1 && expression.aggregates.front() == Aggregate::flatten;
        return is_flat || (expression.aggregates.empty() && expression.is_one_team);
    }
    // The least or the greatest of what `is_of_all`.
    bool is_end_of_all(Expression expression) const {
        if (expression.aggregates.empty()) return false;
        const auto last = expression.aggregates.back();
        if (last != Aggregate::min && last != Aggregate::max) return false;
        expression.aggregates.pop_back();
        return is_of_all(expression);
    }
    const PlayerAttribute* attribute(const std::string& name) const {
        const auto found = std::ranges::find(rules_.attributes, name, &PlayerAttribute::name);
        return found == rules_.attributes.end() ? nullptr : &*found;
    }

    bool add_same(const std::string& rule, const std::string& name, PartyAggregation party) {
        const auto* known = attribute(name);
        const bool is_single = known != nullptr && (known->type == AttributeType::string || known->type == AttributeType::number);
        if (is_single) out_.same.push_back({.rule = rule, .attribute = *known, .party = party});
        return is_single;
    }
    bool set_number(const std::string& rule, const std::string& name, PartyAggregation party) {
        const auto* known = attribute(name);
        if (known == nullptr || known->type != AttributeType::number || out_.number) return false;
        out_.number = {.rule = rule, .attribute = *known, .party = party};
        return true;
    }
    bool set_spread(const std::string& rule, const std::string& name, std::optional<double> most, PartyAggregation party) {
        if (!most || *most < 0 || !set_number(rule, name, party)) return false;
        step_.spread = thousandths(*most);
        return true;
    }

    bool read_body(const std::string& rule, const Comparison& body) {
        const bool is_same = !body.reference && body.operation == Comparing::equal && body.measurements.size() == 1;
        return is_same && is_of_all(body.measurements.front()) && add_same(rule, body.measurements.front().text, body.party);
    }
    // That everybody is near to the least, or to the greatest, says that all are near to each other.
    bool read_body(const std::string& rule, const Distance& body) {
        const bool is_spread = body.measurements.size() == 1 && body.least.value_or(0) <= 0 && is_of_all(body.measurements.front()) &&
                               is_end_of_all(body.reference) && body.reference.text == body.measurements.front().text;
        return is_spread && set_spread(rule, body.reference.text, body.most, body.party);
    }
    bool read_body(const std::string& rule, const BatchDistance& body) {
        if (body.is_text) return add_same(rule, body.attribute, body.party);
        return body.least.value_or(0) <= 0 && set_spread(rule, body.attribute, body.most, body.party);
    }
    bool read_body(const std::string& rule, const Latency& body) {
        if (!body.most || body.distance_most || !out_.latency_rule.empty()) return false;
        out_.latency_rule = rule;
        out_.latency_party = body.party;
        step_.latency = static_cast<std::uint32_t>(std::clamp(*body.most, 0.0, 65'000.0));
        return true;
    }
    bool read_body(const std::string& rule, const Window& body) {
        if (!set_number(rule, body.attribute, body.party)) return false;
        out_.window = {.base = thousandths(body.base), .each_second = thousandths(body.growth)};
        if (body.most) out_.window->most = thousandths(*body.most);
        return body.base >= 0 && body.growth >= 0;
    }
    bool read_body(const std::string&, const Collection&) { return false; }
    bool read_body(const std::string&, const Sort&) { return false; }
    bool read_body(const std::string&, const Compound&) { return false; }
    bool read_body(const std::string&, const Roles&) { return false; }

    const RuleSet& rules_;
    PlainRules& out_;
    Step& step_;
};

bool allows_as_much(const Step& before, const Step& after) {
    return after.team_least <= before.team_least && after.team_most >= before.team_most && after.spread >= before.spread &&
           after.latency >= before.latency;
}

// Whether two stages differ in nothing but what a step holds.
bool is_alike(const PlainRules& a, const PlainRules& b) {
    const auto same = [](const PlainRules::Same& x, const PlainRules::Same& y) { return x.attribute.name == y.attribute.name && x.party == y.party; };
    const bool is_number = a.number.has_value() == b.number.has_value() &&
                           (!a.number || (a.number->attribute.name == b.number->attribute.name && a.number->party == b.number->party));
    return a.teams == b.teams && std::ranges::equal(a.same, b.same, same) && is_number && a.window == b.window && a.latency_rule == b.latency_rule &&
           a.latency_party == b.latency_party;
}

}  // namespace

std::optional<PlainRules> plain_rules(std::span<const Stage> stages) {
    PlainRules out;
    for (const auto& stage : stages) {
        PlainRules read;
        Step step{.from = stage.from};
        if (!StageReader(stage.rules, read, step).read()) return std::nullopt;
        const auto& algorithm = stage.rules.algorithm;
        read.is_by_oldest = algorithm.expansion_age == Algorithm::Age::oldest;
        read.backfill = algorithm.backfill_priority;
        if (out.steps.empty()) out = std::move(read);
        else if (!is_alike(out, read) || !allows_as_much(out.steps.back(), step)) return std::nullopt;
        if (!out.steps.empty()) step.limit = out.steps.back().limit + (step.latency == out.steps.back().latency ? 0 : 1);
        out.steps.push_back(step);
    }
    return out;
}

}  // namespace gk::match
