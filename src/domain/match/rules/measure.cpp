#include "domain/match/rules/measure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

// The same matches on any machine: no product and sum in one step where one processor has that and another has not.
#pragma STDC FP_CONTRACT OFF

namespace gk::match {
namespace {

// What is known of the values while aggregates are put on top of each other.
struct Course {
    Drift drift = Drift::fixed;
    bool is_all_there = false;  // The innermost lists get no new elements: one for each team.
};

Course after(Aggregate aggregate, Course course) {
    switch (aggregate) {
    case Aggregate::flatten: return course;
    case Aggregate::count: return {.drift = Drift::rises, .is_all_there = true};
    case Aggregate::min:
        if (course.is_all_there) return course;
        return {.drift = course.drift == Drift::fixed || course.drift == Drift::falls ? Drift::falls : Drift::any};
    case Aggregate::max:
        if (course.is_all_there) return course;
        return {.drift = course.drift == Drift::fixed || course.drift == Drift::rises ? Drift::rises : Drift::any};
    case Aggregate::sum:
    case Aggregate::avg:
    case Aggregate::median: return {.drift = course.is_all_there && course.drift == Drift::rises ? Drift::rises : Drift::any};
    case Aggregate::stddev: return {.drift = Drift::any};
    case Aggregate::set_intersection: return {.drift = course.drift == Drift::rises ? Drift::falls : Drift::any};
    }
    return {.drift = Drift::any};
}

// As sets, lists of texts grow with each player; numbers stay as they are, and others come beside them.
Drift drift_of(const Operand& operand) {
    if (operand.leaf == Operand::Leaf::number || operand.leaf == Operand::Leaf::word) return Drift::fixed;
    const bool is_set = operand.leaf != Operand::Leaf::numbers;
    Course course{.drift = is_set ? Drift::rises : Drift::fixed};
    for (const auto aggregate : operand.aggregates) course = after(aggregate, course);
    return course.drift;
}

std::vector<std::uint32_t> places_of(const std::vector<std::string>& names, const std::vector<Team>& teams) {
    std::vector<std::uint32_t> places;
    std::uint32_t place = 0;
    for (const auto& team : teams) {
        const bool is_named = names.empty() || std::ranges::find(names, team.name) != names.end();
        for (std::uint32_t i = 0; i < team.quantity; ++i, ++place) {
            if (is_named) places.push_back(place);
        }
    }
    return places;
}

void name_attribute(const Expression& expression, PartyForm form, Naming naming, Operand& out) {
    const auto declared = std::ranges::find(naming.attributes, expression.text, &PlayerAttribute::name);
    switch (declared->type) {
    case AttributeType::number:
        out.leaf = Operand::Leaf::numbers;
        out.column = column_of(naming.columns.numbers, Columns::Number{.attribute = expression.text, .party = form.party});
        break;
    case AttributeType::string:
        out.leaf = Operand::Leaf::texts;
        out.column = column_of(naming.columns.texts, expression.text);
        break;
    default:
        out.leaf = Operand::Leaf::lists;
        out.column = column_of(naming.columns.lists, Columns::List{.attribute = expression.text, .party = form.lists});
        break;
    }
}

void read_ticket(const Operand& operand, const Profile& ticket, Measured& out) {
    switch (operand.leaf) {
    case Operand::Leaf::numbers: {
        const auto row = ticket.numbers[operand.column];
        out.numbers.insert(out.numbers.end(), row.begin(), row.end());
        break;
    }
    case Operand::Leaf::texts: {
        const auto row = ticket.texts[operand.column];
        out.words.insert(out.words.end(), row.begin(), row.end());
        break;
    }
    case Operand::Leaf::lists: {
        const auto row = ticket.lists[operand.column];
        out.words.insert(out.words.end(), row.begin(), row.end());
        out.ends.back().push_back(static_cast<std::uint32_t>(out.words.size()));
        break;
    }
    default: out.words.insert(out.words.end(), ticket.players.begin(), ticket.players.end()); break;
    }
}

void read_teams(const Operand& operand, const Lineup& lineup, Measured& out) {
    const bool has_lists = operand.leaf == Operand::Leaf::lists;
    const int lists_around = (operand.is_one_list ? 0 : 1) + (has_lists ? 1 : 0);
    out.is_text = operand.leaf != Operand::Leaf::numbers;
    out.depth = lists_around + 1;
    out.ends.resize(static_cast<std::size_t>(lists_around));
    for (auto& level : out.ends) level.clear();
    for (const auto team : operand.teams) {
        for (const auto* ticket : lineup.team(team)) read_ticket(operand, *ticket, out);
        if (operand.is_one_list) continue;
        const auto inner = has_lists ? out.ends.back().size() : (out.is_text ? out.words.size() : out.numbers.size());
        out.ends.front().push_back(static_cast<std::uint32_t>(inner));
    }
}

double median_of(std::span<double> values) {
    std::ranges::sort(values);
    const auto half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double reduce(std::span<double> values, Aggregate how) {
    const auto count = static_cast<double>(values.size());
    const auto sum = [&] { return std::accumulate(values.begin(), values.end(), 0.0); };
    switch (how) {
    case Aggregate::min: return std::ranges::min(values);
    case Aggregate::max: return std::ranges::max(values);
    case Aggregate::median: return median_of(values);
    case Aggregate::sum: return sum();
    case Aggregate::stddev: {
        const double mean = sum() / count;
        double squares = 0;
        for (const double value : values) squares += (value - mean) * (value - mean);
        return std::sqrt(squares / count);
    }
    default: return sum() / count;
    }
}

// Calls f(begin, end) for each of the innermost lists.
template <class F>
void for_each_list(const Measured& measured, F&& f) {
    const auto size = static_cast<std::uint32_t>(measured.is_text ? measured.words.size() : measured.numbers.size());
    if (measured.ends.empty()) return f(0, size);
    std::uint32_t begin = 0;
    for (const auto end : measured.ends.back()) {
        f(begin, end);
        begin = end;
    }
}

void count_lists(Measured& measured) {
    std::vector<double> counts;
    for_each_list(measured, [&](std::uint32_t begin, std::uint32_t end) { counts.push_back(end - begin); });
    measured.numbers = std::move(counts);
    measured.words.clear();
    measured.is_text = false;
}

void reduce_lists(Measured& measured, Aggregate how) {
    std::size_t written = 0;
    for_each_list(measured, [&](std::uint32_t begin, std::uint32_t end) {
        if (begin == end) return;
        const double value = reduce(std::span(measured.numbers).subspan(begin, end - begin), how);
        measured.numbers[written++] = value;
    });
    measured.numbers.resize(written);
}

// The lists around the innermost ones become lists of what all of those share.
void intersect_lists(Measured& measured) {
    std::vector<Word> shared;
    std::vector<Word> both;
    std::vector<Word> result;
    std::vector<std::uint32_t> result_ends;
    const auto inner = measured.ends.back();
    std::uint32_t list = 0;
    const auto intersect_until = [&](std::uint32_t last) {
        shared.clear();
        for (bool is_first = true; list < last; ++list, is_first = false) {
            const auto begin = measured.words.begin() + (list == 0 ? 0 : inner[list - 1]);
            const auto end = measured.words.begin() + inner[list];
            std::sort(begin, end);
            both.clear();
            if (is_first) both.assign(begin, end);
            else std::set_intersection(shared.begin(), shared.end(), begin, end, std::back_inserter(both));
            std::swap(shared, both);
        }
        result.insert(result.end(), shared.begin(), shared.end());
        result_ends.push_back(static_cast<std::uint32_t>(result.size()));
    };
    measured.ends.pop_back();
    if (measured.ends.empty()) {
        intersect_until(static_cast<std::uint32_t>(inner.size()));
    } else {
        for (const auto last : measured.ends.back()) intersect_until(last);
        measured.ends.back() = result_ends;
    }
    measured.words = std::move(result);
}

void apply(Aggregate aggregate, Measured& measured) {
    --measured.depth;
    if (aggregate == Aggregate::flatten) {
        measured.ends.erase(measured.ends.begin());
        return;
    }
    if (aggregate == Aggregate::set_intersection) return intersect_lists(measured);
    if (aggregate == Aggregate::count) count_lists(measured);
    else reduce_lists(measured, aggregate);
    if (!measured.ends.empty()) measured.ends.pop_back();
}

}  // namespace

Operand compile(const Expression& expression, PartyForm form, Naming naming) {
    Operand out;
    out.aggregates = expression.aggregates;
    out.teams = places_of(expression.teams, naming.teams);
    out.is_one_list = expression.is_one_team;
    switch (expression.leaf) {
    case Expression::Leaf::number:
        out.number = expression.number;
        out.is_of_sizes = out.is_of_everybody = true;
        break;
    case Expression::Leaf::text:
        out.leaf = Operand::Leaf::word;
        out.word = naming.words.hold(expression.text);
        out.is_of_everybody = true;
        break;
    case Expression::Leaf::players:
        out.leaf = Operand::Leaf::players;
        out.is_of_sizes = true;
        break;
    case Expression::Leaf::player_id: out.leaf = Operand::Leaf::players; break;
    case Expression::Leaf::attribute: name_attribute(expression, form, naming, out); break;
    }
    // Values side by side, or flattened before anything is made of them: it does not matter in which list each stood.
    const bool is_flat = out.aggregates.empty() || out.aggregates.front() == Aggregate::flatten;
    if (expression.teams.empty() && is_flat) out.is_of_everybody = true;
    out.is_raw = std::ranges::all_of(out.aggregates, [](Aggregate aggregate) { return aggregate == Aggregate::flatten; });
    out.drift = drift_of(out);
    return out;
}

void measure(const Operand& operand, const Lineup& lineup, Measured& out) {
    out.numbers.clear();
    out.words.clear();
    out.ends.clear();
    out.depth = 0;
    out.is_text = operand.leaf == Operand::Leaf::word;
    if (operand.leaf == Operand::Leaf::number) return out.numbers.push_back(operand.number);
    if (operand.leaf == Operand::Leaf::word) return out.words.push_back(operand.word);
    read_teams(operand, lineup, out);
    for (const auto aggregate : operand.aggregates) apply(aggregate, out);
}

}  // namespace gk::match
