#include "api/guard.hpp"
#include "api/match/match_context.hpp"
#include "api/reply.hpp"

namespace gk::api {
namespace {

Task<net::Response> visited(MatchContext& context, VisitorAction action, net::Request& request) {
    auto visitor = co_await visitor_of(context, request);
    if (!visitor) {
        log_failure(request, visitor.error());
        co_return problem_reply(visitor.error(), request);
    }
    auto outcome = co_await action(context, request, std::move(*visitor));
    if (outcome) co_return std::move(*outcome);
    log_failure(request, outcome.error());
    co_return problem_reply(outcome.error(), request);
}

}  // namespace

Task<Result<app::Visitor, app::Error>> visitor_of(MatchContext& context, const net::Request& request) {
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

void add_matchmaking_routes(net::Router& router, MatchContext& context) {
    add_ticket_routes(router, context);
    add_match_routes(router, context);
    add_queue_routes(router, context);
    add_fleet_routes(router, context);
    add_trace_routes(router, context);
}

}  // namespace gk::api
