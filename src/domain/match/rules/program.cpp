#include "domain/match/rules/program.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::match {
namespace {

std::vector<std::string> names_of_teams(const RuleSet& rules) {
    std::vector<std::string> names;
    for (const auto& team : rules.teams) {
        if (team.quantity == 1) names.push_back(team.name);
        for (std::uint32_t i = 1; team.quantity > 1 && i <= team.quantity; ++i) names.push_back(fmt::format("{}_{}", team.name, i));
    }
    return names;
}

// A compound is like its parts are.
void join_parts(std::vector<CompiledRule>& rules, CompiledRule& rule) {
    const auto* compound = std::get_if<Compound>(&rule.body);
    if (compound == nullptr) return;
    rule.is_of_everybody = true;
    for (const auto& node : compound->nodes) {
        if (node.word != Compound::Word::rule) continue;
        auto& part = rules[node.rule];
        join_parts(rules, part);
        rule.is_of_everybody = rule.is_of_everybody && part.is_of_everybody;
        rule.waits_for_more = rule.waits_for_more || part.waits_for_more;
    }
}

AttributeType type_of(const RuleSet& rules, const std::string& attribute) {
    return std::ranges::find(rules.attributes, attribute, &PlayerAttribute::name)->type;
}

bool names_teams(const Operand& operand, std::size_t teams) { return !operand.teams.empty() && operand.teams.size() < teams; }

// Teams of one entry are alike; those of different entries when they have the same size and no rule names one of them.
void tell_kinds(const RuleSet& rules, Level& level) {
    const bool is_named = std::ranges::any_of(level.rules, [&](const CompiledRule& rule) {
        const auto names = [&](const Operand& operand) { return names_teams(operand, level.teams.size()); };
        return std::ranges::any_of(rule.measurements, names) || (rule.reference && names(*rule.reference));
    });
    std::size_t place = 0;
    for (std::size_t entry = 0; entry < rules.teams.size(); ++entry) {
        for (std::uint32_t i = 0; i < rules.teams[entry].quantity; ++i) level.teams[place++].kind = entry;
    }
    if (is_named) return;
    for (auto& team : level.teams) {
        const auto alike = [&](const Level::TeamSize& other) { return other.least == team.least && other.most == team.most; };
        team.kind = std::ranges::find_if(level.teams, alike)->kind;
    }
}

bool has_any(std::span<const Word> sorted, std::span<const Word> of) {
    return std::ranges::any_of(of, [&](Word word) { return std::ranges::binary_search(sorted, word); });
}

}  // namespace

Program::Program(const std::vector<Stage>& stages, Words& words)
    : words_(words),
      attributes_(stages.front().rules.attributes),
      algorithm_(stages.front().rules.algorithm),
      team_names_(names_of_teams(stages.front().rules)) {
    for (const auto& stage : stages) levels_.push_back(compile_level(stage));
}

Level Program::compile_level(const Stage& stage) {
    const auto& rules = stage.rules;
    Level level;
    level.from = stage.from;
    level.least = players_least(rules);
    level.most = players_most(rules);
    for (const auto& team : rules.teams) level.teams.insert(level.teams.end(), team.quantity, {.least = team.least, .most = team.most, .kind = 0});
    const Naming naming{.columns = columns_, .words = words_, .attributes = attributes_, .teams = rules.teams};
    for (const auto& rule : rules.rules) {
        auto& compiled = level.rules.emplace_back(compile(rule, naming));
        compiled.is_part = compiled.is_part || std::holds_alternative<Sort>(rule.body);
        if (const auto* window = std::get_if<Window>(&rule.body)) has_growing_windows_ = has_growing_windows_ || window->growth > 0;
        const auto* latency = std::get_if<Latency>(&rule.body);
        if (latency != nullptr && latency->most && !rule.is_part) level.latency = {.column = compiled.column, .most = *latency->most};
    }
    for (auto& rule : level.rules) join_parts(level.rules, rule);
    tell_kinds(rules, level);
    add_sorts(rules, level);
    return level;
}

void Program::add_sorts(const RuleSet& rules, Level& level) {
    const auto number = [&](const std::string& attribute, PartyAggregation party) {
        return column_of(columns_.numbers, Columns::Number{.attribute = attribute, .party = party});
    };
    for (const auto& rule : rules.rules) {
        const auto* sort = std::get_if<Sort>(&rule.body);
        if (sort == nullptr) continue;
        SortKey key{.is_distance = sort->kind == Sort::Kind::distance,
                    .is_descending = sort->direction == Sort::Direction::descending,
                    .is_greatest = sort->map_key == Sort::MapKey::max_value};
        key.of = sort->map_key ? SortKey::Of::map : SortKey::Of::number;
        key.column = sort->map_key ? column_of(columns_.maps, Columns::Map{.attribute = sort->attribute, .party = sort->party})
                                   : number(sort->attribute, sort->party);
        level.sorts.push_back(key);
    }
    if (is_balanced()) level.balanced_column = number(rules.algorithm.balanced_attribute, PartyAggregation::avg);
    auto nearest_by = rules.algorithm.sort_by;
    if (is_balanced()) nearest_by.push_back(rules.algorithm.balanced_attribute);
    for (const auto& attribute : nearest_by) {
        SortKey key{.is_distance = true};
        const bool is_text = type_of(rules, attribute) == AttributeType::string;
        key.of = is_text ? SortKey::Of::text : SortKey::Of::number;
        key.column = is_text ? column_of(columns_.texts, attribute) : number(attribute, PartyAggregation::avg);
        level.sorts.push_back(key);
    }
}

Result<Profile, std::string> Program::read(const Ticket& ticket) const {
    return read_profile(ticket, {.columns = columns_, .attributes = attributes_}, words_);
}

std::size_t Program::level_at(Milliseconds age) const {
    std::size_t level = 0;
    while (level + 1 < levels_.size() && levels_[level + 1].from <= age) ++level;
    return level;
}

bool is_blocked(const Profile& one, const Profile& other) {
    if (one.blocked.empty() && other.blocked.empty()) return false;
    return has_any(one.blocked, other.players) || has_any(other.blocked, one.players);
}

}  // namespace gk::match
