#pragma once

#include "api/context.hpp"
#include "api/match/match_owner.hpp"
#include "app/fleet/fleet_orders.hpp"
#include "app/match/feed.hpp"
#include "app/match/matches.hpp"
#include "app/match/matchmaker.hpp"
#include "app/match/queues.hpp"
#include "app/match/tickets.hpp"
#include "net/http/router.hpp"

// The routes of matchmaking (contract section 11 and docs/guide/matches.md).
namespace gk::api {

// What they work with. Made by the program, outlives every request.
struct MatchContext {
    Context& api;
    app::Tickets& tickets;
    app::Matches& matches;
    app::Queues& queues;
    app::FleetOrders& fleets;
    app::Matchmaker& maker;
    app::Feed& feed;
    MatchStore& store;
    MatchOwner* owner = nullptr;  // Null: no other control plane makes the matches.
};

// `context` must outlive the router.
void add_matchmaking_routes(net::Router& router, MatchContext& context);

using VisitorAction = Task<Outcome> (*)(MatchContext&, net::Request&, app::Visitor);
// A route for those with a key, and for players with the token that they were given when they joined.
void add_visited(net::Router& router, MatchContext& context, net::Method method, std::string pattern, VisitorAction action);
// The same for what only the control plane knows that makes the matches: any other one asks it. While it does not answer, `or_here` answers with what
// is known here, else the reply is 503.
enum class WhenNobodyAnswers : std::uint8_t { unavailable, or_here };
void add_asked(net::Router& router, MatchContext& context, net::Method method, std::string pattern, VisitorAction action,
               WhenNobodyAnswers otherwise);
// Who asks.
Task<Result<app::Visitor, app::Error>> visitor_of(MatchContext& context, const net::Request& request);

// Each folder of routes adds its own; add_matchmaking_routes() calls them all.
void add_ticket_routes(net::Router& router, MatchContext& context);
void add_match_routes(net::Router& router, MatchContext& context);
void add_queue_routes(net::Router& router, MatchContext& context);
void add_fleet_routes(net::Router& router, MatchContext& context);
void add_trace_routes(net::Router& router, MatchContext& context);

Value render(const app::TicketView& view);
Value render(const gk::match::Match& match);
Value render(const QueueRecord& queue);

}  // namespace gk::api
