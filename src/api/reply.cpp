#include "api/reply.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "app/caller.hpp"
#include "async/deadline.hpp"
#include "async/signal.hpp"
#include "base/text.hpp"
#include "tls/digest.hpp"

namespace gk::api {
namespace {

constexpr Milliseconds wait_max = std::chrono::seconds(600);
constexpr std::size_t idempotency_key_max = 128;

net::Response json_text(int status, std::string text) {
    text += '\n';
    return net::Response::text(status, "application/json", std::move(text));
}

}  // namespace

net::Response json_reply(int status, const Value& value) { return json_text(status, to_json(value)); }

net::Response page_reply(PageText items, const std::string& next_cursor) { return json_text(200, std::move(items).finish(next_cursor)); }

int status_of(app::Error::Kind kind) {
    using enum app::Error::Kind;
    switch (kind) {
    case invalid: return 400;
    case unauthenticated: return 401;
    case forbidden: return 403;
    case not_found: return 404;
    case conflict: return 409;
    case unprocessable: return 422;
    case exhausted: return 507;
    case unavailable: return 503;
    case internal: return 500;
    }
    std::unreachable();
}

net::Response problem_reply(const app::Error& error, const net::Request& request) {
    const auto status = status_of(error.kind);
    auto reply = net::Response::text(status, "application/problem+json", to_json(render_problem(error, status, std::string(request.raw_target))));
    if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (status == 503) reply.headers.emplace_back("Retry-After", "2");
    return reply;
}

net::Response problem_reply(const net::Problem& problem) {
    const auto value = Value::object({{"type", "about:blank"},
                                      {"title", net::reason_phrase(problem.status)},
                                      {"status", problem.status},
                                      {"detail", problem.detail},
                                      {"code", problem.code},
                                      {"errors", Value::Array()}});
    return net::Response::text(problem.status, "application/problem+json", to_json(value));
}

Result<app::Idempotency, app::Error> idempotency_of(const net::Request& request) {
    const auto key = request.header("Idempotency-Key");
    if (!key) return app::Idempotency{};
    if (key->empty() || key->size() > idempotency_key_max) {
        return std::unexpected(
            app::invalid({{.pointer = "/header/Idempotency-Key", .code = "bad_format", .detail = "it must have 1 to 128 characters", .mark = {}}}));
    }
    const auto whole = fmt::format("{} {}\n{}", name_of(request.method), request.raw_target, request.body);
    return app::Idempotency{.key = std::string(*key), .digest = tls::hex(tls::sha256(as_byte_span(whole)))};
}

Milliseconds wait_of(const net::Request& request) {
    const auto prefer = request.header("Prefer");
    if (!prefer) return Milliseconds(0);
    for (const auto part : split(*prefer, ',')) {
        auto word = trimmed(part);
        if (!word.starts_with("wait=")) continue;
        word.remove_prefix(5);
        std::int64_t seconds = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seconds);
        if (error == std::errc() && seconds > 0) return std::min<Milliseconds>(std::chrono::seconds(std::min<std::int64_t>(seconds, 3600)), wait_max);
    }
    return Milliseconds(0);
}

Task<Operation> await_operation(Context& context, Operation operation, Milliseconds patience) {
    const auto deadline = context.clock.now() + patience;
    async::Signal changed;
    const auto watch = context.ledger.watch_events([&changed] { changed.raise(); });
    while (!operation.is_finished()) {
        auto now = co_await context.ledger.operation(operation.id);
        if (now) operation = std::move(*now);
        if (operation.is_finished()) break;
        auto waiting = changed.wait();
        if (!co_await async::finishes_by(context.clock, deadline, std::move(waiting))) break;
    }
    co_return operation;
}

Task<net::Response> operation_reply(Context& context, const net::Request& request, app::Accepted accepted) {
    const auto patience = wait_of(request);
    auto operation = std::move(accepted.operation);
    if (accepted.changed && patience > Milliseconds(0)) operation = co_await await_operation(context, std::move(operation), patience);
    const bool done = !accepted.changed || (patience > Milliseconds(0) && operation.is_finished());
    auto reply = json_reply(done ? 200 : 202, render(operation));
    if (accepted.changed) reply.headers.emplace_back("Location", "/v1/operations/" + operation.id.text());
    co_return reply;
}

}  // namespace gk::api
