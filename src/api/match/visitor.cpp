#include "api/guard.hpp"
#include "api/match/match_context.hpp"
#include "api/reply.hpp"

namespace gk::api {
namespace {

net::Response refusal(const net::Request& request, const app::Error& error) {
    log_failure(request, error);
    return problem_reply(error, request);
}

Task<net::Response> act(MatchContext& context, VisitorAction action, net::Request& request, app::Visitor visitor) {
    auto outcome = co_await action(context, request, std::move(visitor));
    if (outcome) co_return std::move(*outcome);
    co_return refusal(request, outcome.error());
}

Task<net::Response> visited(MatchContext& context, VisitorAction action, net::Request& request) {
    auto visitor = co_await visitor_of(context, request);
    if (!visitor) co_return refusal(request, visitor.error());
    co_return co_await act(context, action, request, std::move(*visitor));
}

// Whoever was asked by another one answers as it can: it may have just lost the office, and nobody is sent round in circles.
Task<net::Response> asked(MatchContext& context, VisitorAction action, net::Request& request, WhenNobodyAnswers otherwise) {
    auto visitor = co_await visitor_of(context, request);
    if (!visitor) co_return refusal(request, visitor.error());
    if (context.owner != nullptr && !context.maker.is_at_work() && !MatchOwner::is_asked_by_another(request)) {
        auto answer = co_await context.owner->ask(request, *visitor);
        if (answer) co_return std::move(*answer);
        if (otherwise == WhenNobodyAnswers::unavailable) co_return refusal(request, answer.error());
        log_failure(request, answer.error());
    }
    co_return co_await act(context, action, request, std::move(*visitor));
}

}  // namespace

Task<Result<app::Visitor, app::Error>> visitor_of(MatchContext& context, const net::Request& request) {
    if (context.owner != nullptr && MatchOwner::is_asked_by_another(request)) co_return context.owner->visitor_of(request);
    constexpr std::string_view scheme = "Bearer ";
    const auto header = request.header("Authorization");
    if (header && header->starts_with(scheme)) {
        if (auto player = context.tickets.visitor_of(header->substr(scheme.size()))) co_return std::move(*player);
    }
    CO_TRY(caller, co_await caller_of(context.api, request));
    co_return app::Visitor{.caller = std::move(caller), .player = {}};
}

void add_visited(net::Router& router, MatchContext& context, net::Method method, std::string pattern, VisitorAction action) {
    router.add({.method = method, .pattern = std::move(pattern), .handler = [&context, action](net::Request& request) {
                    return visited(context, action, request);
                }});
}

void add_asked(net::Router& router, MatchContext& context, net::Method method, std::string pattern, VisitorAction action,
               WhenNobodyAnswers otherwise) {
    router.add({.method = method, .pattern = std::move(pattern), .handler = [&context, action, otherwise](net::Request& request) {
                    return asked(context, action, request, otherwise);
                }});
}

void add_matchmaking_routes(net::Router& router, MatchContext& context) {
    add_ticket_routes(router, context);
    add_match_routes(router, context);
    add_queue_routes(router, context);
    add_fleet_routes(router, context);
    add_trace_routes(router, context);
}

}  // namespace gk::api
