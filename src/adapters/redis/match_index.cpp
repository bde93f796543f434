#include "adapters/redis/match_index.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "base/value.hpp"

namespace gk::redis {
namespace {

constexpr std::size_t page = 1'000;
// A Redis that was away is noticed although nothing happens.
constexpr Milliseconds quiet_most = std::chrono::seconds(1);
constexpr Milliseconds pause_first = std::chrono::milliseconds(100);
constexpr Milliseconds pause_most = std::chrono::seconds(1);
constexpr std::uint32_t doublings_most = 4;
constexpr std::string_view session_seconds = "300";
constexpr Milliseconds renewed_every = std::chrono::seconds(100);

std::string name_of_player(const match::Ticket& ticket, const std::string& player) {
    return ticket.tenant == "default" ? player : ticket.tenant + "/" + player;
}

bool begins_to_wait(std::string_view what) { return what == "queued"; }

std::string event_text(const MatchEvent& event) {
    Value::Array players;
    for (const auto& player : event.players) players.emplace_back(player);
    auto value = Value::object({{"number", static_cast<std::int64_t>(event.number)},
                                {"event", event.what},
                                {"ticket", event.ticket.text()},
                                {"players", std::move(players)}});
    if (event.match) value.set("match", event.match->text());
    if (!event.detail.empty()) value.set("detail", event.detail);
    return to_json(value);
}

std::string unread(const StoreError& error) { return fmt::format("the store cannot be read: {}", error.detail); }

}  // namespace

MatchIndex::MatchIndex(boost::asio::any_io_executor loop, Clock& clock, Random& random, MatchStore& store, Options options)
    : clock_(clock),
      random_(random),
      store_(store),
      options_(std::move(options)),
      client_(std::move(loop), clock, options_.client) {}

std::string MatchIndex::key(std::string_view name) const { return fmt::format("{}{}", options_.prefix, name); }

std::string MatchIndex::list_of(const std::string& queue) const {
    return key(queue == options_.queue ? std::string("matchmaking_queue") : "matchmaking_queue:" + queue);
}

Task<void> MatchIndex::run() {
    const auto changed = store_.watch([this] { news_.raise(); });
    for (;;) {
        const auto ended = co_await fill_and_follow();
        client_.close();
        if (failures_++ == 0) log::warning("redis", "who waits and plays is not shown in Redis; matches go on", {{"detail", ended.error()}});
        co_await clock_.sleep(pause());
    }
}

// Not all at once when it comes back: others wait for it too.
Milliseconds MatchIndex::pause() {
    const auto longest = std::min(pause_first * (1 << std::min(failures_, doublings_most)), pause_most);
    std::array<std::uint8_t, 1> dice{};
    random_.fill(std::as_writable_bytes(std::span(dice)));
    return longest / 2 + longest * dice[0] / 512;
}

MatchIndex::Answer<Success> MatchIndex::fill_and_follow() {
    CO_TRY_OK(co_await client_.open());
    // Events are followed from before the first reading on: what happens meanwhile is shown twice rather than not at all.
    const auto after = co_await store_.last_event();
    if (!after) co_return std::unexpected(unread(after.error()));
    CO_TRY_OK(co_await fill());
    log::info("redis", "who waits and plays is shown in Redis", {{"sessions", sessions_.size()}});
    failures_ = 0;
    co_return co_await follow(*after);
}

MatchIndex::Answer<Success> MatchIndex::send(Commands commands) {
    if (commands.empty()) co_return Success{};
    CO_TRY_OK(co_await client_.run(std::move(commands)));
    co_return Success{};
}

// Made beside what is there, and put in its place whole: nobody sees half of it.
MatchIndex::Answer<Success> MatchIndex::fill() {
    CO_TRY_OK(co_await fill_queues());
    CO_TRY_OK(co_await fill_sessions());
    co_return Success{};
}

MatchIndex::Answer<Success> MatchIndex::fill_queues() {
    const auto records = co_await store_.queues();
    if (!records) co_return std::unexpected(unread(records.error()));
    for (const auto& record : *records) queues_.insert(record.name);
    Commands begin;
    for (const auto& queue : queues_) begin.add({"DEL", list_of(queue) + ":filling"});
    CO_TRY_OK(co_await send(std::move(begin)));
    std::set<std::string> filled;
    std::optional<TicketId> after;
    for (bool is_last = false; !is_last;) {
        const auto tickets = co_await store_.waiting(after, page);
        if (!tickets) co_return std::unexpected(unread(tickets.error()));
        Commands commands;
        for (const auto& ticket : *tickets) {
            add_waiting(ticket, commands);
            for (const auto& queue : ticket.queues) {
                filled.insert(queue);
                for (const auto& player : ticket.players) commands.add({"RPUSH", list_of(queue) + ":filling", name_of_player(ticket, player.id)});
            }
        }
        CO_TRY_OK(co_await send(std::move(commands)));
        is_last = tickets->size() < page;
        if (!is_last) after = tickets->back().id;
    }
    queues_.insert(filled.begin(), filled.end());
    Commands end;
    for (const auto& queue : queues_) {
        if (filled.contains(queue)) end.add({"RENAME", list_of(queue) + ":filling", list_of(queue)});
        else end.add({"DEL", list_of(queue)});
    }
    co_return co_await send(std::move(end));
}

MatchIndex::Answer<Success> MatchIndex::fill_sessions() {
    sessions_.clear();
    std::vector<std::string> ids{"SADD", key("active_sessions:filling")};
    MatchStore::MatchFilter filter;
    filter.tenant.clear();
    filter.live_only = true;
    filter.limit = page;
    Commands begin;
    begin.add({"DEL", ids[1]});
    CO_TRY_OK(co_await send(std::move(begin)));
    for (bool is_last = false; !is_last;) {
        const auto matches = co_await store_.matches(filter);
        if (!matches) co_return std::unexpected(unread(matches.error()));
        Commands commands;
        for (const auto& match : *matches) {
            if (match.state != match::MatchState::assigned || !match.server) continue;
            const Session session{.pod = match.server->name, .host = match.server->host, .port = std::to_string(match.server->port)};
            show_session(match.id, session, commands);
            commands.add({"SADD", ids[1], match.id.text()});
            sessions_.emplace(match.id, session);
        }
        CO_TRY_OK(co_await send(std::move(commands)));
        is_last = matches->size() < page;
        if (!is_last) filter.after = matches->back().id;
    }
    renew_at_ = clock_.now() + renewed_every;
    Commands end;
    if (sessions_.empty()) end.add({"DEL", key("active_sessions")});
    else end.add({"RENAME", key("active_sessions:filling"), key("active_sessions")});
    co_return co_await send(std::move(end));
}

MatchIndex::Answer<Success> MatchIndex::follow(std::uint64_t after) {
    for (;;) {
        CO_TRY(taken, co_await take_in(after));
        if (clock_.now() >= renew_at_) CO_TRY_OK(co_await renew_some());
        if (taken >= page) continue;
        auto news = news_.wait();
        const bool is_news = co_await async::finishes_by(clock_, clock_.now() + quiet_most, std::move(news));
        if (is_news) continue;
        Commands ping;
        ping.add({"PING"});
        CO_TRY_OK(co_await send(std::move(ping)));
    }
}

MatchIndex::Answer<std::size_t> MatchIndex::take_in(std::uint64_t& after) {
    MatchStore::EventFilter filter;
    filter.after = after;
    filter.limit = page;
    const auto events = co_await store_.events(filter);
    if (!events) co_return std::unexpected(unread(events.error()));
    if (events->empty()) co_return std::size_t{0};
    News news;
    for (const auto& event : *events) {
        news.touched.insert(event.ticket);
        if (begins_to_wait(event.what)) news.joined.insert(event.ticket);
        if (event.what == "put_back") news.put_back.insert(event.ticket);
        if (event.match) news.matches.insert(*event.match);
    }
    Commands commands;
    CO_TRY_OK(co_await show_tickets(news, commands));
    CO_TRY_OK(co_await show_matches(news, commands));
    for (const auto& event : *events) commands.add({"PUBLISH", key("match_events"), event_text(event)});
    CO_TRY_OK(co_await send(std::move(commands)));
    after = events->back().number;
    co_return events->size();
}

// What a ticket is now counts, not what its events say that it was.
MatchIndex::Answer<Success> MatchIndex::show_tickets(const News& news, Commands& commands) {
    std::vector<TicketId> ids(news.touched.begin(), news.touched.end());
    const auto tickets = co_await store_.tickets(std::move(ids));
    if (!tickets) co_return std::unexpected(unread(tickets.error()));
    for (const auto& ticket : *tickets) {
        const bool waits = ticket.state == match::TicketState::queued;
        const bool is_new = news.joined.contains(ticket.id), is_put_back = news.put_back.contains(ticket.id);
        if (waits && !is_new && !is_put_back) continue;
        for (const auto& queue : ticket.queues) {
            queues_.insert(queue);
            for (const auto& player : ticket.players) {
                const auto name = name_of_player(ticket, player.id);
                commands.add({"LREM", list_of(queue), "0", name});
                if (waits) commands.add({is_put_back ? "LPUSH" : "RPUSH", list_of(queue), name});
            }
        }
        if (waits) add_waiting(ticket, commands);
        for (const auto& player : ticket.players) {
            if (!waits) commands.add({"DEL", key("matchmaking:queued_at:") + name_of_player(ticket, player.id)});
        }
    }
    co_return Success{};
}

MatchIndex::Answer<Success> MatchIndex::show_matches(const News& news, Commands& commands) {
    for (const auto id : news.matches) {
        const auto match = co_await store_.match(id);
        if (!match && match.error().kind != StoreError::Kind::not_found) co_return std::unexpected(unread(match.error()));
        const auto text = id.text();
        if (match && match->state == match::MatchState::assigned && match->server) {
            const Session session{.pod = match->server->name, .host = match->server->host, .port = std::to_string(match->server->port)};
            show_session(id, session, commands);
            commands.add({"SADD", key("active_sessions"), text});
            sessions_.insert_or_assign(id, session);
        } else if (sessions_.erase(id) > 0) {
            commands.add({"SREM", key("active_sessions"), text});
            commands.add({"DEL", key("session:" + text + ":pod"), key("session:" + text + ":host"), key("session:" + text + ":port")});
        }
    }
    co_return Success{};
}

void MatchIndex::show_session(MatchId id, const Session& session, Commands& commands) const {
    const auto begin = "session:" + id.text();
    commands.add({"SET", key(begin + ":pod"), session.pod, "EX", session_seconds});
    commands.add({"SET", key(begin + ":host"), session.host, "EX", session_seconds});
    commands.add({"SET", key(begin + ":port"), session.port, "EX", session_seconds});
}

void MatchIndex::add_waiting(const match::Ticket& ticket, Commands& commands) const {
    const auto joined_at = std::chrono::floor<std::chrono::seconds>(ticket.joined_at).time_since_epoch().count();
    const auto left = std::chrono::ceil<std::chrono::seconds>(ticket.expires_at - clock_.now()).count();
    for (const auto& player : ticket.players) {
        commands.add({"SET", key("matchmaking:queued_at:") + name_of_player(ticket, player.id), std::to_string(joined_at), "EX",
                      std::to_string(std::max<std::int64_t>(left, 1))});
    }
}

// A match may last longer than its keys (S1-16).
MatchIndex::Answer<Success> MatchIndex::renew_some() {
    renew_at_ = clock_.now() + renewed_every;
    std::size_t shown = 0;
    Commands commands;
    for (const auto& [id, session] : sessions_) {
        show_session(id, session, commands);
        if (++shown % page != 0) continue;
        auto some = std::exchange(commands, Commands());
        CO_TRY_OK(co_await send(std::move(some)));
    }
    co_return co_await send(std::move(commands));
}

}  // namespace gk::redis
