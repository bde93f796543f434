#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/match/rules/checks.hpp"
#include "domain/match/rules/lineup.hpp"
#include "domain/match/rules/rule_set.hpp"

namespace gk::match {

// One value by which tickets are put in order.
struct SortKey {
    enum class Of : std::uint8_t { number, text, map };
    Of of = Of::number;
    std::size_t column = 0;
    bool is_distance = false;    // From the one that others are sorted for; else the value itself.
    bool is_descending = false;
    bool is_greatest = false;    // Of a map: the key with that ticket's greatest value, else its least.
};

// The rules of one stage, with all names looked up.
struct Level {
    struct TeamSize {
        std::uint32_t least = 0;
        std::uint32_t most = 0;
        std::size_t kind = 0;    // Teams of one kind mean the same to every rule.
    };
    Milliseconds from{};
    std::vector<TeamSize> teams;
    std::uint32_t least = 0;     // Players in all.
    std::uint32_t most = 0;
    std::vector<CompiledRule> rules;
    std::vector<SortKey> sorts;
    // Of the rule that keeps everybody out who has no region so near.
    struct LatencyLimit {
        std::size_t column = 0;
        double most = 0;
    };
    std::optional<LatencyLimit> latency;
    std::optional<std::size_t> balanced_column;
};

// A rule set made ready to be asked. Made once; what it reads of tickets is the same in all stages.
class Program {
public:
    // `words` lives as long as the program.
    Program(const std::vector<Stage>& stages, Words& words);

    Result<Profile, std::string> read(const Ticket& ticket) const;

    const std::vector<Level>& levels() const { return levels_; }
    const Algorithm& algorithm() const { return algorithm_; }
    std::span<const std::string> team_names() const { return team_names_; }
    // The last stage that holds at this age.
    std::size_t level_at(Milliseconds age) const;
    // A window makes that two tickets may go together later although neither reaches another stage.
    bool has_growing_windows() const { return has_growing_windows_; }
    // Too many players for anything but filling up (FlexMatch calls it a large match).
    bool is_large() const { return levels_.front().most > small_match_most; }
    bool is_balanced() const { return algorithm_.strategy == Algorithm::Strategy::balanced; }

    static constexpr std::uint32_t small_match_most = 40;

private:
    Level compile_level(const Stage& stage);
    void add_sorts(const RuleSet& rules, Level& level);

    Words& words_;
    std::vector<PlayerAttribute> attributes_;
    Algorithm algorithm_;
    Columns columns_;
    std::vector<std::string> team_names_;
    std::vector<Level> levels_;
    bool has_growing_windows_ = false;
};

// Whether one of these has the other on a block list.
bool is_blocked(const Profile& one, const Profile& other);

}  // namespace gk::match
