#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/match/rules/rule_set.hpp"
#include "domain/match/rules/words.hpp"
#include "domain/match/ticket.hpp"

namespace gk::match {

// Lists of different lengths, one behind the other.
template <class T>
class Rows {
public:
    std::span<const T> operator[](std::size_t row) const {
        const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
        return std::span<const T>(items_).subspan(begin, ends_[row] - begin);
    }
    void add(std::span<const T> row) {
        items_.insert(items_.end(), row.begin(), row.end());
        ends_.push_back(static_cast<std::uint32_t>(items_.size()));
    }
    std::span<const T> all() const { return items_; }

private:
    std::vector<T> items_;
    std::vector<std::uint32_t> ends_;
};

// What the rules of all stages read of a ticket, each in the form that they want it in. A place in one of these lists is a column.
struct Columns {
    struct Number {
        std::string attribute;
        std::optional<PartyAggregation> party;  // None: each player for himself.
        bool operator==(const Number&) const = default;
    };
    struct List {
        std::string attribute;
        PartyLists party = PartyLists::as_union;
        bool operator==(const List&) const = default;
    };
    struct Map {
        std::string attribute;
        PartyAggregation party = PartyAggregation::avg;
        bool operator==(const Map&) const = default;
    };
    std::vector<Number> numbers;
    std::vector<std::string> texts;
    std::vector<List> lists;
    std::vector<std::string> each_lists;  // The list of each player.
    std::vector<Map> maps;
    std::vector<PartyAggregation> latencies;
};

struct MapEntry {
    Word key{};
    double value = 0;
};

// One ticket as the rules see it.
struct Profile {
    std::uint32_t width = 1;          // Players.
    std::int32_t priority = 0;
    Time joined_at{};
    Rows<double> numbers;             // By column: one for the party, or one for each player.
    Rows<Word> texts;                 // By column: one for each player.
    Rows<Word> lists;                 // By column: what the party has, each once, in their order as words.
    std::vector<Rows<Word>> each_lists;  // By column: a row for each player.
    Rows<MapEntry> maps;
    Rows<MapEntry> latencies;         // Regions that everybody of the party measured; milliseconds.
    std::vector<MapEntry> regions;    // As latencies, of who is farthest from each; empty when somebody measured none.
    std::vector<Word> players;
    std::vector<Word> blocked;        // In their order as words.
};

// Reads what `columns` ask for. Whoever has the profile lets go of its words by release_words(). The error says what a player lacks.
struct ProfileReading {
    const Columns& columns;
    const std::vector<PlayerAttribute>& attributes;
};
Result<Profile, std::string> read_profile(const Ticket& ticket, const ProfileReading& reading, Words& words);
void release_words(const Profile& profile, Words& words);

// The values of a party as one.
double aggregate(std::span<const double> values, PartyAggregation how);

}  // namespace gk::match
