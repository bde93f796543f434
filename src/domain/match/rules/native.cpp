#include "domain/match/rules/native.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace gk::match {
namespace {

struct Partial {
    std::uint32_t least = 1;
    Milliseconds after{};
};

struct Near {
    double within = 0;
    double grows = 0;
    std::optional<double> most;
};

struct NearEnough {
    double most = 0;
    std::map<std::string, double> relax;  // By age, as durations.
};

struct RolePlaces {
    std::string attribute = "roles";
    std::map<std::string, std::uint32_t> places;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, Partial& out) {
    ObjectReader in(value, pointer, errors);
    in.required("least", out.least);
    in.required("after", out.after);
    if (out.least == 0) in.fail("least", "out_of_range", "a match has at least one player");
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Near& out) {
    ObjectReader in(value, pointer, errors);
    in.required("within", out.within);
    in.optional("grows", out.grows);
    in.optional("most", out.most);
    if (out.within < 0 || out.grows < 0) in.fail("within", "out_of_range", "a window is 0 or wider, and does not shrink");
    if (out.most && *out.most < out.within) in.fail("most", "out_of_range", "the window begins wider than its most: raise most, or lower within");
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, NearEnough& out) {
    ObjectReader in(value, pointer, errors);
    in.required("most", out.most);
    in.optional("relax", out.relax);
    for (const auto& [age, most] : out.relax) {
        if (!parse_duration(age)) errors.add(pointer_to(in.pointer("relax"), age), "bad_format", "write how long somebody has waited, as in 10s");
    }
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, RolePlaces& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("attribute", out.attribute);
    in.required("places", out.places);
    if (out.places.size() > roles_limit) in.fail("places", "out_of_range", fmt::format("at most {} roles", roles_limit));
    return in.finish();
}

// The document as it stands.
struct Document {
    std::string name;
    std::optional<std::uint32_t> size;
    std::map<std::string, std::uint32_t> teams;
    std::optional<Partial> partial;
    std::vector<std::string> same;
    std::map<std::string, Near> near;
    std::optional<NearEnough> latency;
    std::optional<RolePlaces> roles;
    std::optional<std::string> balance;
    std::map<std::string, Value> defaults;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, Document& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("name", out.name);
    in.optional("size", out.size);
    in.optional("teams", out.teams);
    in.optional("partial", out.partial);
    in.optional("same", out.same);
    in.optional("near", out.near);
    in.optional("latency", out.latency);
    in.optional("roles", out.roles);
    in.optional("balance", out.balance);
    in.optional("defaults", out.defaults);
    if (out.size.has_value() == !out.teams.empty())
        in.fail("size", "required", "give size (players of a match) or teams (players of each), one of both");
    return in.finish();
}

class Translator {
public:
    Translator(const Document& document, Errors& errors) : document_(document), errors_(errors) {}

    std::vector<Stage> stages() {
        RuleSet first;
        first.name = document_.name;
        first.algorithm.expansion_age = Algorithm::Age::oldest;
        add_teams(first);
        add_rules(first);
        std::map<Milliseconds, Stage> by_age;
        by_age[Milliseconds(0)];
        if (document_.partial) by_age[document_.partial->after];
        if (document_.latency) {
            for (const auto& [age, most] : document_.latency->relax) by_age[parse_duration(age).value_or(Milliseconds(0))];
        }
        std::vector<Stage> out;
        for (auto& [from, stage] : by_age) out.push_back({.from = from, .rules = relaxed(first, from)});
        return out;
    }

private:
    void add_teams(RuleSet& out) {
        if (document_.size) out.teams.push_back({.name = "players", .least = *document_.size, .most = *document_.size});
        for (const auto& [name, size] : document_.teams) out.teams.push_back({.name = name, .least = size, .most = size});
        for (const auto& team : out.teams) {
            if (team.most == 0) errors_.add("/teams", "out_of_range", "a team has room for at least one player");
        }
        if (players_most(out) > players_limit)
            errors_.add(document_.size ? "/size" : "/teams", "out_of_range",
                        fmt::format("a match has at most {} players, not {}", players_limit, players_most(out)));
        if (document_.partial && document_.partial->least > players_most(out))
            errors_.add("/partial/least", "out_of_range", "a part is smaller than the whole match");
    }

    // One attribute may stand in several rules, always with the same type.
    void declare(RuleSet& out, const std::string& name, AttributeType type, const std::string& pointer) {
        const auto known = std::ranges::find(out.attributes, name, &PlayerAttribute::name);
        if (known != out.attributes.end()) {
            if (known->type != type)
                errors_.add(pointer, "wrong_type", fmt::format("'{}' is a {} elsewhere in these rules", name, name_of(known->type)));
            return;
        }
        PlayerAttribute attribute{.name = name, .type = type, .fallback = {}};
        if (const auto fallback = document_.defaults.find(name); fallback != document_.defaults.end()) attribute.fallback = fallback->second;
        if (attribute.fallback && !has_type(*attribute.fallback, type))
            errors_.add(pointer_to("/defaults", name), "wrong_type", fmt::format("'{}' is a {}", name, name_of(type)));
        out.attributes.push_back(std::move(attribute));
    }

    void add_rules(RuleSet& out) {
        for (const auto& name : document_.same) {
            declare(out, name, AttributeType::string, "/same");
            out.rules.push_back({.name = "same " + name, .body = BatchDistance{.attribute = name, .is_text = true}});
        }
        for (const auto& [name, near] : document_.near) {
            declare(out, name, AttributeType::number, pointer_to("/near", name));
            out.rules.push_back(
                {.name = "near " + name, .body = Window{.attribute = name, .base = near.within, .growth = near.grows, .most = near.most}});
        }
        if (document_.latency)
            out.rules.push_back({.name = "latency", .body = Latency{.most = document_.latency->most, .party = PartyAggregation::max}});
        if (document_.roles) {
            declare(out, document_.roles->attribute, AttributeType::string_list, "/roles/attribute");
            Roles roles{.attribute = document_.roles->attribute};
            for (const auto& [name, places] : document_.roles->places) roles.roles.push_back({.name = name, .places = places});
            out.rules.push_back({.name = "roles", .body = std::move(roles)});
        }
        if (document_.balance) {
            declare(out, *document_.balance, AttributeType::number, "/balance");
            out.algorithm.strategy = Algorithm::Strategy::balanced;
            out.algorithm.batching = Algorithm::Batching::largest_population;
            out.algorithm.balanced_attribute = *document_.balance;
        }
        for (const auto& [name, value] : document_.defaults) {
            if (std::ranges::find(out.attributes, name, &PlayerAttribute::name) == out.attributes.end())
                errors_.add(pointer_to("/defaults", name), "not_allowed", fmt::format("no rule looks at '{}'", name));
        }
    }

    static bool has_type(const Value& value, AttributeType type) {
        switch (type) {
        case AttributeType::number: return value.as_int() != nullptr || value.as_double() != nullptr;
        case AttributeType::string: return value.as_string() != nullptr;
        default:
            return value.as_array() != nullptr && std::ranges::all_of(*value.as_array(), [](const Value& v) { return v.as_string() != nullptr; });
        }
    }

    RuleSet relaxed(RuleSet rules, Milliseconds age) const {
        if (document_.partial && document_.partial->after <= age) relax_sizes(rules);
        if (!document_.latency) return rules;
        std::map<Milliseconds, double> steps;
        for (const auto& [from, most] : document_.latency->relax) steps[parse_duration(from).value_or(Milliseconds(0))] = most;
        for (auto& rule : rules.rules) {
            auto* latency = std::get_if<Latency>(&rule.body);
            if (latency == nullptr) continue;
            for (const auto& [from, most] : steps) {
                if (from <= age) latency->most = most;
            }
        }
        return rules;
    }

    // Each team takes its part of the players who are at least there.
    void relax_sizes(RuleSet& rules) const {
        const auto teams = static_cast<std::uint32_t>(rules.teams.size());
        const auto least = (document_.partial->least + teams - 1) / teams;
        for (auto& team : rules.teams) team.least = std::min(team.most, std::max(1U, least));
    }

    const Document& document_;
    Errors& errors_;
};

}  // namespace

std::optional<std::vector<Stage>> read_native_rules(const Value& document, Errors& errors) {
    const auto before = errors.list().size();
    Document read;
    std::ignore = decode(document, "", errors, read);
    if (errors.list().size() != before) return std::nullopt;
    auto stages = Translator(read, errors).stages();
    return errors.list().size() == before ? std::optional(std::move(stages)) : std::nullopt;
}

std::optional<std::vector<Stage>> read_either_rules(const Value& document, Errors& errors) {
    return document.find("ruleLanguageVersion") != nullptr ? read_rules(document, errors) : read_native_rules(document, errors);
}

}  // namespace gk::match
