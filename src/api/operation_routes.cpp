#include "api/context.hpp"
#include "api/decode.hpp"
#include "api/render.hpp"
#include "api/reply.hpp"

namespace gk::api {
namespace {

// GET /v1/operations
Task<Outcome> list_operations(Context& context, net::Request& request, app::Caller caller) {
    QueryReader query(request);
    const auto page = query.page();
    const auto server = query.name("server");
    auto space = query.name("namespace");
    CO_TRY_OK(query.finish());
    Ledger::OperationFilter filter;
    filter.limit = page.limit + 1;  // One more tells whether there is a next page.
    if (!page.cursor.empty()) {
        filter.after = OperationId::parse(page.cursor);
        if (!filter.after) co_return std::unexpected(foreign_cursor());
    }
    if (!server.empty()) {
        CO_TRY(record, co_await context.servers.find(caller, space.empty() ? std::string("default") : space, server));
        filter.server = record.uid;
    }
    CO_TRY(found, co_await context.servers.operations(std::move(caller), filter, std::move(space)));
    const bool more = found.size() > page.limit;
    if (more) found.pop_back();
    PageText items;
    for (const auto& operation : found) items.add(render(operation));
    co_return page_reply(std::move(items), more ? found.back().id.text() : "");
}

// GET /v1/operations/{operation}
Task<Outcome> show_operation(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    const auto id = OperationId::parse(request.parameter("operation"));
    if (!id) co_return std::unexpected(app::not_found("there is no such operation"));
    CO_TRY(operation, co_await context.servers.operation(std::move(caller), *id));
    const auto now = co_await await_operation(context, std::move(operation), wait_of(request));
    co_return json_reply(200, render(now));
}

Value render(const ApiKey& key) {
    return Value::object({{"id", key.id.text()},
                          {"name", key.name},
                          {"scope", name_of(key.scope)},
                          {"created_at", rfc3339(key.created_at)},
                          {"revoked_at", key.revoked_at ? Value(rfc3339(*key.revoked_at)) : Value()}});
}

// GET /v1/keys
Task<Outcome> list_keys(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(page, page_of(request));
    CO_TRY(keys, co_await context.accounts.list(std::move(caller)));
    co_return list_reply(keys, page, [](const ApiKey& key) { return key.id.text(); }, [](const ApiKey& key) { return render(key); });
}

// POST /v1/keys
Task<Outcome> create_key(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(once, idempotency_of(request));
    CO_TRY(body, read_body<KeyBody>(request.body));
    CO_TRY(created, co_await context.accounts.create(std::move(caller), std::move(body.name), body.scope, std::move(once)));
    co_return json_reply(201, Value::object({{"id", created.key.id.text()},
                                             {"name", created.key.name},
                                             {"scope", name_of(created.key.scope)},
                                             {"created_at", rfc3339(created.key.created_at)},
                                             {"key", created.text.reveal()}}));
}

// DELETE /v1/keys/{key}
Task<Outcome> revoke_key(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    const auto id = KeyId::parse(request.parameter("key"));
    if (!id) co_return std::unexpected(app::not_found("there is no such key"));
    CO_TRY_OK(co_await context.accounts.revoke(std::move(caller), *id));
    net::Response reply;
    reply.status = 204;
    co_return reply;
}

}  // namespace

void add_operation_routes(net::Router& router, Context& context) {
    add_guarded(router, context, net::Method::get, "/v1/operations", list_operations);
    add_guarded(router, context, net::Method::get, "/v1/operations/{operation}", show_operation);
}

void add_key_routes(net::Router& router, Context& context) {
    add_guarded(router, context, net::Method::get, "/v1/keys", list_keys);
    add_guarded(router, context, net::Method::post, "/v1/keys", create_key);
    add_guarded(router, context, net::Method::del, "/v1/keys/{key}", revoke_key);
}

}  // namespace gk::api
