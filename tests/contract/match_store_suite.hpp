#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "tests/contract/match_stores.hpp"

// What the tests of MatchStore's contract share: tickets and matches to store, and how they ask.
namespace gk::contract {

using JoinOutcome = MatchStore::Joined::Outcome;
using LeaveOutcome = MatchStore::Left::Outcome;
using match::MatchState;
using match::TicketState;

inline constexpr Time start{std::chrono::seconds(1'000'000)};

inline UuidBits numbered_bits(int number) { return uuid_from_random({static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}); }
inline TicketId ticket_id(int number) { return TicketId(numbered_bits(number)); }
inline MatchId match_id(int number) { return MatchId(numbered_bits(number)); }

inline match::Player player(std::string id) {
    return {.id = std::move(id), .attributes = {{"skill", 12.5}, {"mode", "duel"}}, .latencies = {{"eu", 20}}, .blocked = {"zoe"}};
}

inline match::Ticket ticket(int number, const std::vector<std::string>& players) {
    match::Ticket made;
    made.id = ticket_id(number);
    made.queues = {"ranked", "casual"};
    for (const auto& id : players) made.players.push_back(player(id));
    made.priority = 1;
    made.joined_at = start + std::chrono::seconds(number);
    made.expires_at = start + std::chrono::seconds(300);
    return made;
}

inline match::Match match_of(int number, const std::vector<match::Ticket>& tickets) {
    match::Match made;
    made.id = match_id(number);
    made.queue = "ranked";
    made.region = "eu";
    made.quality = 0.75;
    made.claimed_at = start + std::chrono::seconds(60);
    for (const auto& ticket : tickets) {
        for (const auto& player : ticket.players) {
            made.members.push_back({.player = player.id, .ticket = ticket.id, .team = "red", .accepted = {}, .left_at = {}});
        }
    }
    return made;
}

class MatchStoreContract : public testing::TestWithParam<MatchStoresMaker> {
protected:
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    void settle() {
        io_.restart();
        while (io_.poll() > 0) io_.restart();
    }
    MatchStore& store() { return stores_->here(); }

    match::Ticket join(const match::Ticket& ticket) {
        const auto joined = wait(store().join(ticket));
        EXPECT_TRUE(joined) << joined.error().detail;
        if (joined) EXPECT_EQ(joined->outcome, JoinOutcome::created);
        return ticket;
    }
    MatchStore::Committed commit(const match::Match& match) {
        std::vector<match::Match> matches{match};
        const auto answers = wait(store().commit(std::move(matches), epoch_));
        EXPECT_TRUE(answers) << answers.error().detail;
        return answers ? answers->front() : MatchStore::Committed{};
    }
    Result<Success, StoreError> become(match::Match match, MatchState state, std::vector<TicketId> put_back = {}, std::string reason = {}) {
        match.state = state;
        match.end_reason = std::move(reason);
        return wait(store().advance(std::move(match), std::move(put_back), start + std::chrono::seconds(90), epoch_));
    }
    match::Ticket stored(TicketId id) { return wait(store().ticket(id)).value_or(match::Ticket{}); }
    // "queued claimed", those of one ticket in their order.
    std::string told(TicketId id) {
        MatchStore::EventFilter filter;
        filter.ticket = id;
        const auto events = wait(store().events(filter));
        std::string words;
        for (const auto& event : *events) words += (words.empty() ? "" : " ") + event.what;
        return words;
    }
    std::size_t count_events() {
        MatchStore::EventFilter filter;
        filter.limit = 1000;
        return wait(store().events(filter))->size();
    }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    std::unique_ptr<MatchStores> stores_ = GetParam().make(io_, clock_);
    Epoch epoch_ = wait(store().next_epoch()).value();
};

}  // namespace gk::contract
