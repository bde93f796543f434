#include "api/compat/old_route.hpp"

#include "api/guard.hpp"
#include "api/reply.hpp"
#include "base/text.hpp"

namespace gk::api::compat {
namespace {

// "localhost:8080" -> "localhost", "[::1]:8080" -> "[::1]".
std::string_view host_of(std::string_view authority) {
    const auto colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
    return has_port ? authority.substr(0, colon) : authority;
}

// Whoever may come without a key may be a web page in somebody's browser on this machine. A page of another site shows itself by its Origin; one
// whose name was made to point here (DNS rebinding), by the Host that it asks.
bool comes_from_a_web_page(const net::Request& request) {
    if (request.header("Origin")) return true;
    const auto host = host_of(request.header("Host").value_or(""));
    return !(host.empty() || host == "localhost" || host == "[::1]" || host.starts_with("127."));
}

Task<Outcome> answer(Compat& compat, const OldRoute& route, net::Request& request) {
    CO_TRY(caller, co_await old_caller_of(compat, request));
    // Some of these change things by GET.
    if (caller.only_reads) CO_TRY_OK(app::may(caller, app::Action::operate, caller.tenant));
    CO_TRY_OK(co_await await_admission(compat.api, request.method));
    co_return co_await route.action(compat, request, std::move(caller));
}

Task<net::Response> guarded(Compat& compat, OldRoute route, Refuse refuse, net::Request& request) {
    auto outcome = co_await answer(compat, route, request);
    if (outcome) co_return std::move(*outcome);
    log_failure(request, outcome.error());
    co_return refuse(outcome.error(), request, route.purpose);
}

Task<net::Response> describe(Compat& compat) { co_return json_reply(200, compat.description); }

}  // namespace

Task<Result<app::Caller, app::Error>> old_caller_of(const Compat& compat, const net::Request& request) {
    auto caller = co_await caller_of(compat.api, request);
    if (caller || !compat.options.anonymous || request.header("Authorization")) co_return caller;
    if (comes_from_a_web_page(request)) {
        co_return std::unexpected(app::Error{.kind = app::Error::Kind::forbidden,
                                             .code = "web_page",
                                             .message = "without a key only programs on this machine are let in, not web pages; send a key"});
    }
    co_return app::Caller{.name = std::string(anonymous)};
}

void add(net::Router& router, Compat& compat, std::span<const OldRoute> routes, Refuse refuse) {
    for (const auto& route : routes) {
        router.add({.method = route.method, .pattern = std::string(route.pattern), .handler = [&compat, route, refuse](net::Request& request) {
                        return guarded(compat, route, refuse, request);
                    }});
    }
}

void add_routes(net::Router& router, Compat& compat) {
    router.add({.method = net::Method::get, .pattern = "/openapi-originals.json", .handler = [&compat](net::Request&) { return describe(compat); }});
    add_seed000_server_routes(router, compat);
    add_seed000_file_routes(router, compat);
    add_seed000_other_routes(router, compat);
    add_seed001_routes(router, compat);
    add_seed002_routes(router, compat);
}

}  // namespace gk::api::compat
