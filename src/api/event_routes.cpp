#include <charconv>

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
constexpr Milliseconds log_poll = Milliseconds(200);

std::string sse(const Event& event) { return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.number, event.type, to_json(render(event))); }

// Sends what is in the outbox behind `number`, then what comes, until the client is gone.
Task<void> send_events(Context& context, std::uint64_t number, std::string server, net::Stream& out) {
    async::Signal appended;
    const auto watch = context.ledger.watch_events([&appended] { appended.raise(); });
    for (;;) {
        auto events = co_await context.ledger.events_after(number, batch);
        if (!events) co_return;
        std::string text;
        for (const auto& event : *events) {
            number = event.number;
            if (server.empty() || event.server_id == server) text += sse(event);
        }
        if (!text.empty() && !co_await out.write(std::move(text))) co_return;
        if (events->size() == batch) continue;
        auto waiting = appended.wait();
        const bool heard = co_await async::finishes_by(context.clock, context.clock.now() + heartbeat, std::move(waiting));
        if (!heard && !co_await out.write(": still here\n\n")) co_return;
    }
}

// GET /v1/events
Task<Outcome> events(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(app::may(caller, app::Action::read, caller.tenant));
    std::uint64_t number = 0;
    if (const auto last = request.header("Last-Event-ID")) {
        const auto [end, error] = std::from_chars(last->data(), last->data() + last->size(), number);
        if (error != std::errc() || end != last->data() + last->size()) {
            co_return std::unexpected(
                app::invalid({{.pointer = "/header/Last-Event-ID", .code = "bad_format", .detail = "the id of an event is a number", .mark = {}}}));
        }
    }
    const std::string server(request.query("server").value_or(""));
    co_return net::Response::streaming("text/event-stream",
                                       [&context, number, server](net::Stream& out) { return send_events(context, number, server, out); });
}

struct LogOrder {
    ServerUid uid;
    std::uint64_t cursor = 0;
    bool follow = false;
    std::string match;
};

Task<void> send_log(Context& context, LogOrder order, net::Stream& out) {
    for (;;) {
        auto lines = co_await context.runtime.logs(order.uid, order.cursor, batch);
        if (!lines) co_return;
        std::string text;
        for (const auto& line : *lines) {
            order.cursor = line.cursor;
            if (!order.match.empty() && !line.line.contains(order.match)) continue;
            append_json(text, render(line));
            text += '\n';
        }
        if (!text.empty() && !co_await out.write(std::move(text))) co_return;
        if (!lines->empty()) continue;
        if (!order.follow) co_return;
        co_await context.clock.sleep(log_poll);
    }
}

// GET /v1/servers/{id}/logs
Task<Outcome> logs(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(record, co_await context.servers.find(std::move(caller), space_of(request), std::string(request.parameter("id"))));
    CO_TRY(cursor, number_in_query(request, "cursor", 0, INT64_MAX, 0));
    CO_TRY(tail, number_in_query(request, "tail", 0, 10000, -1));
    LogOrder order{.uid = record.uid,
                   .cursor = static_cast<std::uint64_t>(cursor),
                   .follow = request.query("follow").value_or("") == "true",
                   .match = std::string(request.query("match").value_or(""))};
    if (tail >= 0 && !request.query("cursor")) {
        auto from_end = co_await context.runtime.log_cursor_from_end(record.uid, static_cast<std::size_t>(tail));
        if (from_end) order.cursor = *from_end;
    }
    co_return net::Response::streaming("application/x-ndjson", [&context, order](net::Stream& out) { return send_log(context, order, out); });
}

}  // namespace

void add_event_routes(net::Router& router, Context& context) { add_guarded(router, context, net::Method::get, "/v1/events", events); }
void add_log_routes(net::Router& router, Context& context) { add_guarded(router, context, net::Method::get, "/v1/servers/{id}/logs", logs); }

}  // namespace gk::api
