#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "domain/match/engine.hpp"
#include "net/json/json.hpp"
#include "tests/match/referee.hpp"

// What tests of matchmaking share: rule sets from text, players in a line, and a queue whose matches the referee looks at.
namespace gk::match {

inline std::vector<Stage> stages_of(const std::string& json) {
    const auto document = net::parse_json(json);
    EXPECT_TRUE(document) << (document ? "" : document.error().message);
    Errors errors;
    auto stages = read_rules(document ? *document : Value(), errors);
    for (const auto& error : errors.list()) ADD_FAILURE() << error.pointer << ": " << error.detail;
    return stages.value_or(std::vector<Stage>());
}

inline Player player(std::string id, std::map<std::string, AttributeValue> attributes = {}, std::map<std::string, std::uint32_t> latencies = {}) {
    return {.id = std::move(id), .attributes = std::move(attributes), .latencies = std::move(latencies), .blocked = {}};
}

inline std::map<std::string, AttributeValue> skill(double value) { return {{"skill", value}}; }

// The tickets of one queue under their first player's id, and what comes out. `E` is Search or Engine.
template <class E>
class Queue {
public:
    using Teams = std::map<std::string, std::vector<std::string>>;  // Players by the name of their team.

    explicit Queue(std::vector<Stage> stages, Engine::Options options = {}) : stages_(stages), engine_(std::move(stages), options) {}

    // Joined so many seconds after the beginning. The error is what the engine says.
    std::string join(std::vector<Player> players, int at_seconds = 0, int priority = 0) {
        Ticket ticket;
        ticket.players = std::move(players);
        ticket.joined_at = Time(std::chrono::seconds(at_seconds));
        ticket.priority = priority;
        const auto handle = engine_.add(ticket);
        if (!handle) return handle.error();
        const auto name = ticket.players.front().id;
        handles_[name] = *handle;
        tickets_[*handle] = std::move(ticket);
        return "";
    }
    std::string join(Player alone, int at_seconds = 0) { return join(std::vector<Player>{std::move(alone)}, at_seconds); }
    void leave(std::string name) {  // Not a reference: it may be one into the ticket.
        engine_.remove(handles_.at(name));
        tickets_.erase(handles_.at(name));
        handles_.erase(name);
    }

    // The matches of one pass, each seen by the referee. Who is in one has left the queue.
    std::vector<Teams> pass(int at_seconds) {
        const Time now{std::chrono::seconds(at_seconds)};
        std::vector<Teams> matches;
        for (const auto& proposal : engine_.pass(now)) {
            EXPECT_FALSE(proposal.joins);
            EXPECT_GE(proposal.quality, 0);
            EXPECT_LE(proposal.quality, 1);
            judge(proposal, now);
            matches.push_back(take_out(proposal));
        }
        return matches;
    }

    E& engine() { return engine_; }
    Handle handle(const std::string& name) const { return handles_.at(name); }
    const std::vector<Stage>& stages() const { return stages_; }
    std::vector<const Ticket*> waiting() const {
        std::vector<const Ticket*> out;
        for (const auto& [handle, ticket] : tickets_) out.push_back(&ticket);
        return out;
    }
    Teams take_out(const Proposal& proposal) {
        Teams teams;
        for (const auto& [handle, team] : proposal.placed) {
            for (const auto& player : tickets_.at(handle).players) teams[engine_.team_names()[team]].push_back(player.id);
            handles_.erase(tickets_.at(handle).players.front().id);
            engine_.remove(handle);
            tickets_.erase(handle);
        }
        for (auto& [name, ids] : teams) std::ranges::sort(ids);
        return teams;
    }

private:
    void judge(const Proposal& proposal, Time now) {
        std::vector<Seat> seats;
        for (const auto& [handle, team] : proposal.placed) {
            ASSERT_TRUE(tickets_.contains(handle)) << "a ticket that does not wait was placed";
            seats.push_back({.ticket = &tickets_.at(handle), .team = team});
        }
        for (const auto& wrong : what_is_wrong(rules_for(stages_, seats, now), seats, now)) ADD_FAILURE() << "a match breaks '" << wrong << "'";
    }

    std::vector<Stage> stages_;
    E engine_;
    std::map<std::string, Handle> handles_;
    std::map<Handle, Ticket> tickets_;
};

}  // namespace gk::match
