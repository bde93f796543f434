#include "tests/sim/match/ports.hpp"

namespace gk::matchsim {
using namespace std::chrono_literals;
using match::TicketState;

Task<void> Way::wait(const char* what) {
    hall.note(what);
    auto& dice = hall.fault_dice;
    if (hall.is_last_wait(what) || dice.chance(hall.faults.crash)) {
        dying_ = true;
        co_await clock_.sleep(24h);
    }
    if (dice.chance(hall.faults.slow)) co_await clock_.sleep(dice.between(1s, 15s));
    else if (dice.chance(0.5)) co_await clock_.sleep(dice.between(1ms, 15ms));
}

MatchStore::Answer<MatchStore::Joined> SimMatchStore::do_join(match::Ticket ticket) {
    if (way_.hall.plant == Plant::acknowledged_too_early && way_.hall.fault_dice.chance(0.2))
        co_return Joined{.outcome = Joined::Outcome::created, .ticket = std::move(ticket)};
    co_return co_await inner_.join(std::move(ticket));
}

MatchStore::Answer<MatchStore::Left> SimMatchStore::do_cancel(TicketId ticket, Time now) {
    if (way_.hall.plant != Plant::cancelled_and_matched) co_return co_await inner_.cancel(ticket, now);
    CO_TRY(there, co_await inner_.ticket(ticket));
    co_return Left{.outcome = Left::Outcome::cancelled, .ticket = there};
}

MatchStore::Answer<std::vector<MatchStore::Committed>> SimMatchStore::do_commit(std::vector<match::Match> matches, Epoch by) {
    auto& hall = way_.hall;
    const auto shown = hall.plant == Plant::commit_unfenced ? hall.matches->epoch : by;
    CO_TRY(answers, co_await inner_.commit(matches, shown));
    for (std::size_t i = 0; i < matches.size(); ++i) {
        hall.note(answers[i].is_committed ? "match" : "no match", matches[i].id, matches[i].members.size());
        if (hall.plant == Plant::commit_blindly && !answers[i].is_committed) {
            hall.matches->matches[matches[i].id].match = matches[i];
            answers[i].is_committed = true;
        }
        if (!answers[i].is_committed) continue;
        hall.matches->matches[matches[i].id].match.epoch = by;
        line_.note_stored(matches[i].id);
    }
    co_return answers;
}

MatchStore::Answer<Success> SimMatchStore::do_advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) {
    auto& hall = way_.hall;
    const auto id = match.id;
    const auto state = match.state;
    const auto tickets = match::tickets_of(match);
    if (hall.plant == Plant::end_forgotten && !by && match::is_over(state)) co_return Success{};
    const auto before = hall.matches->matches.at(id).match;
    CO_TRY_OK(co_await inner_.advance(std::move(match), put_back, now, by));
    hall.note(name_of(state), id);
    if (hall.plant == Plant::answers_overwritten && state == match::MatchState::accepting && !by) {
        auto& members = hall.matches->matches.at(id).match.members;
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (before.members[i].accepted) members[i].accepted.reset();
        }
    }
    for (const auto ticket : tickets) {
        auto& stored = hall.matches->tickets.at(ticket).ticket;
        if (hall.plant == Plant::put_back_at_the_end && stored.put_back > 0 && stored.state == TicketState::queued) stored.joined_at = now;
        if (hall.plant == Plant::over_and_back && stored.state == TicketState::ended) stored.state = TicketState::queued;
    }
    if (hall.plant == Plant::event_lost && hall.fault_dice.chance(0.1))
        std::erase_if(hall.matches->events, [&](const MatchEvent& event) { return event.number == hall.matches->last_event; });
    co_return Success{};
}

MatchStore::Answer<std::vector<MatchEvent>> SimMatchStore::do_events(EventFilter filter) {
    CO_TRY(events, co_await inner_.events(std::move(filter)));
    if (way_.hall.plant == Plant::event_passed_over) std::erase_if(events, [](const MatchEvent& event) { return event.what == "claimed"; });
    if (way_.hall.plant == Plant::put_back_unheard) std::erase_if(events, [](const MatchEvent& event) { return event.what == "put_back"; });
    co_return events;
}

MatchStore::Answer<std::vector<match::Ticket>> SimMatchStore::do_tickets(std::vector<TicketId> ids) {
    CO_TRY(tickets, co_await inner_.tickets(std::move(ids)));
    for (auto& ticket : tickets) {
        if (way_.hall.plant == Plant::back_of_the_line && ticket.put_back > 0) ticket.joined_at = way_.hall.now;
    }
    co_return tickets;
}

FleetStore::Answer<std::vector<fleet::Fleet>> SimFleetStore::do_fleets() {
    CO_TRY(fleets, co_await inner_.fleets());
    for (auto& fleet : fleets) {
        if (way_.hall.plant == Plant::more_than_allowed) fleet.ready = fleet.most = fleet.most + 2;
        if (way_.hall.plant == Plant::fewer_than_wanted) fleet.ready = 0;
    }
    co_return fleets;
}

FleetStore::Answer<Success> SimFleetStore::do_put(FleetServer server, Epoch by) {
    if (way_.hall.plant == Plant::not_stored && server.state == fleet::ServerState::allocated) {
        server.match.reset();
        server.state = fleet::ServerState::ready;
    }
    if (way_.hall.plant == Plant::slots_given_twice) server.slot = fleet_slots_first;
    co_return co_await inner_.put(std::move(server), by);
}

FleetStore::Answer<Success> SimFleetStore::do_remove(ServerUid server, Epoch by) {
    auto& stored = way_.hall.fleets->servers;
    if (way_.hall.plant != Plant::removal_forgotten || !stored.contains(server)) co_return co_await inner_.remove(server, by);
    // With a slot of its own, and beyond its fleet, whose rules would complain of it first.
    stored.at(server).slot = 2 * fleet_slots_first + static_cast<std::uint32_t>(stored.size());
    stored.at(server).fleet.clear();
    co_return Success{};
}

Runtime::Answer<Success> SimRuntime::obey(Epoch epoch, ServerUid uid, void (Hall::*what)(ServerUid)) {
    CO_TRY_OK(way_.hall.admit(epoch));
    (way_.hall.*what)(uid);
    co_return Success{};
}

Runtime::Answer<Seen> SimRuntime::do_observe(ServerUid uid) {
    Seen seen;
    const auto at = way_.hall.games.find(uid);
    if (at != way_.hall.games.end()) seen.process = at->second.process;
    co_return seen;
}

Runtime::Answer<std::vector<ServerUid>> SimRuntime::do_list() {
    std::vector<ServerUid> all;
    for (const auto& [uid, game] : way_.hall.games) all.push_back(uid);
    co_return all;
}

Runtime::Answer<Success> SimRuntime::do_launch(server::LaunchSpec spec, Epoch epoch) {
    CO_TRY_OK(way_.hall.admit(epoch));
    way_.hall.launch(spec);
    co_return Success{};
}

Runtime::Answer<Success> SimRuntime::do_forget(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(way_.hall.admit(epoch));
    if (way_.hall.plant != Plant::left_behind) way_.hall.games.erase(uid);
    co_return Success{};
}

Runtime::Answer<std::string> SimRuntime::do_command(ServerUid uid, std::string line, Epoch epoch) {
    auto& hall = way_.hall;
    CO_TRY_OK(hall.admit(epoch));
    const auto at = hall.games.find(uid);
    const bool takes = at != hall.games.end() && at->second.process == Seen::Process::ready && !hall.fault_dice.chance(hall.faults.deaf);
    if (!takes) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the server does not take it"});
    if (hall.plant != Plant::not_told) hall.tell(uid, line);
    co_return std::string();
}

}  // namespace gk::matchsim
