#include "domain/match/rules/expression.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::match {
namespace {

std::unexpected<std::string> fail(std::string sentence) { return std::unexpected(std::move(sentence)); }

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
    const auto near = nearest(word, known);
    return near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near);
}

// Reads from the left. What is left is what has not been taken.
class Reader {
public:
    explicit Reader(std::string_view source) : rest_(trimmed(source)) {}

    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_ = trimmed(rest_.substr(word.size()));
        return true;
    }
    // Up to a mark that cannot stand in a name.
    std::string_view take_word() {
        const auto word = trimmed(rest_.substr(0, rest_.find_first_of("()[].,")));
        rest_ = trimmed(rest_.substr(std::min(rest_.size(), rest_.find_first_of("()[].,"))));
        return word;
    }
    // What stands between '[' and ']': names may have any other mark in them.
    std::optional<std::string_view> take_bracket() {
        const auto end = rest_.find(']');
        if (!rest_.starts_with('[') || end == std::string_view::npos) return std::nullopt;
        const auto inside = trimmed(rest_.substr(1, end - 1));
        rest_ = trimmed(rest_.substr(end + 1));
        return inside;
    }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

std::optional<double> as_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

Result<Success, std::string> read_teams(Reader& in, const Vocabulary& vocabulary, Expression& out) {
    const auto inside = in.take_bracket();
    if (!inside) return fail("behind 'teams' stands which ones: teams[red], teams[red,blue] or teams[*]");
    if (*inside == "*") return Success{};
    const std::vector<std::string_view> known(vocabulary.teams.begin(), vocabulary.teams.end());
    for (const auto part : split(*inside, ',')) {
        const auto name = trimmed(part);
        if (std::ranges::find(known, name) == known.end()) return fail(fmt::format("there is no team '{}'{}", name, did_you_mean(name, known)));
        out.teams.emplace_back(name);
    }
    out.is_one_team = out.teams.size() == 1;
    return Success{};
}

Result<Shape, std::string> read_attribute(Reader& in, const Vocabulary& vocabulary, int depth, Expression& out) {
    const auto name = in.take_bracket();
    if (!name) return fail("behind 'attributes' stands which one: attributes[skill]");
    const auto found = std::ranges::find(vocabulary.attributes, *name, &Vocabulary::Attribute::name);
    if (found == vocabulary.attributes.end()) {
        std::vector<std::string_view> known;
        for (const auto& attribute : vocabulary.attributes) known.emplace_back(attribute.name);
        return fail(fmt::format("playerAttributes has no '{}'{}", *name, did_you_mean(*name, known)));
    }
    if (found->type == AttributeType::string_number_map)
        return fail(fmt::format("'{}' is a string_number_map: only latencies, absoluteSort and distanceSort read maps", *name));
    out.leaf = Expression::Leaf::attribute;
    out.text = std::string(*name);
    const bool is_list = found->type == AttributeType::string_list;
    return Shape{.is_text = found->type != AttributeType::number, .depth = depth + (is_list ? 1 : 0)};
}

// ".players", ".players.playerId", ".players[playerId]", ".players.attributes[skill]".
Result<Shape, std::string> read_players(Reader& in, const Vocabulary& vocabulary, Expression& out) {
    const int depth = out.is_one_team ? 1 : 2;
    if (!in.take(".players")) return fail("behind the teams stands '.players'");
    std::ignore = in.take("[*]");
    if (in.take("[playerId]") || in.take(".playerId")) {
        out.leaf = Expression::Leaf::player_id;
        return Shape{.is_text = true, .depth = depth};
    }
    if (in.take(".attributes")) return read_attribute(in, vocabulary, depth, out);
    out.leaf = Expression::Leaf::players;
    return Shape{.is_text = true, .depth = depth};
}

Result<Shape, std::string> read_leaf(Reader& in, const Vocabulary& vocabulary, Expression& out) {
    if (in.take("teams") || in.take("team")) {
        TRY_OK(read_teams(in, vocabulary, out));
        return read_players(in, vocabulary, out);
    }
    const auto rest = in.rest().substr(0, in.rest().find_last_not_of(") ") + 1);
    if (rest.empty()) return fail("nothing stands where a value is expected");
    std::ignore = in.take(rest);
    if (const auto number = as_number(rest)) {
        out.leaf = Expression::Leaf::number;
        out.number = *number;
        return Shape{};
    }
    if (rest.find_first_of("()[]") != std::string_view::npos)
        return fail(fmt::format("'{}' is no value: write a number, a word, or teams[...].players...", rest));
    out.leaf = Expression::Leaf::text;
    out.text = std::string(rest);
    return Shape{.is_text = true, .depth = 0};
}

Result<Shape, std::string> after(Aggregate aggregate, Shape shape, const Expression& so_far) {
    const auto name = name_of(aggregate);
    const bool is_of_players =
        so_far.leaf == Expression::Leaf::players && shape.is_text && aggregate != Aggregate::count && aggregate != Aggregate::flatten;
    if (is_of_players) return fail(fmt::format("{}() cannot work on players: name an attribute, as in players.attributes[skill]", name));
    switch (aggregate) {
    case Aggregate::flatten:
        if (shape.depth < 2) return fail("flatten() needs lists within a list, as of teams[*]");
        return Shape{.is_text = shape.is_text, .depth = shape.depth - 1};
    case Aggregate::set_intersection:
        if (!shape.is_text || shape.depth < 2) return fail("set_intersection() needs lists of strings within a list");
        return Shape{.is_text = true, .depth = shape.depth - 1};
    case Aggregate::count:
        if (shape.depth < 1) return fail("count() needs a list");
        return Shape{.is_text = false, .depth = shape.depth - 1};
    default:
        if (shape.is_text || shape.depth < 1) return fail(fmt::format("{}() needs a list of numbers", name));
        return Shape{.is_text = false, .depth = shape.depth - 1};
    }
}

std::optional<Aggregate> take_aggregate(Reader& in) {
    const auto open = in.rest().find('(');
    if (open == std::string_view::npos) return std::nullopt;
    const auto found = from_name<Aggregate>(trimmed(in.rest().substr(0, open)));
    if (found) std::ignore = in.take(in.rest().substr(0, open + 1));
    return found;
}

}  // namespace

Result<Parsed, std::string> parse_expression(std::string_view source, const Vocabulary& vocabulary) {
    Reader in(source);
    Parsed parsed;
    auto& aggregates = parsed.expression.aggregates;
    while (const auto aggregate = take_aggregate(in)) aggregates.push_back(*aggregate);
    TRY(shape, read_leaf(in, vocabulary, parsed.expression));
    std::ranges::reverse(aggregates);
    for (const auto aggregate : aggregates) {
        TRY(next, after(aggregate, shape, parsed.expression));
        shape = next;
        if (!in.take(")")) return fail(fmt::format("')' of {}() is missing", name_of(aggregate)));
    }
    if (!in.rest().empty()) return fail(fmt::format("'{}' stands behind the end of the expression", in.rest()));
    if (parsed.expression.leaf == Expression::Leaf::players && shape.is_text)
        return fail("players alone are no value: count them, or name an attribute");
    parsed.shape = shape;
    return parsed;
}

}  // namespace gk::match
