#include "api/guard.hpp"

#include <fmt/format.h>

#include "api/reply.hpp"
#include "base/log.hpp"

namespace gk::api {
namespace {

constexpr Milliseconds takeover_wait = std::chrono::seconds(5);

app::Error unauthenticated(std::string message) {
    return {.kind = app::Error::Kind::unauthenticated, .code = "unauthenticated", .message = std::move(message)};
}

// Who has a token of somebody else's.
Task<Result<app::Caller, app::Error>> bearer_of(Identities& identities, Secret token) {
    auto found = co_await identities.identify(std::move(token));
    if (!found && found.error().kind == IdentityError::Kind::unknown) co_return std::unexpected(unauthenticated(std::move(found).error().detail));
    if (!found) {
        co_return std::unexpected(app::Error{.kind = app::Error::Kind::unavailable,
                                             .code = "identity_unknown",
                                             .message = "nobody can say at the moment whose token this is; try again",
                                             .detail = std::move(found).error().detail});
    }
    if (found->role == Identities::Role::none) {
        co_return std::unexpected(app::Error{
            .kind = app::Error::Kind::forbidden,
            .code = "forbidden",
            .message = fmt::format("{} is known, but was given no rights here: cluster.admins and cluster.readers say who has them", found->name)});
    }
    co_return app::Caller{.name = "user:" + found->name, .only_reads = found->role != Identities::Role::admin};
}

}  // namespace

Task<Result<app::Caller, app::Error>> caller_of(Context& context, const net::Request& request) {
    if (const auto header = request.header("Authorization")) {
        constexpr std::string_view scheme = "Bearer ";
        if (!header->starts_with(scheme)) co_return std::unexpected(unauthenticated("only 'Authorization: Bearer gk_...' is understood"));
        std::string token(header->substr(scheme.size()));
        if (context.identities == nullptr || token.starts_with("gk_")) co_return co_await context.accounts.identify(std::move(token));
        co_return co_await bearer_of(*context.identities, Secret(std::move(token)));
    }
    // The kernel vouches for the peer of a Unix socket.
    if (request.peer.uid && (*request.peer.uid == 0 || *request.peer.uid == context.owner_uid)) {
        co_return app::Caller{.name = *request.peer.uid == 0 ? std::string("local:root") : fmt::format("local:{}", *request.peer.uid)};
    }
    co_return std::unexpected(unauthenticated(
        "a key is needed: send 'Authorization: Bearer gk_...'; the first one is in admin.key in the state folder, in a cluster in the "
        "Secret gamekeeper-admin"));
}

Task<Result<Success, app::Error>> await_admission(Context& context, net::Method method) {
    if (method == net::Method::get || method == net::Method::head) co_return Success{};
    if (co_await context.admission.opens_by(context.clock, context.clock.now() + takeover_wait)) co_return Success{};
    co_return std::unexpected(
        app::Error{.kind = app::Error::Kind::unavailable,
                   .code = "not_ready",
                   .message = "Gamekeeper is still starting: nothing was changed; try again. GET /readyz says what it waits for"});
}

void log_failure(const net::Request& request, const app::Error& error) {
    if (error.detail.empty()) return;
    log::warning("api", "request failed", {{"request", request.id}, {"code", error.code}, {"detail", error.detail}});
}

namespace {

// Whatever a route does later: who only reads comes no further than to what reads.
Result<Success, app::Error> may_use(const app::Caller& caller, net::Method method) {
    if (!caller.only_reads || method == net::Method::get || method == net::Method::head) return Success{};
    return app::may(caller, app::Action::operate, caller.tenant);
}

Task<net::Response> guarded(Context& context, Action action, net::Request& request) {
    auto caller = co_await caller_of(context, request);
    if (!caller) {
        log_failure(request, caller.error());
        co_return problem_reply(caller.error(), request);
    }
    if (const auto allowed = may_use(*caller, request.method); !allowed) co_return problem_reply(allowed.error(), request);
    if (const auto ready = co_await await_admission(context, request.method); !ready) co_return problem_reply(ready.error(), request);
    auto outcome = co_await action(context, request, std::move(*caller));
    if (outcome) co_return std::move(*outcome);
    log_failure(request, outcome.error());
    co_return problem_reply(outcome.error(), request);
}

}  // namespace

void add_guarded(net::Router& router, Context& context, net::Method method, std::string pattern, Action action) {
    router.add({.method = method, .pattern = std::move(pattern), .handler = [&context, action](net::Request& request) {
                    return guarded(context, action, request);
                }});
}

void add_routes(net::Router& router, Context& context) {
    add_system_routes(router, context);
    add_catalog_routes(router, context);
    add_server_routes(router, context);
    add_snapshot_routes(router, context);
    add_log_routes(router, context);
    add_node_routes(router, context);
    add_edge_routes(router, context);
    add_notice_routes(router, context);
    add_operation_routes(router, context);
    add_event_routes(router, context);
    add_key_routes(router, context);
}

}  // namespace gk::api
