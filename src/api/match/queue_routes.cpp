#include <fmt/format.h>

#include "api/decode.hpp"
#include "api/match/match_context.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"
#include "app/match/queue_statistics.hpp"
#include "ports/match_codec.hpp"

namespace gk::app {

// {game?, fleet?, rules, ticket_ttl?, silence?, acceptance?, join_tokens?, rating?: {model?, attribute?}}
bool decode(const Value& value, const std::string& pointer, Errors& errors, QueueOrder& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("game", out.game);
    in.optional("fleet", out.fleet);
    in.required("rules", out.rules);
    in.optional("ticket_ttl", out.ticket_ttl);
    in.optional("silence", out.silence);
    in.optional("acceptance", out.acceptance);
    in.optional("join_tokens", out.join_tokens);
    in.optional("rating", out.rating);
    return in.finish();
}

}  // namespace gk::app
namespace gk::api {

Value render(const QueueRecord& queue) {
    return Value::object({{"name", queue.name},
                          {"game", queue.game},
                          {"fleet", queue.fleet.empty() ? Value() : Value(queue.fleet)},
                          {"rules", queue.rules},
                          {"shadow", queue.shadow ? *queue.shadow : Value()},
                          {"ticket_ttl", duration_text(queue.ticket_ttl)},
                          {"silence", duration_text(queue.silence)},
                          {"acceptance", duration_text(queue.acceptance)},
                          {"join_tokens", queue.join_tokens},
                          {"rating", to_value(queue.rating)},
                          {"generation", static_cast<std::int64_t>(queue.generation)}});
}

namespace {

// Averages; null where nothing is to be averaged.
Value averages_of(const app::Shadow::Tally& tally, bool has_spread) {
    const auto mean = [](double sum, std::uint64_t count) { return count == 0 ? Value() : Value(sum / static_cast<double>(count)); };
    const auto waited = [&] { return tally.players == 0 ? Value() : Value(duration_text(tally.waited / static_cast<std::int64_t>(tally.players))); };
    return Value::object({{"matches", static_cast<std::int64_t>(tally.matches)},
                          {"players", static_cast<std::int64_t>(tally.players)},
                          {"mean_wait", waited()},
                          {"mean_quality", mean(tally.quality, tally.matches)},
                          {"mean_spread", has_spread ? mean(tally.spread, tally.matches) : Value()}});
}

Value comparison_of(const app::Shadow::Report& report) {
    const bool has_spread = !report.attribute.empty();
    return Value::object({{"since", rfc3339(report.since)},
                          {"spread_of", has_spread ? Value(report.attribute) : Value()},
                          {"made", averages_of(report.made, has_spread)},
                          {"would_make", averages_of(report.would_make, has_spread)},
                          {"would_wait", static_cast<std::int64_t>(report.waiting)}});
}

Value value_of(const app::QueueStatistics::Window& window, std::optional<std::uint64_t> expired) {
    const auto wait = [](const std::optional<Milliseconds>& time) { return time ? Value(duration_text(*time)) : Value(); };
    auto failed = Value::object();
    for (const auto& [reason, count] : window.failed) failed.set(reason, static_cast<std::int64_t>(count));
    return Value::object({{"since", rfc3339(window.since)},
                          {"made", static_cast<std::int64_t>(window.made)},
                          {"live", static_cast<std::int64_t>(window.live)},
                          {"failed", std::move(failed)},
                          {"expired", expired ? Value(static_cast<std::int64_t>(*expired)) : Value()},
                          {"wait_p50", wait(window.wait_p50)},
                          {"wait_p95", wait(window.wait_p95)}});
}

Value waiting_in(const MatchContext& context, const std::string& queue) {
    const auto waiting = context.maker.waiting(queue);
    return waiting ? Value(static_cast<std::int64_t>(*waiting)) : Value();
}

std::string name_of_queue(const net::Request& request) { return std::string(request.parameter("queue")); }

// PUT /v1/queues/{queue}
Task<Outcome> put_queue(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    app::QueueOrder begun;
    begun.name = name_of_queue(request);
    CO_TRY(order, read_order(request.body, std::move(begun)));
    CO_TRY(stored, co_await context.queues.put(std::move(visitor.caller), std::move(order)));
    co_return json_reply(stored.is_new ? 201 : 200, render(stored.queue));
}

// GET /v1/queues/{queue}
Task<Outcome> show_queue(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(queue, co_await context.queues.find(visitor.caller, name_of_queue(request)));
    CO_TRY(statistics, co_await app::statistics_of(context.store, visitor.caller.tenant, queue.name, context.api.clock.now()));
    auto shown = render(queue);
    shown.set("waiting", waiting_in(context, queue.name));
    const auto now = context.api.clock.now();
    const auto expired = [&](Milliseconds time) { return context.maker.expired(queue.name, now - time); };
    shown.set("statistics", Value::object({{"5m", value_of(statistics.five_minutes, expired(std::chrono::minutes(5)))},
                                           {"1h", value_of(statistics.hour, expired(std::chrono::hours(1)))}}));
    const auto compared = context.maker.shadow(queue.name);
    shown.set("comparison", compared ? comparison_of(*compared) : Value());
    co_return json_reply(200, shown);
}

// GET /v1/queues
Task<Outcome> list_queues(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY(page, page_of(request));
    CO_TRY(all, co_await context.queues.list(std::move(visitor.caller)));
    const auto name = [](const QueueRecord& queue) { return queue.name; };
    co_return list_reply(all, page, name, [&context](const QueueRecord& queue) {
        auto shown = render(queue);
        shown.set("waiting", waiting_in(context, queue.name));
        return shown;
    });
}

// DELETE /v1/queues/{queue}
Task<Outcome> remove_queue(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY_OK(co_await context.queues.remove(std::move(visitor.caller), name_of_queue(request)));
    co_return net::Response{.status = 204};
}

// PUT /v1/queues/{queue}/rules: with ?shadow=true beside those that count; with ?shadow=false and no body the ones beside begin to count.
Task<Outcome> put_rules(MatchContext& context, net::Request& request, app::Visitor visitor) {
    QueryReader query(request);
    const bool is_said = query.has("shadow");
    const bool is_shadow = query.flag("shadow");
    CO_TRY_OK(query.finish());
    auto name = name_of_queue(request);
    if (is_said && !is_shadow && request.body.empty()) {
        CO_TRY(queue, co_await context.queues.promote(std::move(visitor.caller), std::move(name)));
        co_return json_reply(200, render(queue));
    }
    CO_TRY(rules, parse_body(request.body));
    if (is_shadow) {
        std::optional<Value> shadow(std::move(rules));
        CO_TRY(queue, co_await context.queues.shadow(std::move(visitor.caller), std::move(name), std::move(shadow)));
        co_return json_reply(200, render(queue));
    }
    CO_TRY(queue, co_await context.queues.put_rules(std::move(visitor.caller), std::move(name), std::move(rules)));
    co_return json_reply(200, render(queue));
}

// DELETE /v1/queues/{queue}/rules?shadow=true
Task<Outcome> end_shadow(MatchContext& context, net::Request& request, app::Visitor visitor) {
    QueryReader query(request);
    const bool is_shadow = query.flag("shadow");
    CO_TRY_OK(query.finish());
    if (!is_shadow) {
        constexpr auto cure = "only rules that are tried can be removed: say shadow=true, or change those that count by PUT";
        co_return std::unexpected(app::invalid({{.pointer = "/query/shadow", .code = "required", .detail = cure, .mark = {}}}));
    }
    std::optional<Value> none;
    CO_TRY(queue, co_await context.queues.shadow(std::move(visitor.caller), name_of_queue(request), std::move(none)));
    co_return json_reply(200, render(queue));
}

// GET /v1/queues/{queue}/ratings/{player}
Task<Outcome> show_rating(MatchContext& context, net::Request& request, app::Visitor visitor) {
    CO_TRY_OK(no_query(request));
    CO_TRY(queue, co_await context.queues.find(visitor.caller, name_of_queue(request)));
    CO_TRY(rating, co_await context.matches.rating(std::move(visitor), queue.name, std::string(request.parameter("player"))));
    co_return json_reply(200, to_value(rating));
}

}  // namespace

void add_queue_routes(net::Router& router, MatchContext& context) {
    using enum net::Method;
    add_asked(router, context, get, "/v1/queues", list_queues, WhenNobodyAnswers::or_here);
    add_visited(router, context, put, "/v1/queues/{queue}", put_queue);
    add_asked(router, context, get, "/v1/queues/{queue}", show_queue, WhenNobodyAnswers::or_here);
    add_visited(router, context, del, "/v1/queues/{queue}", remove_queue);
    add_visited(router, context, put, "/v1/queues/{queue}/rules", put_rules);
    add_visited(router, context, del, "/v1/queues/{queue}/rules", end_shadow);
    add_visited(router, context, get, "/v1/queues/{queue}/ratings/{player}", show_rating);
}

}  // namespace gk::api
