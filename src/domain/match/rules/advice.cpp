#include "domain/match/rules/advice.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "domain/match/pool/plain_rules.hpp"
#include "domain/match/rules/program.hpp"

namespace gk::match {
namespace {

// The attributes that a rule reads.
class Readings {
public:
    explicit Readings(const RuleSet& rules) {
        for (const auto& rule : rules.rules) std::visit([this](const auto& body) { read(body); }, rule.body);
        for (const auto& name : rules.algorithm.sort_by) names_.insert(name);
        names_.insert(rules.algorithm.balanced_attribute);
    }
    bool has(const std::string& name) const { return names_.contains(name); }

private:
    void read(const Expression& expression) {
        if (expression.leaf == Expression::Leaf::attribute) names_.insert(expression.text);
    }
    template <class Body>
        requires requires(const Body& body) { body.measurements; }
    void read(const Body& body) {
        for (const auto& one : body.measurements) read(one);
        if constexpr (std::same_as<Body, Distance>) {
            read(body.reference);
        } else if (body.reference) {
            read(*body.reference);
        }
    }
    template <class Body>
        requires requires(const Body& body) { body.attribute; }
    void read(const Body& body) {
        names_.insert(body.attribute);
    }
    void read(const Latency&) {}
    void read(const Compound&) {}

    std::set<std::string> names_;
};

// How far apart a rule lets players be; none: that is not its question.
std::optional<double> limit_of(const Distance& rule) { return rule.most; }
std::optional<double> limit_of(const BatchDistance& rule) { return rule.most; }
std::optional<double> limit_of(const Latency& rule) { return rule.most ? rule.most : rule.distance_most; }
template <class Other>
std::optional<double> limit_of(const Other&) {
    return std::nullopt;
}
std::optional<double> limit_of(const Rule& rule) {
    return std::visit([](const auto& body) { return limit_of(body); }, rule.body);
}

class Adviser {
public:
    Adviser(std::span<const Stage> stages, Milliseconds ticket_ttl)
        : first_(stages.front().rules),
          last_(stages.back().rules),
          stages_(stages),
          ticket_ttl_(ticket_ttl) {}

    std::vector<Advice> advice() {
        for (const auto& rule : first_.rules) {
            if (!rule.is_part) look_at_limits(rule);
            std::visit([&](const auto& body) { look_at(rule.name, body); }, rule.body);
        }
        look_at_sizes();
        look_at_attributes();
        look_at_stages();
        return std::move(out_);
    }

private:
    void say(std::string about, std::string text) { out_.push_back({.about = std::move(about), .text = std::move(text)}); }

    const Rule* later(const std::string& name) const {
        const auto found = std::ranges::find(last_.rules, name, &Rule::name);
        return found == last_.rules.end() ? nullptr : &*found;
    }
    void look_at_limits(const Rule& rule) {
        const auto limit = limit_of(rule);
        if (!limit) return;
        if (*limit < 0) say(rule.name, "nobody is nearer than nothing: with a limit below 0 there is never a match");
        const auto* at_last = later(rule.name);
        if (at_last != nullptr && limit_of(*at_last) == limit)
            say(rule.name, "it never relaxes: whoever has nobody so near waits until the ticket's end; let it grow with waiting");
    }

    void look_at(const std::string& name, const Window& rule) {
        if (rule.growth == 0) say(name, "it never relaxes: whoever has nobody so near waits until the ticket's end; add grows");
    }
    void look_at(const std::string& name, const Roles& rule) {
        const auto places = std::accumulate(rule.roles.begin(), rule.roles.end(), 0U, [](auto sum, const auto& role) { return sum + role.places; });
        for (const auto& team : first_.teams) {
            if (places < team.least)
                say(name, fmt::format("it has places for {} players, and team '{}' needs {}: there is never a match", places, team.name, team.least));
        }
    }
    // Two numbers that nobody brings are never different ones.
    void look_at(const std::string& name, const Comparison& rule) {
        if (!rule.reference || rule.reference->leaf != Expression::Leaf::number) return;
        for (const auto& measured : rule.measurements) {
            if (measured.leaf == Expression::Leaf::number) say(name, "it compares a number with a number: it says the same of every match");
        }
    }
    template <class Other>
    void look_at(const std::string&, const Other&) {}

    void look_at_sizes() {
        const auto least = players_least(first_);
        if (least > 1 && players_least(last_) == least)
            say("teams", fmt::format("a match always has at least {} players: where no more come, they wait until their tickets' end; "
                                     "let fewer be enough after some time",
                                     least));
        if (players_most(first_) > Program::small_match_most)
            say("teams", fmt::format("with more than {} players, matches are filled up one ticket after another: a set that fits may be missed",
                                     Program::small_match_most));
    }
    void look_at_attributes() {
        const Readings readings(first_);
        for (const auto& attribute : first_.attributes) {
            if (!readings.has(attribute.name)) say(attribute.name, "no rule reads this attribute: is it spelled as in the rules?");
        }
    }
    void look_at_stages() {
        for (const auto& stage : stages_) {
            if (stage.from >= ticket_ttl_)
                say(fmt::format("from {} on", duration_text(stage.from)),
                    fmt::format("nobody waits so long: tickets end after {} (the queue's ticket_ttl)", duration_text(ticket_ttl_)));
        }
    }

    const RuleSet& first_;
    const RuleSet& last_;
    std::span<const Stage> stages_;
    Milliseconds ticket_ttl_;
    std::vector<Advice> out_;
};

// The same with nothing but these rules.
std::vector<Stage> only(std::span<const Stage> stages, const std::string& name) {
    std::vector<Stage> out(stages.begin(), stages.end());
    for (auto& stage : out) std::erase_if(stage.rules.rules, [&](const Rule& rule) { return rule.name != name; });
    return out;
}

}  // namespace

std::vector<Advice> advice_on(std::span<const Stage> stages, Milliseconds ticket_ttl) { return Adviser(stages, ticket_ttl).advice(); }

std::vector<std::string> what_needs_search(std::span<const Stage> stages) {
    if (plain_rules(stages)) return {};
    const auto& algorithm = stages.front().rules.algorithm;
    if (algorithm.strategy != Algorithm::Strategy::exhaustive_search || algorithm.batching != Algorithm::Batching::random) return {"algorithm"};
    if (!plain_rules(only(stages, ""))) return {"teams"};
    std::vector<std::string> out;
    for (const auto& rule : stages.front().rules.rules) {
        if (!rule.is_part && !plain_rules(only(stages, rule.name))) out.push_back(rule.name);
    }
    // Each alone would be plain: there are two numbers to compare, and lines are sorted by one.
    if (out.empty()) {
        for (const auto& rule : stages.front().rules.rules) out.push_back(rule.name);
    }
    return out;
}

}  // namespace gk::match
