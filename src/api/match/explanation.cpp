#include "api/match/explanation.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/time.hpp"

namespace gk::api {
namespace {

using gk::match::Explanation;

std::string others(std::uint32_t count) { return count == 1 ? "the other ticket" : fmt::format("the {} other tickets", count); }

std::string of_rule(const Explanation::RuleCount& rule, std::uint32_t all) {
    if (all == 1) return fmt::format("'{}' keeps out {}.", rule.rule, others(all));
    if (rule.kept_out == all) return fmt::format("'{}' keeps out all of {}.", rule.rule, others(all));
    return fmt::format("'{}' keeps out {} of {}.", rule.rule, rule.kept_out, others(all));
}

// Nobody counts milliseconds.
std::string about(Milliseconds time) { return duration_text(std::chrono::ceil<std::chrono::seconds>(time)); }

std::string of_next_step(const Explanation& why) {
    if (!why.next_step) return "Its rules do not relax any more.";
    if (why.next_step->count() == 0) return "Its rules relax all the time.";
    return fmt::format("Its rules relax in {}.", about(*why.next_step));
}

}  // namespace

std::vector<std::string> in_words(const Explanation& why) {
    std::vector<std::string> words;
    auto rules = why.rules;
    std::erase_if(rules, [](const auto& rule) { return rule.kept_out == 0; });
    std::ranges::sort(rules, std::greater(), [](const auto& rule) { return std::pair(rule.kept_out, rule.rule); });
    if (why.looked_at == 0) words.emplace_back("Nobody else waits here.");
    else if (rules.empty()) words.push_back(fmt::format("No rule keeps out {}: a match wants more players, or other teams.", others(why.looked_at)));
    for (const auto& rule : rules) words.push_back(of_rule(rule, why.looked_at));
    words.push_back(of_next_step(why));
    if (why.estimate && why.estimate->count() > 0)
        words.push_back(fmt::format("By those who were matched last, it waits for about {} more.", about(*why.estimate)));
    if (why.estimate && why.estimate->count() == 0) words.emplace_back("It waits for longer than those who were matched last.");
    return words;
}

}  // namespace gk::api
