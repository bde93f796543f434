#include "tests/match/referee.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <variant>

namespace gk::match {
namespace {

// A number, a text, a list, or nothing.
struct Item {
    std::variant<std::monostate, double, std::string, std::vector<Item>> is;

    bool is_nothing() const { return is.index() == 0; }
    double number() const { return std::get<double>(is); }
    const std::string& text() const { return std::get<std::string>(is); }
    const std::vector<Item>& list() const { return std::get<std::vector<Item>>(is); }
    bool is_list() const { return is.index() == 3; }
    bool is_list_of_lists() const { return is_list() && !list().empty() && list().front().is_list(); }
};
using List = std::vector<Item>;

double as_one(std::vector<double> values, PartyAggregation how) {
    std::ranges::sort(values);
    if (how == PartyAggregation::min) return values.front();
    if (how == PartyAggregation::max) return values.back();
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

class Referee {
public:
    Referee(const RuleSet& rules, const std::vector<Seat>& seats, Time now) : rules_(rules), seats_(seats), now_(now) {
        for (const auto& team : rules.teams) {
            for (std::uint32_t i = 0; i < team.quantity; ++i) teams_.push_back(&team);
        }
    }

    std::vector<std::string> wrong() {
        std::vector<std::string> out;
        for (std::uint32_t team = 0; team < teams_.size(); ++team) {
            std::size_t players = 0;
            for (const auto& seat : seats_) players += seat.team == team ? seat.ticket->players.size() : 0;
            if (players < teams_[team]->least || players > teams_[team]->most) out.push_back("size of " + teams_[team]->name);
        }
        for (const auto& rule : rules_.rules) {
            if (!rule.is_part && !holds(rule)) out.push_back(rule.name);
        }
        if (has_blocked()) out.emplace_back("block list");
        return out;
    }

private:
    using Form = std::optional<PartyAggregation>;

    bool has_blocked() const {
        for (const auto& one : seats_) {
            for (const auto& other : seats_) {
                for (const auto& blocker : one.ticket->players) {
                    for (const auto& player : other.ticket->players) {
                        if (one.ticket != other.ticket && std::ranges::find(blocker.blocked, player.id) != blocker.blocked.end()) return true;
                    }
                }
            }
        }
        return false;
    }

    template <class T>
    T attribute(const Player& player, const std::string& name) const {
        if (const auto found = player.attributes.find(name); found != player.attributes.end()) return std::get<T>(found->second);
        const auto& fallback = *std::ranges::find(rules_.attributes, name, &PlayerAttribute::name)->fallback;
        if constexpr (std::is_same_v<T, double>) {
            return fallback.as_int() != nullptr ? static_cast<double>(*fallback.as_int()) : *fallback.as_double();
        } else if constexpr (std::is_same_v<T, std::string>) {
            return *fallback.as_string();
        } else {
            T out;
            for (const auto& item : *fallback.as_array()) out.push_back(*item.as_string());
            return out;
        }
    }

    double number(const Ticket& ticket, const std::string& name, PartyAggregation how) const {
        std::vector<double> values;
        for (const auto& player : ticket.players) values.push_back(attribute<double>(player, name));
        return as_one(values, how);
    }

    // What a ticket adds to the list of its team.
    void add(const Ticket& ticket, const Expression& expression, Form form, PartyLists lists, List& out) const {
        if (expression.leaf != Expression::Leaf::attribute) {
            for (const auto& player : ticket.players) out.push_back({player.id});
            return;
        }
        const auto type = std::ranges::find(rules_.attributes, expression.text, &PlayerAttribute::name)->type;
        if (type == AttributeType::number && form) {
            out.push_back({number(ticket, expression.text, *form)});
        } else if (type == AttributeType::number) {
            for (const auto& player : ticket.players) out.push_back({attribute<double>(player, expression.text)});
        } else if (type == AttributeType::string) {
            for (const auto& player : ticket.players) out.push_back({attribute<std::string>(player, expression.text)});
        } else {
            std::map<std::string, std::size_t> had_by;
            for (const auto& player : ticket.players) {
                const auto own = attribute<std::vector<std::string>>(player, expression.text);
                for (const auto& text : std::set<std::string>(own.begin(), own.end())) ++had_by[text];
            }
            List together;
            for (const auto& [text, players] : had_by) {
                if (lists == PartyLists::as_union || players == ticket.players.size()) together.push_back({text});
            }
            out.push_back({std::move(together)});
        }
    }

    Item value(const Expression& expression, Form form, PartyLists lists = PartyLists::as_union) const {
        if (expression.leaf == Expression::Leaf::number) return {expression.number};
        if (expression.leaf == Expression::Leaf::text) return {expression.text};
        List by_team;
        for (std::uint32_t team = 0; team < teams_.size(); ++team) {
            const auto& names = expression.teams;
            if (!names.empty() && std::ranges::find(names, teams_[team]->name) == names.end()) continue;
            List of_team;
            for (const auto& seat : seats_) {
                if (seat.team == team) add(*seat.ticket, expression, form, lists, of_team);
            }
            by_team.push_back({std::move(of_team)});
        }
        Item item{std::move(by_team)};
        if (expression.is_one_team) item = flattened(item);
        for (const auto aggregate : expression.aggregates) item = aggregate == Aggregate::flatten ? flattened(item) : applied(aggregate, item);
        return item;
    }

    static Item flattened(const Item& item) {
        List out;
        for (const auto& inner : item.list()) out.insert(out.end(), inner.list().begin(), inner.list().end());
        return {std::move(out)};
    }

    static Item applied(Aggregate aggregate, const Item& item) {
        const bool is_deep = item.is_list_of_lists();
        const bool is_for_inner = aggregate == Aggregate::set_intersection ? is_deep && item.list().front().is_list_of_lists() : is_deep;
        if (is_for_inner) {
            List out;
            for (const auto& inner : item.list()) {
                auto one = applied(aggregate, inner);
                if (!one.is_nothing()) out.push_back(std::move(one));
            }
            return {std::move(out)};
        }
        if (aggregate == Aggregate::count) return {static_cast<double>(item.list().size())};
        if (aggregate == Aggregate::set_intersection) return shared(item);
        std::vector<double> values;
        for (const auto& one : item.list()) values.push_back(one.number());
        return values.empty() ? Item() : Item{made_of(aggregate, values)};
    }

    static double made_of(Aggregate aggregate, std::vector<double> values) {
        std::ranges::sort(values);
        const auto count = static_cast<double>(values.size());
        double sum = 0;
        for (const double value : values) sum += value;
        switch (aggregate) {
        case Aggregate::min: return values.front();
        case Aggregate::max: return values.back();
        case Aggregate::sum: return sum;
        case Aggregate::median: return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
        case Aggregate::stddev: {
            double squares = 0;
            for (const double value : values) squares += std::pow(value - sum / count, 2);
            return std::sqrt(squares / count);
        }
        default: return sum / count;
        }
    }

    static std::vector<std::string> texts(const Item& list) {
        std::vector<std::string> out;
        if (!list.is_list()) return {list.text()};
        for (const auto& one : list.list()) {
            const auto inner = texts(one);
            out.insert(out.end(), inner.begin(), inner.end());
        }
        return out;
    }

    static std::vector<double> numbers(const Item& item) {
        std::vector<double> out;
        if (item.is_nothing()) return out;
        if (!item.is_list()) return {item.number()};
        for (const auto& one : item.list()) {
            const auto inner = numbers(one);
            out.insert(out.end(), inner.begin(), inner.end());
        }
        return out;
    }

    static Item shared(const Item& lists) {
        List out;
        if (lists.list().empty()) return {std::move(out)};
        const auto first = texts(lists.list().front());
        for (const auto& text : std::set<std::string>(first.begin(), first.end())) {
            const bool is_everywhere = std::ranges::all_of(lists.list(), [&](const Item& list) {
                const auto own = texts(list);
                return std::ranges::find(own, text) != own.end();
            });
            if (is_everywhere) out.push_back({text});
        }
        return {std::move(out)};
    }

    bool holds(const Rule& rule) const {
        return std::visit([&](const auto& body) { return right(body); }, rule.body);
    }

    static bool compare(double a, Comparing how, double b) {
        switch (how) {
        case Comparing::less: return a < b;
        case Comparing::at_most: return a <= b;
        case Comparing::equal: return a == b;
        case Comparing::unequal: return a != b;
        case Comparing::more: return a > b;
        case Comparing::at_least: return a >= b;
        }
        return false;
    }

    static bool is_text(const Item& item) {
        if (!item.is_list()) return item.is.index() == 2;
        return std::ranges::any_of(item.list(), is_text);
    }

    template <class T>
    static bool same_or_all_different(const std::vector<T>& values, Comparing how) {
        const std::set<T> different(values.begin(), values.end());
        return how == Comparing::equal ? different.size() <= 1 : different.size() == values.size();
    }

    bool right(const Comparison& rule) const {
        for (const auto& measurement : rule.measurements) {
            if (!rule.reference) {
                const auto measured = value(measurement, std::nullopt);
                if (is_text(measured) ? !same_or_all_different(texts(measured), rule.operation)
                                      : !same_or_all_different(numbers(measured), rule.operation))
                    return false;
                continue;
            }
            const auto measured = value(measurement, rule.party);
            const auto reference = value(*rule.reference, rule.party);
            if (reference.is_nothing() || measured.is_nothing()) continue;
            if (is_text(measured)) {
                for (const auto& text : texts(measured)) {
                    if ((text == reference.text()) != (rule.operation == Comparing::equal)) return false;
                }
                continue;
            }
            for (const double one : numbers(measured)) {
                if (!compare(one, rule.operation, reference.number())) return false;
            }
        }
        return true;
    }

    bool right(const Distance& rule) const {
        const auto reference = value(rule.reference, rule.party);
        if (reference.is_nothing()) return true;
        for (const auto& measurement : rule.measurements) {
            for (const double one : numbers(value(measurement, rule.party))) {
                const double distance = std::abs(one - reference.number());
                if (distance > rule.most.value_or(distance) || distance < rule.least.value_or(distance)) return false;
            }
        }
        return true;
    }

    bool right(const BatchDistance& rule) const {
        std::set<std::string> different;
        std::vector<double> values;
        for (const auto& seat : seats_) {
            if (!rule.is_text) values.push_back(number(*seat.ticket, rule.attribute, rule.party));
            for (const auto& player : seat.ticket->players) {
                if (rule.is_text) different.insert(attribute<std::string>(player, rule.attribute));
            }
        }
        if (rule.is_text) return different.size() <= 1;
        const double span = std::ranges::max(values) - std::ranges::min(values);
        return span <= rule.most.value_or(span) && span >= rule.least.value_or(span);
    }

    bool right(const Collection& rule) const {
        const auto in_limits = [&](std::size_t count) {
            const auto signed_count = static_cast<std::int64_t>(count);
            return signed_count >= rule.least.value_or(signed_count) && signed_count <= rule.most.value_or(signed_count);
        };
        for (const auto& measurement : rule.measurements) {
            auto measured = value(measurement, std::nullopt, rule.party);
            while (measured.is_list_of_lists() && measured.list().front().is_list_of_lists()) measured = flattened(measured);
            if (rule.operation == Collection::Operation::contains) {
                const auto all = texts(measured);
                const auto wanted = texts(value(*rule.reference, std::nullopt, rule.party));
                if (!wanted.empty() && !in_limits(static_cast<std::size_t>(std::ranges::count(all, wanted.front())))) return false;
                continue;
            }
            const List lists = measured.is_list_of_lists() ? measured.list() : List{measured};
            if (rule.operation == Collection::Operation::intersection) {
                if (!in_limits(shared({lists}).list().size())) return false;
                continue;
            }
            const auto reference = texts(value(*rule.reference, std::nullopt, rule.party));
            for (const auto& list : lists) {
                std::set<std::string> both;
                for (const auto& text : texts(list)) {
                    if (std::ranges::find(reference, text) != reference.end()) both.insert(text);
                }
                if (!in_limits(both.size())) return false;
            }
        }
        return true;
    }

    std::optional<double> latency(const Ticket& ticket, const std::string& region, PartyAggregation how) const {
        std::vector<double> values;
        for (const auto& player : ticket.players) {
            if (!player.latencies.contains(region)) return std::nullopt;
            values.push_back(player.latencies.at(region));
        }
        return as_one(values, how);
    }

    bool right(const Latency& rule) const {
        for (const auto& [region, unused] : seats_.front().ticket->players.front().latencies) {
            std::vector<double> values;
            for (const auto& seat : seats_) {
                if (const auto own = latency(*seat.ticket, region, rule.party)) values.push_back(*own);
            }
            if (values.size() < seats_.size()) continue;
            const double reference = as_one(values, rule.reference == Latency::Reference::min ? PartyAggregation::min : PartyAggregation::avg);
            const bool is_near = std::ranges::all_of(values, [&](double own) {
                return own <= rule.most.value_or(own) && std::abs(own - reference) <= rule.distance_most.value_or(std::abs(own - reference));
            });
            if (is_near) return true;
        }
        return false;
    }

    bool right(const Sort&) const { return true; }

    bool right(const Compound& rule) const { return right_node(rule, rule.nodes.size() - 1); }
    bool right_node(const Compound& rule, std::size_t place) const {
        const auto& node = rule.nodes[place];
        if (node.word == Compound::Word::rule) return holds(rules_.rules[node.rule]);
        std::size_t good = 0;
        for (const auto part : node.parts) good += right_node(rule, part) ? 1 : 0;
        switch (node.word) {
        case Compound::Word::all: return good == node.parts.size();
        case Compound::Word::any: return good > 0;
        case Compound::Word::none: return good == 0;
        default: return good == 1;
        }
    }

    double window(const Window& rule, const Ticket& ticket) const {
        const double seconds = std::chrono::duration<double>(now_ - ticket.joined_at).count();
        return std::min(rule.base + rule.growth * seconds, rule.most.value_or(1e300));
    }

    bool right(const Window& rule) const {
        for (const auto& one : seats_) {
            for (const auto& other : seats_) {
                const double apart = std::abs(number(*one.ticket, rule.attribute, rule.party) - number(*other.ticket, rule.attribute, rule.party));
                if (apart > window(rule, *one.ticket)) return false;
            }
        }
        return true;
    }

    // Every way to give each player of a team a role.
    bool can_place(const Roles& rule, const std::vector<const Player*>& players, std::size_t next, std::vector<std::uint32_t>& left) const {
        if (next == players.size()) return true;
        const auto takes = attribute<std::vector<std::string>>(*players[next], rule.attribute);
        for (std::size_t role = 0; role < rule.roles.size(); ++role) {
            if (left[role] == 0 || std::ranges::find(takes, rule.roles[role].name) == takes.end()) continue;
            --left[role];
            if (can_place(rule, players, next + 1, left)) return true;
            ++left[role];
        }
        return false;
    }

    bool right(const Roles& rule) const {
        for (std::uint32_t team = 0; team < teams_.size(); ++team) {
            std::vector<const Player*> players;
            for (const auto& seat : seats_) {
                for (const auto& player : seat.ticket->players) {
                    if (seat.team == team) players.push_back(&player);
                }
            }
            std::vector<std::uint32_t> left;
            for (const auto& role : rule.roles) left.push_back(role.places);
            if (!can_place(rule, players, 0, left)) return false;
        }
        return true;
    }

    const RuleSet& rules_;
    const std::vector<Seat>& seats_;
    Time now_;
    std::vector<const Team*> teams_;
};

}  // namespace

std::vector<std::string> what_is_wrong(const RuleSet& rules, const std::vector<Seat>& seats, Time now) { return Referee(rules, seats, now).wrong(); }

const RuleSet& rules_for(const std::vector<Stage>& stages, const std::vector<Seat>& seats, Time now) {
    const bool is_newest = stages.front().rules.algorithm.expansion_age == Algorithm::Age::newest;
    auto age = now - seats.front().ticket->joined_at;
    for (const auto& seat : seats) {
        const auto own = now - seat.ticket->joined_at;
        age = is_newest ? std::min(age, own) : std::max(age, own);
    }
    const RuleSet* rules = &stages.front().rules;
    for (const auto& stage : stages) {
        if (stage.from <= age) rules = &stage.rules;
    }
    return *rules;
}

}  // namespace gk::match
