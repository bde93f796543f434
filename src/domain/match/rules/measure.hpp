#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/match/rules/lineup.hpp"
#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// How what an expression yields can move while players join and nobody leaves.
enum class Drift : std::uint8_t { fixed, rises, falls, any };

// A property expression with its names looked up.
struct Operand {
    enum class Leaf : std::uint8_t { number, word, players, numbers, texts, lists };
    Leaf leaf = Leaf::number;
    double number = 0;                   // Of a constant,
    Word word{};                         // likewise.
    std::size_t column = 0;
    std::vector<std::uint32_t> teams;    // Whose players; places in a lineup.
    bool is_one_list = false;            // The players of all these teams in one list, else a list for each team.
    std::vector<Aggregate> aggregates;   // In the order in which they are done.
    Drift drift = Drift::fixed;          // Of each value; of texts, of what the lists hold.
    bool is_raw = false;                 // What players bring, as they bring it.
    bool is_of_sizes = false;            // Looks at nothing but how many players there are.
    bool is_of_everybody = false;        // Yields the same whoever is in which team.
};

// What an operand yields: numbers or words, alone (depth 0) or in lists within lists. Kept between uses, so that nothing is allocated again.
struct Measured {
    int depth = 0;
    bool is_text = false;
    std::vector<double> numbers;
    std::vector<Word> words;
    // For each list around the values, the outermost first: where each of the lists in it ends. The innermost lists end in values.
    std::vector<std::vector<std::uint32_t>> ends;

    // An aggregate of nobody: the rule does not look at it (yet).
    bool is_nothing() const { return is_text ? words.empty() : numbers.empty(); }
};

// Where an operand finds its columns and teams; asks for columns that nobody asked for before.
struct Naming {
    Columns& columns;
    Words& words;
    const std::vector<PlayerAttribute>& attributes;
    const std::vector<Team>& teams;      // As in the document, before their quantity.
};
// `party` and `lists`: how the players of a party count as one; no `party`: each for himself.
struct PartyForm {
    std::optional<PartyAggregation> party;
    PartyLists lists = PartyLists::as_union;
};
Operand compile(const Expression& expression, PartyForm form, Naming naming);

void measure(const Operand& operand, const Lineup& lineup, Measured& out);

// The place of a column, which is made when there is none yet.
template <class T>
std::size_t column_of(std::vector<T>& columns, const T& wanted) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i] == wanted) return i;
    }
    columns.push_back(wanted);
    return columns.size() - 1;
}

}  // namespace gk::match
