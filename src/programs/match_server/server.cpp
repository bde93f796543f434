#include "programs/match_server/server.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "app/match/join_token.hpp"
#include "async/deadline.hpp"
#include "base/assert.hpp"
#include "base/log.hpp"
#include "wire/match/line_reader.hpp"

namespace gk::programs {

using wire::match::End;
using wire::match::State;
using wire::match::Verb;

namespace {

// When descriptors have run out, accepting again at once would only burn the processor.
constexpr Milliseconds accept_pause(100);
constexpr std::size_t over_max = 100'000;

}  // namespace

MatchServer::MatchServer(boost::asio::any_io_executor executor, Clock& clock, MatchServerOptions options)
    : executor_(executor),
      clock_(clock),
      options_(std::move(options)),
      keeping_(executor),
      serving_(executor) {}

MatchServer::~MatchServer() = default;

Result<net::Endpoint, net::NetError> MatchServer::listen() {
    TRY(listener, net::Listener::open(executor_, options_.listen));
    listener_ = std::move(listener);
    return listener_->endpoint();
}

Task<End> MatchServer::run() {
    ASSERT(listener_ != nullptr, "listen() comes before run()");
    if (!options_.many && !stopping_) settle(*room_for(options_.session));
    auto body = run_until_over();
    co_await async::run_with(keeping_, std::move(body));
    co_return end_.value_or(End::asked);
}

Task<void> MatchServer::run_until_over() {
    keeping_.spawn("accept", accept_loop());
    keeping_.spawn("time", keep_time());
    if (!stopping_ && !end_) co_await all_over_.wait();
    listener_->close();
    // keep_time() cuts who takes longer than parting_time.
    co_await serving_.join();
}

void MatchServer::stop() {
    stopping_ = true;
    while (!rooms_.empty()) {
        rooms_.begin()->second->stop();
        settle(*rooms_.begin()->second);
    }
    while (!silent_.empty()) dismiss(*silent_.front().client, wire::match::state_line(State::stop));
    all_over_.raise();
}

Task<void> MatchServer::accept_loop() {
    for (;;) {
        boost::system::error_code error;
        auto transport = co_await listener_->accept(error);
        if (error) {
            co_await clock_.sleep(accept_pause);
            continue;
        }
        if (serving_.size() < options_.connections_max()) serving_.spawn("client", serve(std::move(transport)));
        else std::ignore = co_await transport->write_all(wire::match::full_line);
    }
}

Task<void> MatchServer::serve(std::unique_ptr<net::Transport> transport) {
    const auto client = std::make_shared<Client>(serving_, std::move(transport));
    watch(*client, silent_, options_.first_line_time);
    if (stopping_ || end_) dismiss(*client, wire::match::state_line(State::stop));
    else if (!options_.many && options_.token_key.empty()) enter(client);
    auto reading = read_lines(client);
    co_await std::move(reading);
    client->cut();
    unwatch(*client);
    if (auto* room = client->room) {
        room->leave(*client, clock_.now());
        settle(*room);
    }
}

Task<void> MatchServer::read_lines(ClientPtr client) {
    wire::match::LineReader reader(line_bytes_max());
    std::array<char, Client::read_bytes> buffer;
    for (;;) {
        const auto got = co_await client->transport().read_some(buffer);
        if (got.error || got.bytes == 0) co_return;
        std::string_view bytes(buffer.data(), got.bytes);
        while (!client->is_parting()) {
            const auto line = reader.next(bytes);
            if (!line) break;
            take(client, wire::match::parse_request(*line));
        }
        if (reader.is_too_long() && !client->is_parting()) dismiss(*client, wire::match::unknown_line);
        client->flush();
    }
}

std::size_t MatchServer::line_bytes_max() const {
    return options_.token_key.empty() ? wire::match::line_bytes_max : wire::match::token_line_bytes_max;
}

void MatchServer::take(const ClientPtr& client, const wire::match::Request& request) {
    auto* room = client->room;
    if (room == nullptr) return introduce(client, request);
    unwatch(*client);
    room->take(*client, request, clock_.now());
    settle(*room);
}

// Names the match where there are many, then shows the token where one is asked for.
void MatchServer::introduce(const ClientPtr& client, const wire::match::Request& request) {
    const bool names_match = options_.many && client->session.empty();
    if (!names_match) return show_token(client, request);
    if (request.verb != Verb::session || !is_session_name(request.text)) return dismiss(*client, wire::match::unknown_line);
    client->session = request.text;
    if (options_.token_key.empty()) enter(client);
}

void MatchServer::show_token(const ClientPtr& client, const wire::match::Request& request) {
    if (request.verb != Verb::token) return dismiss(*client, wire::match::denied_line);
    const auto& session = options_.many ? client->session : options_.session;
    auto player = app::player_of_join_token(options_.token_key, session, request.text, clock_.calendar());
    const bool is_expected = player && (options_.players.empty() || std::ranges::find(options_.players, *player) != options_.players.end());
    if (!is_expected) {
        log::debug("match_server", "a token was refused", {{"session", session}, {"peer", client->transport().peer().address}});
        return dismiss(*client, wire::match::denied_line);
    }
    client->player = std::move(*player);
    client->say(wire::match::token_accepted_line);
    enter(client);
}

void MatchServer::enter(const ClientPtr& client) {
    auto* room = room_for(options_.many ? client->session : options_.session);
    if (room == nullptr) return dismiss(*client, wire::match::state_line(State::stop));
    // A player who lost the connection comes again, often before the old one is known to be dead.
    const auto before = client->player.empty() ? nullptr : room->holder_of(client->player);
    if (!before && room->size() >= options_.clients_max) return dismiss(*client, wire::match::full_line);
    room->enter(client, clock_.now());
    // Who had to introduce itself has said something.
    if (options_.many || !options_.token_key.empty()) unwatch(*client);
    if (before) {
        room->leave(*before, clock_.now());
        dismiss(*before, {});
    }
    settle(*room);
}

// Null when that match is over.
Room* MatchServer::room_for(const std::string& session) {
    if (over_.contains(session)) return nullptr;
    auto& room = rooms_[session];
    if (!room) room = std::make_unique<Room>(session, options_.referee, clock_.now());
    return room.get();
}

void MatchServer::dismiss(Client& client, std::string_view line) {
    client.say(line);
    client.part();
    watch(client, parting_, parting_time);
}

void MatchServer::watch(Client& client, Watches& among, Milliseconds time) {
    unwatch(client);
    const auto due = clock_.now() + time;
    client.watch = among.insert(among.end(), {due, &client});
    client.watched_in = &among;
    wake_for(due);
}

void MatchServer::unwatch(Client& client) {
    if (client.watched_in != nullptr) client.watched_in->erase(client.watch);
    client.watched_in = nullptr;
}

// After anything that may have changed when a match is to be looked at, or ended it. A match that ended is gone afterwards.
void MatchServer::settle(Room& room) {
    const auto due = room.referee().deadline();
    if (due == room.booked) return;
    if (room.booked) deadlines_.erase({*room.booked, &room});
    room.booked = due;
    if (!due) return finish(room);
    deadlines_.emplace(*due, &room);
    wake_for(*due);
}

void MatchServer::finish(Room& room) {
    const auto& referee = room.referee();
    const auto end = *referee.end();
    const auto level = options_.many ? log::Level::debug : log::Level::info;
    log::write(level, "match_server", "the match ended",
               {{"session", room.session()},
                {"reason", end},
                {"players", room.size()},
                {"length_s", referee.length().count()},
                {"after", duration_text(clock_.now() - room.opened_at())}});
    for (const auto& client : room.dismiss()) dismiss(*client, {});
    remember(room.session());
    rooms_.erase(rooms_.find(room.session()));
    if (options_.many) return;
    end_ = end;
    all_over_.raise();
}

void MatchServer::remember(const std::string& session) {
    over_.insert(session);
    over_in_order_.push_back(session);
    if (over_in_order_.size() <= over_max) return;
    over_.erase(over_in_order_.front());
    over_in_order_.pop_front();
}

Task<void> MatchServer::keep_time() {
    for (;;) {
        const auto now = clock_.now();
        cut_late(silent_, now);
        cut_late(parting_, now);
        tick_rooms(now);
        awaited_ = next_due();
        auto earlier = earlier_.wait();
        if (awaited_) co_await async::finishes_by(clock_, *awaited_, std::move(earlier));
        else co_await std::move(earlier);
    }
}

std::optional<Time> MatchServer::next_due() const {
    std::optional<Time> due;
    const auto consider = [&due](Time at) { due = due ? std::min(*due, at) : at; };
    if (!silent_.empty()) consider(silent_.front().at);
    if (!parting_.empty()) consider(parting_.front().at);
    if (!deadlines_.empty()) consider(deadlines_.begin()->first);
    return due;
}

void MatchServer::wake_for(Time due) {
    if (awaited_ && *awaited_ <= due) return;
    awaited_ = due;
    earlier_.raise();
}

void MatchServer::cut_late(Watches& among, Time now) {
    while (!among.empty() && among.front().at <= now) {
        auto& client = *among.front().client;
        unwatch(client);
        client.cut();
    }
}

void MatchServer::tick_rooms(Time now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        auto& room = *deadlines_.begin()->second;
        room.tick(now);
        settle(room);
    }
}

}  // namespace gk::programs
