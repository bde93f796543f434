#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "api/context.hpp"
#include "api/decode.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"
#include "app/edge/edge_desk.hpp"
#include "domain/front/wake_story.hpp"

namespace gk::api {
namespace {

std::string id_of(const net::Request& request) { return std::string(request.parameter("id")); }

// A cursor names the last server of the page before: "space/id".
std::string cursor_of(const server::Record& record) { return record.space + "/" + record.id; }

Result<std::pair<std::string, std::string>, app::Error> place_of(const std::string& cursor) {
    const auto slash = cursor.find('/');
    if (slash != std::string::npos) return std::pair(cursor.substr(0, slash), cursor.substr(slash + 1));
    return std::unexpected(foreign_cursor());
}

// GET /v1/servers
Task<Outcome> list_servers(Context& context, net::Request& request, app::Caller caller) {
    QueryReader query(request);
    auto space = query.name("namespace");
    const auto page = query.page();
    CO_TRY_OK(query.finish());
    CO_TRY(all, co_await context.servers.list(std::move(caller), std::move(space)));
    auto next = all.begin();
    if (!page.cursor.empty()) {
        CO_TRY(place, place_of(page.cursor));
        next = std::ranges::find_if(all, [&place](const auto& record) { return std::pair(record.space, record.id) > place; });
    }
    // Only what is on the page is looked at closely: observing a server costs more than reading its record.
    PageText items;
    std::string last;
    for (; next != all.end() && items.count() < page.limit; ++next) {
        last = cursor_of(*next);
        const auto view = co_await context.servers.view(std::move(*next));
        items.add(render(view, context.public_host));
    }
    co_return page_reply(std::move(items), next != all.end() ? last : "");
}

FieldError two_namespaces() {
    return {.pointer = "/namespace", .code = "not_allowed", .detail = "the query names another namespace; say one of them", .mark = {}};
}

// POST /v1/servers
Task<Outcome> create_server(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(once, idempotency_of(request));
    CO_TRY(space, space_of(request));
    app::CreateOrder begun;
    begun.space = space;
    CO_TRY(order, read_order(request.body, std::move(begun)));
    if (request.query("namespace") && order.space != space) order.unread.push_back(two_namespaces());
    CO_TRY(accepted, co_await context.servers.create(std::move(caller), std::move(order), std::move(once)));
    co_return co_await operation_reply(context, request, std::move(accepted));
}

// GET /v1/servers/{id}
Task<Outcome> show_server(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    CO_TRY(view, co_await context.servers.show(std::move(caller), std::move(space), id_of(request)));
    co_return json_reply(200, render(view, context.public_host));
}

// PATCH /v1/servers/{id}
Task<Outcome> patch_server(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    CO_TRY(order, read_order<app::PatchOrder>(request.body));
    CO_TRY(view, co_await context.servers.patch(std::move(caller), std::move(space), id_of(request), std::move(order)));
    co_return json_reply(200, render(view, context.public_host));
}

Task<Outcome> ask(Context& context, net::Request& request, app::Caller caller, std::string space, app::VerbOrder order) {
    CO_TRY(once, idempotency_of(request));
    CO_TRY(accepted, co_await context.servers.ask(std::move(caller), std::move(space), id_of(request), std::move(order), std::move(once)));
    co_return co_await operation_reply(context, request, std::move(accepted));
}

// DELETE /v1/servers/{id}
Task<Outcome> delete_server(Context& context, net::Request& request, app::Caller caller) {
    QueryReader query(request);
    auto space = query.space();
    app::VerbOrder order{.verb = server::Verb::remove, .force = query.name("force"), .purge = query.name("purge"), .snapshot = {}};
    CO_TRY_OK(query.finish());
    co_return co_await ask(context, request, std::move(caller), std::move(space), std::move(order));
}

// POST /v1/servers/{id}/start and its like.
template <server::Verb verb>
Task<Outcome> change_server(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    CO_TRY(body, read_body<ForceBody>(request.body));
    app::VerbOrder order{.verb = verb, .force = std::move(body.force), .purge = {}, .snapshot = {}};
    co_return co_await ask(context, request, std::move(caller), std::move(space), std::move(order));
}

// POST /v1/servers/{id}/restore
Task<Outcome> restore_server(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    CO_TRY(body, read_body<RestoreBody>(request.body));
    app::VerbOrder order{.verb = server::Verb::restore, .force = {}, .purge = {}, .snapshot = body.snapshot};
    co_return co_await ask(context, request, std::move(caller), std::move(space), std::move(order));
}

// POST /v1/servers/{id}/commands
Task<Outcome> send_command(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    CO_TRY(once, idempotency_of(request));
    CO_TRY(body, read_body<CommandBody>(request.body));
    app::Servers::CommandOrder order{.line = std::move(body.command), .epoch = context.tenure.epoch()};
    CO_TRY(reply, co_await context.servers.command(std::move(caller), std::move(space), id_of(request), std::move(order), std::move(once)));
    co_return json_reply(200, Value::object({{"reply", reply}}));
}

// What edges know of it is not in the record.
std::optional<std::string> story_of_wake(const Context& context, const server::Record& record) {
    const bool is_known = context.edge != nullptr && record.last_start;
    return front::wake_story(record, is_known ? context.edge->relayed_at(record.last_start->cause.trace) : std::nullopt);
}

// GET /v1/servers/{id}/explain
Task<Outcome> explain_server(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(space, space_of(request));
    CO_TRY(lines, co_await context.servers.explain(caller, space, id_of(request)));
    CO_TRY(view, co_await context.servers.show(std::move(caller), std::move(space), id_of(request)));
    // Behind what it is, and who started it.
    if (auto story = story_of_wake(context, view.record))
        lines.insert(lines.begin() + std::min<std::ptrdiff_t>(2, std::ssize(lines)), std::move(*story));
    co_return json_reply(200, Value::object({{"lines", Value::Array(lines.begin(), lines.end())}}));
}

// GET /v1/servers/{id}/snapshots
Task<Outcome> list_snapshots(Context& context, net::Request& request, app::Caller caller) {
    QueryReader query(request);
    auto space = query.space();
    const auto page = query.page();
    CO_TRY_OK(query.finish());
    CO_TRY(all, co_await context.servers.snapshots(std::move(caller), std::move(space), id_of(request)));
    const auto id = [](const vault::Snapshot& snapshot) { return snapshot.id.text(); };
    co_return list_reply(all, page, id, [](const vault::Snapshot& snapshot) { return render(snapshot); });
}

}  // namespace

void add_server_routes(net::Router& router, Context& context) {
    using enum net::Method;
    add_guarded(router, context, get, "/v1/servers", list_servers);
    add_guarded(router, context, post, "/v1/servers", create_server);
    add_guarded(router, context, get, "/v1/servers/{id}", show_server);
    add_guarded(router, context, patch, "/v1/servers/{id}", patch_server);
    add_guarded(router, context, del, "/v1/servers/{id}", delete_server);
    add_guarded(router, context, post, "/v1/servers/{id}/start", change_server<server::Verb::start>);
    add_guarded(router, context, post, "/v1/servers/{id}/pause", change_server<server::Verb::pause>);
    add_guarded(router, context, post, "/v1/servers/{id}/stop", change_server<server::Verb::stop>);
    add_guarded(router, context, post, "/v1/servers/{id}/restart", change_server<server::Verb::restart>);
    add_guarded(router, context, post, "/v1/servers/{id}/commands", send_command);
    add_guarded(router, context, get, "/v1/servers/{id}/explain", explain_server);
}

void add_snapshot_routes(net::Router& router, Context& context) {
    using enum net::Method;
    add_guarded(router, context, get, "/v1/servers/{id}/snapshots", list_snapshots);
    add_guarded(router, context, post, "/v1/servers/{id}/snapshots", change_server<server::Verb::backup>);
    add_guarded(router, context, post, "/v1/servers/{id}/restore", restore_server);
    add_guarded(router, context, post, "/v1/servers/{id}/restore/undo", change_server<server::Verb::restore_undo>);
}

}  // namespace gk::api
