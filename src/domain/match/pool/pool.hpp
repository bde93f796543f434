#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/match/engine.hpp"
#include "domain/match/pool/attempt.hpp"
#include "domain/match/pool/entry.hpp"
#include "domain/match/pool/lines.hpp"
#include "domain/match/pool/names.hpp"
#include "domain/match/pool/plain_rules.hpp"
#include "domain/match/pool/split.hpp"
#include "domain/match/pool/table.hpp"
#include "domain/match/pool/timers.hpp"

namespace gk::match {

// The waiting tickets of a queue whose rules are plain. Every call means what it means in Engine.
//
// Tickets that have the same of what the rules want the same stand in one line, sorted by the number that the rules compare. A pass looks only at
// those to whom something happened since the last one: who came or came back, who reached an age from which more is allowed, and those within
// reach of them. It takes them in the order of priority and waiting, and gives each the best match that is left; whom it finds none for is in no
// match that the rules allow, and is out of sight for the rest of the pass.
class Pool {
public:
    Pool(PlainRules rules, Engine::Options options);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    Result<Handle, std::string> add(const Ticket& ticket);
    void remove(Handle handle);
    void release(Handle handle);

    void put(Backfill backfill);
    void remove_backfill(MatchId match);

    std::vector<Proposal> pass(Time now);
    bool is_cut_short() const { return !unfinished_.empty(); }
    std::optional<Time> next_pass() const;

    Explanation explain(Handle handle, Time now) const;
    std::size_t waiting() const { return waiting_; }
    std::span<const std::string> team_names() const { return rules_.teams; }
    // What it holds, with the room that it has for more.
    std::size_t bytes() const;

private:
    static constexpr std::size_t regions_most = 64;  // One bit each.

    // Who stands in a line, by its number.
    struct Section {
        std::vector<std::string> same;  // What all of them have.
        std::string key;  // The same as one text.
        std::uint32_t tickets = 0;
        Time latest{};  // When the last of them joined.
    };

    // A match that would take more players.
    struct Running {
        MatchId match;
        Time since{};
        std::uint32_t open_slots = 0;
        std::vector<std::string> same;       // What its players have of what is to be the same.
        std::vector<std::uint32_t> there{};  // Players of each team.
        std::optional<std::int64_t> least;   // Of their numbers.
        std::optional<std::int64_t> most;
        std::int64_t from = -PlainRules::no_limit;  // In the windows of all whom it took in this pass.
        std::int64_t to = PlainRules::no_limit;
        std::vector<std::uint64_t> players{};
        std::vector<std::uint64_t> blocked{};
        std::array<std::uint16_t, regions_most> latency{};  // The worst of its players to each region.
    };
    struct Order {
        std::size_t step = 0;
        std::int64_t turn = 0;
        std::uint32_t sequence = 0;
        std::uint32_t place = 0;
    };
    struct Reach {
        Lines::Line line = 0;
        std::int64_t least = 0;
        std::int64_t most = 0;
    };
    static constexpr Milliseconds cut_pause{1000};

    std::uint32_t take_place();
    void store(std::uint32_t place, const Entry& entry);
    void store_latencies(std::uint32_t place, const Entry& entry);
    std::size_t region_of(const std::string& name);
    static std::string key_of(const std::vector<std::string>& same);
    Lines::Line line_of(const std::vector<std::string>& same);
    void count_differences(std::uint32_t own, std::uint32_t other, std::vector<std::uint32_t>& differences) const;
    void enter(std::uint32_t place);
    void leave(std::uint32_t place);
    void free(std::uint32_t place);
    std::optional<std::uint32_t> place_of(Handle handle) const;
    Handle handle_of(std::uint32_t place) const;

    void prefetch_behind(std::size_t anchor) const;
    void take_due(Time now);
    void collect_anchors(Time now);
    void wake_near_fresh(Time now);
    std::int64_t reach_of(std::uint32_t place, Time now) const;
    void sort_anchors(Time now);
    Proposal propose(Time now);
    std::string best_region() const;
    double quality_of(std::uint32_t players, std::int64_t spread) const;
    void fill_running(Time now, std::uint32_t& budget, std::vector<Proposal>& proposals);
    void collect_for(const Running& running, Lines::Line line, Time now, std::uint32_t& budget);
    std::optional<std::uint32_t> room_in(const Running& running, std::uint32_t place, Time now) const;
    bool has_region(const Running& running, std::uint32_t place, const PlainRules::Step& step) const;
    bool is_unwanted(const Running& running, std::uint32_t place) const;
    void take_in(Running& running, std::uint32_t place, std::uint32_t team, Time now) const;
    std::optional<Time> next_of_running() const;
    void show_hidden(Time now);
    void give_up(std::uint32_t place, Time now);
    void arm_for_window(std::uint32_t place, Time now);
    void put_off(std::uint32_t place, Time now);
    void arm(std::uint32_t place, Time at);
    bool is_armed(const Timers::Entry& entry) const;
    void drop_stale_timers();

    PlainRules rules_;
    Engine::Options options_;
    Table table_;
    Lines lines_{table_};
    Attempt attempt_{rules_, table_, lines_};
    Split split_;
    Timers timers_;
    Names players_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> free_mores_;
    std::unordered_map<std::string, Lines::Line> line_of_;
    std::vector<Section> sections_;
    std::vector<Lines::Line> free_lines_;
    std::vector<std::string> regions_;
    std::vector<std::uint32_t> fresh_;  // Who has to be looked at in the next pass.
    std::vector<std::uint32_t> unfinished_;  // Who was not, because the budget ended.
    std::vector<std::uint32_t> anchors_;
    std::vector<std::uint32_t> hidden_;
    std::vector<Order> order_;
    std::vector<Reach> reaches_;
    std::vector<Split::Party> parties_;
    std::vector<Running> running_;
    std::vector<std::uint32_t> wanted_;
    Time last_pass_{};
    std::uint32_t sequence_ = 0;
    std::size_t waiting_ = 0;
    std::int64_t usual_wait_ = 0;  // Milliseconds; of the last matches.
};

}  // namespace gk::match
