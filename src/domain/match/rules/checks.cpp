#include "domain/match/rules/checks.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#pragma STDC FP_CONTRACT OFF

namespace gk::match {
namespace {

bool holds(double a, Comparing operation, double b) {
    switch (operation) {
    case Comparing::less: return a < b;
    case Comparing::at_most: return a <= b;
    case Comparing::equal: return a == b;
    case Comparing::unequal: return a != b;
    case Comparing::more: return a > b;
    case Comparing::at_least: return a >= b;
    }
    return false;
}

bool stays_below(const Operand& low, const Operand& high) {
    return (low.drift == Drift::fixed || low.drift == Drift::falls) && (high.drift == Drift::fixed || high.drift == Drift::rises);
}

// Whether a comparison that fails now fails for good.
bool is_final(const Operand& measured, Comparing operation, const Operand& reference) {
    if (measured.leaf != Operand::Leaf::numbers && measured.leaf != Operand::Leaf::number && !measured.is_of_sizes)
        return measured.is_raw && reference.leaf == Operand::Leaf::word;
    switch (operation) {
    case Comparing::less:
    case Comparing::at_most: return stays_below(reference, measured);
    case Comparing::more:
    case Comparing::at_least: return stays_below(measured, reference);
    default: return measured.drift == Drift::fixed && reference.drift == Drift::fixed;
    }
}

// Innermost lists of words, sorted or not.
template <class F>
bool all_lists(const Measured& measured, F&& f) {
    std::uint32_t begin = 0;
    const auto list = [&](std::uint32_t end) {
        const bool good = f(std::span(measured.words).subspan(begin, end - begin));
        begin = end;
        return good;
    };
    if (measured.ends.empty()) return list(static_cast<std::uint32_t>(measured.words.size()));
    return std::ranges::all_of(measured.ends.back(), list);
}

std::int64_t count_shared(std::span<const Word> list, std::span<const Word> others) {
    std::int64_t shared = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const bool is_again =
            std::find(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i), list[i]) != list.begin() + static_cast<std::ptrdiff_t>(i);
        if (!is_again && std::ranges::find(others, list[i]) != others.end()) ++shared;
    }
    return shared;
}

// How many words every one of the innermost lists has.
std::int64_t count_common(const Measured& measured) {
    std::vector<Word> common;
    bool is_first = true;
    std::ignore = all_lists(measured, [&](std::span<const Word> list) {
        if (is_first) common.assign(list.begin(), list.end());
        else std::erase_if(common, [&](Word word) { return std::ranges::find(list, word) == list.end(); });
        is_first = false;
        return true;
    });
    std::ranges::sort(common);
    return std::ranges::unique(common).begin() - common.begin();
}

}  // namespace

bool Checker::check(std::size_t index, const Lineup& lineup, Question question, Time at) {
    const Asked asked{.rule = rules_[index], .lineup = lineup, .question = question, .at = at};
    return std::visit([&](const auto& body) { return answer(body, asked); }, asked.rule.body);
}

bool Checker::same_or_different(const Comparison& rule, const Operand& operand, const Asked& asked) {
    if (asked.question == Question::ever && !operand.is_raw) return true;
    measure(operand, asked.lineup, measured_);
    const auto good = [&](auto& values) {
        if (rule.operation == Comparing::equal)
            return values.empty() || std::ranges::all_of(values, [&](const auto& value) { return value == values.front(); });
        std::ranges::sort(values);
        return std::ranges::adjacent_find(values) == values.end();
    };
    return measured_.is_text ? good(measured_.words) : good(measured_.numbers);
}

bool Checker::answer(const Comparison& rule, const Asked& asked) {
    for (const auto& operand : asked.rule.measurements) {
        if (!asked.rule.reference) {
            if (!same_or_different(rule, operand, asked)) return false;
            continue;
        }
        const auto& reference = *asked.rule.reference;
        if (asked.question == Question::ever && !is_final(operand, rule.operation, reference)) continue;
        measure(reference, asked.lineup, reference_);
        if (reference_.is_nothing()) return true;
        measure(operand, asked.lineup, measured_);
        const bool wants_same = rule.operation == Comparing::equal;
        const bool good =
            measured_.is_text
                ? std::ranges::all_of(measured_.words, [&](Word word) { return (word == reference_.words.front()) == wants_same; })
                : std::ranges::all_of(measured_.numbers, [&](double value) { return holds(value, rule.operation, reference_.numbers.front()); });
        if (!good) return false;
    }
    return true;
}

bool Checker::answer(const Distance& rule, const Asked& asked) {
    const auto& reference = *asked.rule.reference;
    measure(reference, asked.lineup, reference_);
    if (reference_.is_nothing()) return true;
    const double from = reference_.numbers.front();
    for (const auto& operand : asked.rule.measurements) {
        const bool is_now = asked.question == Question::now;
        const bool counts_above = rule.most && (is_now || stays_below(reference, operand));
        const bool counts_below = rule.most && (is_now || stays_below(operand, reference));
        const bool counts_least = rule.least && (is_now || (operand.drift == Drift::fixed && reference.drift == Drift::fixed));
        if (!counts_above && !counts_below && !counts_least) continue;
        measure(operand, asked.lineup, measured_);
        for (const double value : measured_.numbers) {
            if (counts_above && value - from > *rule.most) return false;
            if (counts_below && from - value > *rule.most) return false;
            if (counts_least && std::abs(value - from) < *rule.least) return false;
        }
    }
    return true;
}

bool Checker::answer(const BatchDistance& rule, const Asked& asked) {
    const auto column = asked.rule.column;
    if (rule.is_text) {
        std::optional<Word> first;
        bool good = true;
        asked.lineup.for_each([&](const Profile& ticket) {
            const auto row = ticket.texts[column];
            if (!first) first = row.front();
            good = good && std::ranges::all_of(row, [&](Word word) { return word == *first; });
        });
        return good;
    }
    std::optional<double> low;
    std::optional<double> high;
    asked.lineup.for_each([&](const Profile& ticket) {
        const double value = ticket.numbers[column].front();
        low = std::min(low.value_or(value), value);
        high = std::max(high.value_or(value), value);
    });
    if (!low) return true;
    if (rule.most && *high - *low > *rule.most) return false;
    return asked.question == Question::ever || !rule.least || *high - *low >= *rule.least;
}

bool Checker::answer(const Collection& rule, const Asked& asked) {
    const bool is_now = asked.question == Question::now;
    for (const auto& operand : asked.rule.measurements) {
        // Which limit, once passed, is passed for good.
        bool least_counts = rule.least && is_now;
        bool most_counts = rule.most && is_now;
        if (rule.operation == Collection::Operation::intersection) least_counts = rule.least && (is_now || operand.is_raw);
        if (rule.operation == Collection::Operation::contains)
            most_counts = rule.most && (is_now || (operand.is_raw && asked.rule.reference->drift == Drift::fixed));
        if (rule.operation == Collection::Operation::reference_intersection_count) {
            const auto drift = asked.rule.reference->drift;
            least_counts = rule.least && (is_now || (operand.is_raw && (drift == Drift::falls || drift == Drift::fixed)));
            most_counts = rule.most && (is_now || (operand.is_raw && (drift == Drift::rises || drift == Drift::fixed)));
        }
        if (!least_counts && !most_counts) continue;
        const auto is_good = [&](std::int64_t count) { return (!least_counts || count >= *rule.least) && (!most_counts || count <= *rule.most); };
        measure(operand, asked.lineup, measured_);
        if (asked.rule.reference) measure(*asked.rule.reference, asked.lineup, reference_);
        if (rule.operation == Collection::Operation::intersection) {
            if (asked.lineup.tickets() > 0 && !is_good(count_common(measured_))) return false;
        } else if (rule.operation == Collection::Operation::contains) {
            if (!reference_.words.empty() && !is_good(std::ranges::count(measured_.words, reference_.words.front()))) return false;
        } else if (!all_lists(measured_, [&](std::span<const Word> list) { return is_good(count_shared(list, reference_.words)); })) {
            return false;
        }
    }
    return true;
}

bool Checker::answer(const Sort&, const Asked&) { return true; }

bool Checker::answer_node(const Compound& rule, std::size_t node, const Asked& asked) {
    const auto& [word, index, parts] = rule.nodes[node];
    const auto holds_part = [&](std::size_t part) { return answer_node(rule, part, asked); };
    switch (word) {
    case Compound::Word::rule: return check(index, asked.lineup, asked.question, asked.at);
    case Compound::Word::all: return std::ranges::all_of(parts, holds_part);
    case Compound::Word::any: return std::ranges::any_of(parts, holds_part);
    // A rule that holds may cease to: what is wrong now may come right.
    case Compound::Word::none: return asked.question == Question::ever || std::ranges::none_of(parts, holds_part);
    case Compound::Word::exactly_one: return asked.question == Question::ever || std::ranges::count_if(parts, holds_part) == 1;
    }
    return true;
}

bool Checker::answer(const Compound& rule, const Asked& asked) { return answer_node(rule, rule.nodes.size() - 1, asked); }

}  // namespace gk::match
