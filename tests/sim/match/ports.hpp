#pragma once

#include <utility>

#include "adapters/memory/port_map.hpp"
#include "async/watchers.hpp"
#include "tests/app/quiet_runtime.hpp"
#include "tests/sim/match/hall.hpp"
#include "tests/sim/match/waiting_line.hpp"

// The ports of one life of the control plane: honest memory adapters and the hall, with all that may go wrong on the way.
namespace gk::matchsim {

// The way from one life to the hall: every call may be slow, fail, lose its answer, or be the last thing that this life does.
class Way {
public:
    Way(Hall& in, Clock& clock) : hall(in), clock_(clock) {}

    // A call with an effect: the rules are looked at after it.
    template <class T, class E>
    Task<Result<T, E>> pass(const char* what, Task<Result<T, E>> call) {
        co_await wait(what);
        if (is_hit(hall.faults.error_before)) co_return std::unexpected(E{E::Kind::unavailable, "injected: nothing happened"});
        auto answer = co_await std::move(call);
        hall.check();
        co_await wait(what);
        if (is_hit(hall.faults.reply_lost)) co_return std::unexpected(E{E::Kind::unavailable, "injected: the answer was lost"});
        co_return answer;
    }
    // One that only reads.
    template <class T, class E>
    Task<Result<T, E>> ask(const char* what, Task<Result<T, E>> call) {
        co_await wait(what);
        if (is_hit(hall.faults.error_before)) co_return std::unexpected(E{E::Kind::unavailable, "injected: no answer"});
        auto answer = co_await std::move(call);
        co_await wait(what);
        co_return answer;
    }
    bool is_dying() const { return dying_; }

    Hall& hall;

private:
    bool is_hit(double probability) { return hall.fault_dice.chance(probability); }
    // Time passes, other things happen meanwhile.
    Task<void> wait(const char* what);

    Clock& clock_;
    bool dying_ = false;
};

class SimMatchStore final : public MatchStore {
public:
    SimMatchStore(Way& way, MatchStore& inner) : way_(way), inner_(inner), line_(way.hall) {}

    Answer<Success> put(QueueRecord queue) override { return way_.pass("put queue", inner_.put(std::move(queue))); }
    Answer<Success> remove_queue(std::string name) override { return way_.pass("remove queue", inner_.remove_queue(std::move(name))); }
    Answer<std::vector<QueueRecord>> queues() override { return hear(way_.ask("queues", inner_.queues())); }
    Answer<Joined> join(match::Ticket ticket) override { return way_.pass("join", do_join(std::move(ticket))); }
    Answer<Left> cancel(TicketId ticket, Time now) override { return way_.pass("cancel", do_cancel(ticket, now)); }
    Answer<match::Ticket> change(TicketId ticket, std::vector<match::Player> players, Time now) override {
        return way_.pass("change", inner_.change(ticket, std::move(players), now));
    }
    Answer<std::vector<Committed>> commit(std::vector<match::Match> matches, Epoch by) override {
        line_.note_proposed(matches);
        return way_.pass("commit", do_commit(std::move(matches), by));
    }
    Answer<Success> advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) override {
        return way_.pass("advance", do_advance(std::move(match), std::move(put_back), now, by));
    }
    Answer<std::vector<TicketId>> expire(std::vector<TicketId> tickets, std::string reason, std::optional<Time> unless_seen_since, Time now,
                                         Epoch by) override {
        if (way_.hall.plant == Plant::never_expires) tickets.clear();
        line_.note_doubt(tickets);
        return way_.pass("expire", inner_.expire(std::move(tickets), std::move(reason), unless_seen_since, now, by));
    }
    Answer<Success> touch(std::vector<TicketId> tickets, Time now) override { return way_.pass("touch", inner_.touch(std::move(tickets), now)); }
    Answer<match::Ticket> ticket(TicketId id) override { return way_.ask("ticket", inner_.ticket(id)); }
    Answer<std::vector<match::Ticket>> tickets(std::vector<TicketId> ids) override { return hear(way_.ask("tickets", do_tickets(std::move(ids)))); }
    Answer<match::Ticket> ticket_of(std::string tenant, std::string player) override {
        return way_.ask("ticket of", inner_.ticket_of(std::move(tenant), std::move(player)));
    }
    Answer<match::Match> match(MatchId id) override { return way_.ask("match", inner_.match(id)); }
    Answer<std::vector<match::Match>> matches(MatchFilter filter) override { return way_.ask("matches", inner_.matches(std::move(filter))); }
    Answer<std::vector<match::Ticket>> waiting(std::optional<TicketId> after, std::size_t limit) override {
        return hear(way_.ask("waiting", inner_.waiting(after, limit)));
    }
    Answer<std::vector<MatchEvent>> events(EventFilter filter) override { return hear(way_.ask("events", do_events(std::move(filter)))); }
    Answer<std::uint64_t> last_event() override { return way_.ask("last event", inner_.last_event()); }
    Answer<std::vector<PlayerRating>> ratings(std::string queue, std::vector<std::string> players) override {
        return way_.ask("ratings", inner_.ratings(std::move(queue), std::move(players)));
    }
    Answer<bool> rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) override {
        return way_.pass("rate", inner_.rate(match, std::move(ratings), by));
    }
    Answer<std::size_t> prune(Time over_before, std::size_t limit) override { return way_.pass("prune", inner_.prune(over_before, limit)); }
    Answer<Epoch> next_epoch() override { return way_.pass("next epoch", inner_.next_epoch()); }
    std::shared_ptr<void> watch(std::function<void()> changed) override { return inner_.watch(std::move(changed)); }
    std::shared_ptr<void> watch_queues(std::function<void()> changed) override { return inner_.watch_queues(std::move(changed)); }

private:
    Answer<Joined> do_join(match::Ticket ticket);
    Answer<Left> do_cancel(TicketId ticket, Time now);
    Answer<std::vector<Committed>> do_commit(std::vector<match::Match> matches, Epoch by);
    Answer<Success> do_advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by);
    Answer<std::vector<MatchEvent>> do_events(EventFilter filter);
    Answer<std::vector<match::Ticket>> do_tickets(std::vector<TicketId> ids);
    // What the answer says is known from when it has come.
    template <class T>
    Answer<std::vector<T>> hear(Answer<std::vector<T>> call) {
        CO_TRY(answer, co_await std::move(call));
        line_.note_told(answer);
        co_return answer;
    }

    Way& way_;
    MatchStore& inner_;
    WaitingLine line_;
};

class SimFleetStore final : public FleetStore {
public:
    SimFleetStore(Way& way, FleetStore& inner) : way_(way), inner_(inner) {}

    Answer<Success> put(fleet::Fleet fleet) override { return way_.pass("put fleet", inner_.put(std::move(fleet))); }
    Answer<Success> remove_fleet(std::string name) override { return way_.pass("remove fleet", inner_.remove_fleet(std::move(name))); }
    Answer<std::vector<fleet::Fleet>> fleets() override { return way_.ask("fleets", do_fleets()); }
    Answer<Success> put(FleetServer server, Epoch by) override { return way_.pass("put server", do_put(std::move(server), by)); }
    Answer<Success> remove(ServerUid server, Epoch by) override { return way_.pass("remove server", do_remove(server, by)); }
    Answer<std::vector<FleetServer>> servers() override { return way_.ask("servers", inner_.servers()); }
    std::shared_ptr<void> watch(std::function<void()> changed) override { return inner_.watch(std::move(changed)); }

private:
    Answer<std::vector<fleet::Fleet>> do_fleets();
    Answer<Success> do_put(FleetServer server, Epoch by);
    Answer<Success> do_remove(ServerUid server, Epoch by);

    Way& way_;
    FleetStore& inner_;
};

class SimPortMap final : public PortMap {
public:
    SimPortMap(Way& way, PortMap& inner) : way_(way), inner_(inner) {}

    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                     std::vector<server::PortBinding> before) override {
        return way_.pass("reserve ports", inner_.reserve(std::move(owner), std::move(wishes), std::move(before)));
    }
    Answer<Success> enter(ServerUid server, std::vector<server::PortBinding> bindings) override {
        return way_.pass("enter ports", inner_.enter(server, std::move(bindings)));
    }
    Answer<Success> release(ServerUid server) override { return way_.pass("release ports", inner_.release(server)); }
    Answer<std::vector<Reservation>> list() override { return way_.ask("list ports", inner_.list()); }

private:
    Way& way_;
    PortMap& inner_;
};

// What a match server needs of it; the rest is as of a game that does nothing.
class SimRuntime final : public apptest::QuietRuntime {
public:
    SimRuntime(boost::asio::any_io_executor loop, Way& way) : way_(way), changed_(std::move(loop)) {}

    void wake(ServerUid uid) { changed_.notify(uid); }

    Answer<Seen> observe(ServerUid uid) override { return way_.ask("observe", do_observe(uid)); }
    Answer<std::vector<ServerUid>> list() override { return way_.ask("list servers", do_list()); }
    std::shared_ptr<void> watch(Changed changed) override { return changed_.add(std::move(changed)); }
    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override { return way_.pass("launch", do_launch(std::move(spec), epoch)); }
    Answer<Success> stop(ServerUid uid, Epoch epoch) override { return way_.pass("stop", obey(epoch, uid, &Hall::stop)); }
    Answer<Success> kill(ServerUid uid, Epoch epoch) override { return way_.pass("kill", obey(epoch, uid, &Hall::kill)); }
    Answer<Success> clean(ServerUid uid, Epoch epoch) override { return way_.pass("clean", obey(epoch, uid, &Hall::clean)); }
    Answer<Success> forget(ServerUid uid, Epoch epoch) override { return way_.pass("forget", do_forget(uid, epoch)); }
    Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch) override {
        return way_.pass("command", do_command(uid, std::move(line), epoch));
    }

private:
    Answer<Success> obey(Epoch epoch, ServerUid uid, void (Hall::*what)(ServerUid));
    Answer<Seen> do_observe(ServerUid uid);
    Answer<std::vector<ServerUid>> do_list();
    Answer<Success> do_launch(server::LaunchSpec spec, Epoch epoch);
    Answer<Success> do_forget(ServerUid uid, Epoch epoch);
    Answer<std::string> do_command(ServerUid uid, std::string line, Epoch epoch);

    Way& way_;
    async::Watchers<ServerUid> changed_;
};

}  // namespace gk::matchsim
