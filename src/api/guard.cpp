#include "api/guard.hpp"

#include <fmt/format.h>

#include "api/reply.hpp"
#include "base/log.hpp"

namespace gk::api {
namespace {

constexpr Milliseconds takeover_wait = std::chrono::seconds(5);

}  // namespace

Result<app::Caller, app::Error> caller_of(const Context& context, const net::Request& request) {
    if (const auto header = request.header("Authorization")) {
        constexpr std::string_view scheme = "Bearer ";
        if (!header->starts_with(scheme)) {
            return std::unexpected(app::Error{.kind = app::Error::Kind::unauthenticated,
                                              .code = "unauthenticated",
                                              .message = "only 'Authorization: Bearer gk_...' is understood"});
        }
        return context.accounts.authenticate(header->substr(scheme.size()));
    }
    // The kernel vouches for the peer of a Unix socket.
    if (request.peer.uid && (*request.peer.uid == 0 || *request.peer.uid == context.owner_uid)) {
        return app::Caller{.name = *request.peer.uid == 0 ? std::string("local:root") : fmt::format("local:{}", *request.peer.uid)};
    }
    return std::unexpected(
        app::Error{.kind = app::Error::Kind::unauthenticated,
                   .code = "unauthenticated",
                   .message = "a key is needed: send 'Authorization: Bearer gk_...'; the first one is in admin.key in the state folder"});
}

Task<Result<Success, app::Error>> await_keeper(Context& context, net::Method method) {
    if (method == net::Method::get || method == net::Method::head) co_return Success{};
    if (co_await context.tenure.begins_by(context.clock, context.clock.now() + takeover_wait)) co_return Success{};
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

Task<net::Response> guarded(Context& context, Action action, net::Request& request) {
    auto caller = caller_of(context, request);
    if (!caller) co_return problem_reply(caller.error(), request);
    if (const auto ready = co_await await_keeper(context, request.method); !ready) co_return problem_reply(ready.error(), request);
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
    add_operation_routes(router, context);
    add_event_routes(router, context);
    add_key_routes(router, context);
}

}  // namespace gk::api
