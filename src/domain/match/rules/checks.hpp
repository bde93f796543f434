#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/match/rules/measure.hpp"
#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// What is asked of a rule about a lineup.
enum class Question : std::uint8_t {
    now,   // Does it hold?
    ever,  // Could it hold when others join? No: never again, whoever comes. Yes: perhaps.
};

// A rule with its names looked up. One of its operands that nobody is in yet says nothing against a lineup.
struct CompiledRule {
    std::string name;
    RuleBody body;                         // Limits and operations.
    std::vector<Operand> measurements;
    std::optional<Operand> reference;
    std::size_t column = 0;                // Of batchDistance, latency, window, roles.
    std::vector<Word> words;               // Of roles.
    bool is_part = false;
    bool is_of_everybody = false;          // It does not matter who is in which team.
    bool waits_for_more = false;           // A few players cannot meet it yet, although the next ones may: sizes of teams, at least so many of ...
};

CompiledRule compile(const Rule& rule, Naming naming);

// Asks rules about lineups. Keeps what it needs for that between questions, so that none allocates.
class Checker {
public:
    // `rules` live as long as the checker.
    explicit Checker(const std::vector<CompiledRule>& rules) : rules_(rules) {}

    // How the rule `index` stands at `at`, which counts for windows.
    bool check(std::size_t index, const Lineup& lineup, Question question, Time at);

private:
    struct Asked {
        const CompiledRule& rule;
        const Lineup& lineup;
        Question question;
        Time at;
    };
    bool answer(const Comparison& rule, const Asked& asked);
    bool answer(const Distance& rule, const Asked& asked);
    bool answer(const BatchDistance& rule, const Asked& asked);
    bool answer(const Collection& rule, const Asked& asked);
    bool answer(const Latency& rule, const Asked& asked);
    bool answer(const Sort& rule, const Asked& asked);
    bool answer(const Compound& rule, const Asked& asked);
    bool answer(const Window& rule, const Asked& asked);
    bool answer(const Roles& rule, const Asked& asked);

    bool same_or_different(const Comparison& rule, const Operand& operand, const Asked& asked);
    bool is_region_good(const Latency& rule, const Asked& asked, Word region);
    bool answer_node(const Compound& rule, std::size_t node, const Asked& asked);
    bool can_fill(const Roles& rule, const Asked& asked, std::size_t team);
    std::uint32_t takes(const CompiledRule& rule, std::span<const Word> list) const;

    const std::vector<CompiledRule>& rules_;
    Measured measured_;
    Measured reference_;
    std::vector<std::uint32_t> places_;  // Of can_fill().
};

}  // namespace gk::match
