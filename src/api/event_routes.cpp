#include <memory>
#include <optional>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "api/context.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"
#include "async/deadline.hpp"
#include "async/signal.hpp"

namespace gk::api {
namespace {

constexpr Milliseconds heartbeat = std::chrono::seconds(15);
constexpr std::size_t batch = 100;
constexpr std::int64_t tail_max = 10000;
constexpr std::size_t lines_at_once = 10000;  // A reader has at most one call's lines in memory; the runtime bounds their bytes.

std::string sse(const Event& event) { return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.number, event.type, to_json(render(event))); }

// Where a subscriber begins, of whose servers it may hear, and of which one it wants to.
struct EventOrder {
    std::uint64_t number = 0;
    std::string tenant;
    std::string space;  // Empty: every one.
    std::optional<ServerUid> server;

    bool covers(const Event& event) const {
        return event.tenant == tenant && (space.empty() || event.space == space) && (!server || event.server == server);
    }
};

// Sends what is in the outbox behind the number, then what comes, until the client is gone.
Task<void> send_events(Context& context, EventOrder order, net::Stream& out) {
    async::Signal appended;
    const auto watch = context.ledger.watch_events([&appended] { appended.raise(); });
    for (;;) {
        auto events = co_await context.ledger.events_after(order.number, batch);
        if (!events) co_return;
        std::string text;
        for (const auto& event : *events) {
            order.number = event.number;
            if (order.covers(event)) text += sse(event);
        }
        if (!text.empty() && !co_await out.write(std::move(text))) co_return;
        if (events->size() == batch) continue;
        auto waiting = appended.wait();
        const bool heard = co_await async::finishes_by(context.clock, context.clock.now() + heartbeat, std::move(waiting));
        if (!heard && !co_await out.write(": still here\n\n")) co_return;
    }
}

// Of the newest event there is, found page by page: a new subscriber hears of what comes, not of what was.
Task<Result<std::uint64_t, app::Error>> newest_number(Context& context) {
    constexpr std::size_t page = 1000;
    std::uint64_t number = 0;
    for (;;) {
        auto events = co_await context.ledger.events_after(number, page);
        if (!events) co_return std::unexpected(app::from(events.error()));
        if (!events->empty()) number = events->back().number;
        if (events->size() < page) co_return number;
    }
}

// GET /v1/events
Task<Outcome> events(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(app::may(caller, app::Action::read, caller.tenant));
    QueryReader query(request);
    const auto server = query.name("server");
    EventOrder order{.number = 0, .tenant = caller.tenant, .space = query.name("namespace"), .server = {}};
    CO_TRY_OK(query.finish());
    CO_TRY(last, last_event_id(request));
    if (!server.empty()) {
        CO_TRY(record, co_await context.servers.find(std::move(caller), order.space.empty() ? std::string("default") : order.space, server));
        order.server = record.uid;
    }
    if (last) {
        order.number = *last;
    } else {
        CO_TRY(newest, co_await newest_number(context));
        order.number = newest;
    }
    co_return net::Response::streaming("text/event-stream", [&context, order](net::Stream& out) { return send_events(context, order, out); });
}

// What a reader of a log wants, and where it is.
struct LogOrder {
    app::Caller caller;
    std::string space, id;
    ServerUid uid;
    std::uint64_t cursor = 0;
    std::string match;
};

// Wakes who follows a log: it may have grown, or its server may be gone. Ends with the last copy of its pointer.
struct LogBell {
    async::Signal news;
    std::shared_ptr<void> log, record;
    std::shared_ptr<void> console;  // As long as somebody reads.
};

Result<std::shared_ptr<LogBell>, app::Error> bell_for(Context& context, ServerUid uid) {
    auto bell = std::make_shared<LogBell>();
    // The watches must not keep the bell, which keeps them.
    auto log = context.runtime.watch_log(uid, [ringing = bell.get()] { ringing->news.raise(); });
    if (!log) return std::unexpected(app::from(log.error()));
    bell->log = std::move(*log);
    if (context.attendance != nullptr) bell->console = context.attendance->open_console(uid);
    bell->record = context.servers.watch(uid, [ringing = bell.get()] { ringing->news.raise(); });
    return bell;
}

// Lets other tasks run: a search through a long log that finds nothing writes nothing, and so waits for nobody.
Task<void> give_way() {
    const auto loop = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(loop, boost::asio::use_awaitable);
}

Task<bool> is_there(Context& context, const LogOrder& order) {
    const auto record = co_await context.servers.find(order.caller, order.space, order.id);
    co_return record.has_value() && record->uid == order.uid;
}

// Sends the lines behind the cursor; with a bell also those that come, of this run and of later ones, until the server is deleted or the
// client is gone. A slow client holds up nothing but its own reading: lines wait in the log's files, not here.
Task<void> send_log(Context& context, LogOrder order, std::shared_ptr<LogBell> bell, net::Stream& out) {
    for (;;) {
        auto lines = co_await context.runtime.logs(order.uid, order.cursor, lines_at_once);
        if (!lines && !bell) co_return;
        // Who follows waits for the next run: on a cluster the log of a game that was stopped is out of reach.
        if (!lines) lines.emplace();
        std::string text;
        for (const auto& line : *lines) {
            order.cursor = line.cursor;
            if (!line.line.contains(order.match)) continue;
            append_json(text, render(line));
            text += '\n';
        }
        if (!text.empty() && !co_await out.write(std::move(text))) co_return;
        if (!lines->empty()) {
            co_await give_way();
            continue;
        }
        if (!bell || !co_await is_there(context, order)) co_return;
        co_await bell->news.wait();
    }
}

// GET /v1/servers/{id}/logs
Task<Outcome> logs(Context& context, net::Request& request, app::Caller caller) {
    QueryReader query(request);
    LogOrder order{.caller = std::move(caller),
                   .space = query.space(),
                   .id = std::string(request.parameter("id")),
                   .uid = {},
                   .cursor = static_cast<std::uint64_t>(query.number("cursor", 0, INT64_MAX).value_or(0)),
                   .match = query.text("match")};
    const auto tail = query.number("tail", 0, tail_max);
    const bool follow = query.flag("follow");
    if (tail && query.has("cursor"))
        query.fail("tail", "not_allowed", "lines begin either behind a cursor or so many before the end; say one of them");
    CO_TRY_OK(query.finish());
    CO_TRY(record, co_await context.servers.find(order.caller, order.space, order.id));
    order.uid = record.uid;
    if (tail) {
        auto from_end = co_await context.runtime.log_cursor_from_end(record.uid, static_cast<std::size_t>(*tail));
        if (!from_end) co_return std::unexpected(app::from(from_end.error()));
        order.cursor = *from_end;
    }
    std::shared_ptr<LogBell> bell;
    if (follow) {
        CO_TRY(made, bell_for(context, record.uid));
        bell = std::move(made);
    }
    co_return net::Response::streaming("application/x-ndjson",
                                       [&context, order, bell](net::Stream& out) { return send_log(context, order, bell, out); });
}

}  // namespace

void add_event_routes(net::Router& router, Context& context) { add_guarded(router, context, net::Method::get, "/v1/events", events); }
void add_log_routes(net::Router& router, Context& context) { add_guarded(router, context, net::Method::get, "/v1/servers/{id}/logs", logs); }

}  // namespace gk::api
