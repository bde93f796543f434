#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports/fleet_store.hpp"
#include "ports/match_store.hpp"
#include "programs/crash/crash_points.hpp"
#include "programs/serve/installation.hpp"

// The same for what matches are kept in, and where their servers run.
namespace gk::programs {

class CrashingMatchStore final : public MatchStore {
public:
    CrashingMatchStore(MatchStore& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Answer<Success> put(QueueRecord queue) override { return points_.around("matches.put_queue", inner_.put(std::move(queue))); }
    Answer<Success> remove_queue(std::string name) override { return points_.around("matches.remove_queue", inner_.remove_queue(std::move(name))); }
    Answer<std::vector<QueueRecord>> queues() override { return inner_.queues(); }
    Answer<Joined> join(match::Ticket ticket) override { return points_.around("matches.join", inner_.join(std::move(ticket))); }
    Answer<Left> cancel(TicketId ticket, Time now) override { return points_.around("matches.cancel", inner_.cancel(ticket, now)); }
    Answer<match::Ticket> change(TicketId ticket, std::vector<match::Player> players, Time now) override {
        return points_.around("matches.change", inner_.change(ticket, std::move(players), now));
    }
    Answer<std::vector<Committed>> commit(std::vector<match::Match> matches, Epoch by) override {
        return points_.around("matches.commit", inner_.commit(std::move(matches), by));
    }
    Answer<Success> advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) override {
        return points_.around("matches.advance", inner_.advance(std::move(match), std::move(put_back), now, by));
    }
    Answer<std::vector<TicketId>> expire(std::vector<TicketId> tickets, std::string reason, std::optional<Time> unless_seen_since, Time now,
                                         Epoch by) override {
        return points_.around("matches.expire", inner_.expire(std::move(tickets), std::move(reason), unless_seen_since, now, by));
    }
    Answer<Success> touch(std::vector<TicketId> tickets, Time now) override {
        return points_.around("matches.touch", inner_.touch(std::move(tickets), now));
    }
    Answer<match::Ticket> ticket(TicketId id) override { return inner_.ticket(id); }
    Answer<std::vector<match::Ticket>> tickets(std::vector<TicketId> ids) override { return inner_.tickets(std::move(ids)); }
    Answer<match::Ticket> ticket_of(std::string tenant, std::string player) override {
        return inner_.ticket_of(std::move(tenant), std::move(player));
    }
    Answer<match::Match> match(MatchId id) override { return inner_.match(id); }
    Answer<std::vector<match::Match>> matches(MatchFilter filter) override { return inner_.matches(std::move(filter)); }
    Answer<std::vector<match::Ticket>> waiting(std::optional<TicketId> after, std::size_t limit) override { return inner_.waiting(after, limit); }
    Answer<std::vector<MatchEvent>> events(EventFilter filter) override { return inner_.events(std::move(filter)); }
    Answer<std::uint64_t> last_event() override { return inner_.last_event(); }
    Answer<std::vector<PlayerRating>> ratings(std::string queue, std::vector<std::string> players) override {
        return inner_.ratings(std::move(queue), std::move(players));
    }
    Answer<bool> rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) override {
        return points_.around("matches.rate", inner_.rate(match, std::move(ratings), by));
    }
    Answer<std::size_t> prune(Time over_before, std::size_t limit) override {
        return points_.around("matches.prune", inner_.prune(over_before, limit));
    }
    Answer<Epoch> next_epoch() override { return points_.around("matches.next_epoch", inner_.next_epoch()); }
    std::shared_ptr<void> watch(std::function<void()> changed) override { return inner_.watch(std::move(changed)); }
    std::shared_ptr<void> watch_queues(std::function<void()> changed) override { return inner_.watch_queues(std::move(changed)); }

private:
    MatchStore& inner_;
    CrashPoints& points_;
};

class CrashingFleetStore final : public FleetStore {
public:
    CrashingFleetStore(FleetStore& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Answer<Success> put(fleet::Fleet fleet) override { return points_.around("fleets.put_fleet", inner_.put(std::move(fleet))); }
    Answer<Success> remove_fleet(std::string name) override { return points_.around("fleets.remove_fleet", inner_.remove_fleet(std::move(name))); }
    Answer<std::vector<fleet::Fleet>> fleets() override { return inner_.fleets(); }
    Answer<Success> put(FleetServer server, Epoch by) override { return points_.around("fleets.put_server", inner_.put(std::move(server), by)); }
    Answer<Success> remove(ServerUid server, Epoch by) override { return points_.around("fleets.remove_server", inner_.remove(server, by)); }
    Answer<std::vector<FleetServer>> servers() override { return inner_.servers(); }
    std::shared_ptr<void> watch(std::function<void()> changed) override { return inner_.watch(std::move(changed)); }

private:
    FleetStore& inner_;
    CrashPoints& points_;
};

// What one control plane makes matches with, behind its points.
class CrashingMatches {
public:
    CrashingMatches(CrashPoints& points, const MatchPorts& real) : store_(real.store, points), fleets_(real.fleets, points), real_(real) {
        if (real.runtime != nullptr) runtime_.emplace(*real.runtime, points);
        if (real.port_map != nullptr) port_map_.emplace(*real.port_map, points);
    }
    MatchPorts ports() {
        return {.store = store_,
                .fleets = fleets_,
                .runtime = runtime_ ? &*runtime_ : nullptr,
                .port_map = port_map_ ? &*port_map_ : nullptr,
                .on_declared_fleets = real_.on_declared_fleets,
                .office = real_.office,
                .token_key = real_.token_key};
    }

private:
    CrashingMatchStore store_;
    CrashingFleetStore fleets_;
    std::optional<CrashingRuntime> runtime_;
    std::optional<CrashingPortMap> port_map_;
    MatchPorts real_;
};

}  // namespace gk::programs
