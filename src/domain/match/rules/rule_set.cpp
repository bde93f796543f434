#include "domain/match/rules/rule_set.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/match/rules/read_rule.hpp"

namespace gk::match {

bool decode(const Value& value, const std::string& pointer, Errors& errors, PlayerAttribute& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("type", out.type);
    in.optional("default", out.fallback);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Team& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("minPlayers", out.least);
    in.required("maxPlayers", out.most);
    in.optional("quantity", out.quantity);
    if (out.least > out.most) in.fail("minPlayers", "out_of_range", "minPlayers is above maxPlayers");
    if (out.most == 0) in.fail("maxPlayers", "out_of_range", "a team has room for at least one player");
    if (out.quantity == 0) in.fail("quantity", "out_of_range", "leave quantity out for one team, or write how many");
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Algorithm& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("strategy", out.strategy);
    const bool is_balanced = out.strategy == Algorithm::Strategy::balanced;
    if (is_balanced) out.batching = Algorithm::Batching::largest_population;
    in.optional("batchingPreference", out.batching);
    in.optional("sortByAttributes", out.sort_by);
    in.optional("balancedAttribute", out.balanced_attribute);
    in.optional("expansionAgeSelection", out.expansion_age);
    in.optional("backfillPriority", out.backfill_priority);
    const bool is_for_balanced = out.batching == Algorithm::Batching::largest_population || out.batching == Algorithm::Batching::fastest_region;
    if (is_balanced != is_for_balanced) {
        in.fail("batchingPreference", "not_allowed",
                is_balanced ? "the balanced strategy batches by largestPopulation or fastestRegion"
                            : "largestPopulation and fastestRegion need strategy: balanced");
    }
    if (is_balanced == out.balanced_attribute.empty())
        in.fail("balancedAttribute", is_balanced ? "required" : "not_allowed", "strategy: balanced and balancedAttribute go together");
    if ((out.batching == Algorithm::Batching::sorted) == out.sort_by.empty())
        in.fail("sortByAttributes", "not_allowed", "batchingPreference: sorted and sortByAttributes go together");
    return in.finish();
}

namespace {

constexpr std::size_t rules_limit = 50;
constexpr std::size_t attributes_limit = 50;
constexpr std::size_t stages_limit = 50;

template <class T>
void refuse_twice(const std::vector<T>& items, const std::string& pointer, Errors& errors) {
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto same = [&](const T& other) { return other.name == items[i].name; };
        if (std::any_of(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), same))
            errors.add(pointer_to(pointer_to(pointer, i), "name"), "not_allowed", fmt::format("the name '{}' stands twice", items[i].name));
    }
}

bool fits(const Value& value, AttributeType type) {
    const auto is_number = [](const Value& v) { return v.as_int() != nullptr || v.as_double() != nullptr; };
    switch (type) {
    case AttributeType::number: return is_number(value);
    case AttributeType::string: return value.as_string() != nullptr;
    case AttributeType::string_list: {
        const auto* list = value.as_array();
        return list != nullptr && std::ranges::all_of(*list, [](const Value& v) { return v.as_string() != nullptr; });
    }
    case AttributeType::string_number_map: {
        const auto* map = value.as_object();
        return map != nullptr && std::ranges::all_of(*map, [&](const auto& member) { return is_number(member.second); });
    }
    }
    return false;
}

void check_attributes(const RuleSet& rules, Errors& errors) {
    refuse_twice(rules.attributes, "/playerAttributes", errors);
    if (rules.attributes.size() > attributes_limit)
        errors.add("/playerAttributes", "out_of_range", fmt::format("at most {} attributes", attributes_limit));
    for (std::size_t i = 0; i < rules.attributes.size(); ++i) {
        const auto& [name, type, fallback] = rules.attributes[i];
        if (fallback && !fits(*fallback, type))
            errors.add(fmt::format("/playerAttributes/{}/default", i), "wrong_type", fmt::format("'{}' is a {}", name, name_of(type)),
                       fallback->mark());
    }
    const auto is_number = [&](const std::string& name) {
        return std::ranges::any_of(rules.attributes, [&](const PlayerAttribute& a) { return a.name == name && a.type == AttributeType::number; });
    };
    const auto& balanced = rules.algorithm.balanced_attribute;
    if (!balanced.empty() && !is_number(balanced))
        errors.add("/algorithm/balancedAttribute", "not_allowed", fmt::format("playerAttributes has no number '{}'", balanced));
    const auto is_sortable = [&](const std::string& name) {
        const auto found = std::ranges::find(rules.attributes, name, &PlayerAttribute::name);
        return found != rules.attributes.end() && (found->type == AttributeType::number || found->type == AttributeType::string);
    };
    for (const auto& name : rules.algorithm.sort_by) {
        if (!is_sortable(name))
            errors.add("/algorithm/sortByAttributes", "not_allowed", fmt::format("playerAttributes has no number or string '{}'", name));
    }
}

void check_teams(const RuleSet& rules, Errors& errors) {
    refuse_twice(rules.teams, "/teams", errors);
    if (rules.teams.empty()) errors.add("/teams", "required", "a match has at least one team");
    if (players_most(rules) > players_limit)
        errors.add("/teams", "out_of_range", fmt::format("a match has at most {} players, not {}", players_limit, players_most(rules)));
    if (!rules.teams.empty() && players_least(rules) == 0)
        errors.add("/teams", "out_of_range", "a match has at least one player: raise a minPlayers");
}

Vocabulary vocabulary_of(const RuleSet& rules) {
    Vocabulary vocabulary;
    for (const auto& attribute : rules.attributes) vocabulary.attributes.push_back({attribute.name, attribute.type});
    for (const auto& team : rules.teams) vocabulary.teams.push_back(team.name);
    return vocabulary;
}

// Whether a compound leads back to itself by the compounds it names.
bool is_circle(const std::vector<Rule>& rules, std::size_t from, std::size_t at, std::size_t steps) {
    const auto* compound = std::get_if<Compound>(&rules[at].body);
    if (compound == nullptr) return false;
    return std::ranges::any_of(compound->nodes, [&](const Compound::Node& node) {
        return node.word == Compound::Word::rule && (node.rule == from || (steps < rules.size() && is_circle(rules, from, node.rule, steps + 1)));
    });
}

void mark_parts(std::vector<Rule>& rules, Errors& errors) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto* compound = std::get_if<Compound>(&rules[i].body);
        if (compound == nullptr) continue;
        if (is_circle(rules, i, i, 0)) errors.add(fmt::format("/rules/{}/statement", i), "not_allowed", "a compound cannot be a part of itself");
        for (const auto& node : compound->nodes) {
            if (node.word == Compound::Word::rule) rules[node.rule].is_part = true;
            if (node.word == Compound::Word::rule && std::holds_alternative<Sort>(rules[node.rule].body))
                errors.add(fmt::format("/rules/{}/statement", i), "not_allowed",
                           fmt::format("'{}' only sorts: it is neither true nor false", rules[node.rule].name));
        }
    }
}

void read_rule_list(const Value* list, RuleSet& out, Errors& errors) {
    const auto* items = list != nullptr ? list->as_array() : nullptr;
    if (list != nullptr && items == nullptr) errors.add("/rules", "wrong_type", "rules are a list");
    if (items == nullptr) return;
    if (items->size() > rules_limit) errors.add("/rules", "out_of_range", fmt::format("at most {} rules", rules_limit));
    const auto vocabulary = vocabulary_of(out);
    std::vector<std::string> names;
    for (const auto& item : *items) {
        const auto* name = item.find("name");
        names.push_back(name != nullptr && name->as_string() != nullptr ? *name->as_string() : std::string());
    }
    for (std::size_t i = 0; i < items->size(); ++i) {
        if (auto rule = read_rule((*items)[i], pointer_to("/rules", i), errors, {.vocabulary = vocabulary, .rule_names = names}))
            out.rules.push_back(std::move(*rule));
    }
    if (out.rules.size() != items->size()) return;
    refuse_twice(out.rules, "/rules", errors);
    mark_parts(out.rules, errors);
}

struct Expansion {
    struct Step {
        Milliseconds from{};
        Value value;
    };
    std::string target;
    std::vector<Step> steps;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, Expansion::Step& out) {
    ObjectReader in(value, pointer, errors);
    std::uint32_t seconds = 0;
    in.required("waitTimeSeconds", seconds);
    in.required("value", out.value);
    out.from = std::chrono::seconds(seconds);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Expansion& out) {
    ObjectReader in(value, pointer, errors);
    in.required("target", out.target);
    in.required("steps", out.steps);
    return in.finish();
}

// The rule set itself, without its expansions.
RuleSet read_plain(const Value& document, Errors& errors, std::vector<Expansion>& expansions) {
    RuleSet rules;
    ObjectReader in(document, "", errors);
    std::string version;
    in.optional("name", rules.name);
    in.required("ruleLanguageVersion", version);
    if (!version.empty() && version != "1.0") in.fail("ruleLanguageVersion", "not_allowed", "only version \"1.0\" of the language is known");
    in.optional("playerAttributes", rules.attributes);
    in.optional("algorithm", rules.algorithm);
    in.required("teams", rules.teams);
    in.optional("expansions", expansions);
    read_rule_list(in.find("rules"), rules, errors);
    std::ignore = in.finish();
    check_attributes(rules, errors);
    check_teams(rules, errors);
    return rules;
}

// "rules[FairSkill].maxDistance" -> list "rules", name "FairSkill", member "maxDistance"; "algorithm.x" has no name.
struct Target {
    std::string_view list;
    std::string_view name;
    std::string_view member;
};

std::optional<Target> parse_target(std::string_view text) {
    const auto dot = text.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto place = text.substr(0, dot);
    const auto member = text.substr(dot + 1);
    if (place == "algorithm") return Target{.list = place, .name = {}, .member = member};
    const auto open = place.find('[');
    if (open == std::string_view::npos || !place.ends_with(']')) return std::nullopt;
    const auto list = place.substr(0, open);
    if (list != "rules" && list != "teams") return std::nullopt;
    return Target{.list = list, .name = place.substr(open + 1, place.size() - open - 2), .member = member};
}

// The element of the document that an expansion changes; null when there is none.
Value* element(Value& document, const Target& target) {
    for (auto& [key, member] : *document.as_object()) {
        if (key != target.list) continue;
        if (target.name.empty()) return &member;
        for (auto& item : *member.as_array()) {
            const auto* name = item.find("name");
            if (name != nullptr && name->as_string() != nullptr && *name->as_string() == target.name) return &item;
        }
    }
    return nullptr;
}

void check_targets(Value& document, const std::vector<Expansion>& expansions, Errors& errors) {
    constexpr auto fixed = std::to_array<std::string_view>({"name", "type", "description", "quantity"});
    for (std::size_t i = 0; i < expansions.size(); ++i) {
        const auto pointer = fmt::format("/expansions/{}/target", i);
        const auto target = parse_target(expansions[i].target);
        if (!target) errors.add(pointer, "bad_format", "write rules[NAME].member, teams[NAME].member or algorithm.member");
        else if (element(document, *target) == nullptr)
            errors.add(pointer, "not_allowed", fmt::format("there is no {}", expansions[i].target.substr(0, expansions[i].target.rfind('.'))));
        else if (std::ranges::find(fixed, target->member) != fixed.end())
            errors.add(pointer, "not_allowed", fmt::format("'{}' does not change with time", target->member));
        if (!std::ranges::is_sorted(expansions[i].steps, std::ranges::less_equal(), &Expansion::Step::from))
            errors.add(fmt::format("/expansions/{}/steps", i), "bad_format",
                       "steps stand in the order of their waitTimeSeconds, each later than the one before");
    }
}

// Where the errors of an expanded document come from is not in the document that a person has written.
void tell_stage_errors(Milliseconds from, Errors& found, Errors& errors) {
    for (auto& error : found.take())
        errors.add("/expansions", error.code, fmt::format("from {} on, {} would be wrong: {}", duration_text(from), error.pointer, error.detail),
                   error.mark);
}

}  // namespace

std::optional<std::vector<Stage>> read_rules(const Value& document, Errors& errors) {
    const auto before = errors.list().size();
    std::vector<Expansion> expansions;
    std::vector<Stage> stages;
    stages.push_back({.from = Milliseconds(0), .rules = read_plain(document, errors, expansions)});
    if (errors.list().size() != before) return std::nullopt;

    auto expanded = document;
    check_targets(expanded, expansions, errors);
    if (errors.list().size() != before) return std::nullopt;

    std::multimap<Milliseconds, std::pair<const Expansion*, const Value*>> by_age;
    for (const auto& expansion : expansions) {
        for (const auto& step : expansion.steps) by_age.emplace(step.from, std::pair(&expansion, &step.value));
    }
    for (auto step = by_age.begin(); step != by_age.end();) {
        const auto from = step->first;
        for (; step != by_age.end() && step->first == from; ++step) {
            const auto target = parse_target(step->second.first->target);
            element(expanded, *target)->set(target->member, *step->second.second);
        }
        Errors found;
        std::vector<Expansion> known;
        stages.push_back({.from = from, .rules = read_plain(expanded, found, known)});
        if (!found.empty()) tell_stage_errors(from, found, errors);
    }
    if (stages.size() > stages_limit) errors.add("/expansions", "out_of_range", fmt::format("at most {} different times", stages_limit - 1));
    return errors.list().size() == before ? std::optional(std::move(stages)) : std::nullopt;
}

std::uint32_t players_least(const RuleSet& rules) {
    std::uint32_t players = 0;
    for (const auto& team : rules.teams) players += team.least * team.quantity;
    return players;
}

std::uint32_t players_most(const RuleSet& rules) {
    std::uint64_t players = 0;
    for (const auto& team : rules.teams) players += std::uint64_t{team.most} * team.quantity;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(players, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace gk::match
