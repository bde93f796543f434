#pragma once

#include <algorithm>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "api/context.hpp"
#include "api/query.hpp"
#include "api/render.hpp"
#include "app/error.hpp"
#include "base/value.hpp"
#include "net/http/message.hpp"

namespace gk::api {

net::Response json_reply(int status, const Value& value);
// A list. An empty cursor says that nothing follows.
net::Response page_reply(PageText items, const std::string& next_cursor);
// application/problem+json with the one status that the error's kind has.
net::Response problem_reply(const app::Error& error, const net::Request& request);
// For what the HTTP layer itself refuses, which adds the problem's headers.
net::Response problem_reply(const net::Problem& problem);
int status_of(app::Error::Kind kind);

// The part of a whole list that is on the page. A cursor is the key of the last item of the page before.
template <class List, class Key, class Render>
Outcome list_reply(const List& all, const Page& page, Key key_of, Render render) {
    auto next = std::ranges::begin(all);
    if (!page.cursor.empty()) {
        next = std::ranges::find(all, page.cursor, key_of);
        // What the cursor names may have gone meanwhile.
        if (next == std::ranges::end(all)) return std::unexpected(foreign_cursor());
        ++next;
    }
    PageText items;
    std::string last;
    for (; next != std::ranges::end(all) && items.count() < page.limit; ++next) {
        items.add(render(*next));
        last = key_of(*next);
    }
    return page_reply(std::move(items), next != std::ranges::end(all) ? last : "");
}

// Idempotency-Key with the digest of this very request.
Result<app::Idempotency, app::Error> idempotency_of(const net::Request& request);
// The seconds of `Prefer: wait=N`, at most 600; 0 when absent.
Milliseconds wait_of(const net::Request& request);

// Waits until the operation has ended or the time is over, and returns it as it is then.
Task<Operation> await_operation(Context& context, Operation operation, Milliseconds patience);
// What a change answers: 202 with Location, or 200 when nothing changed or it ended in time.
Task<net::Response> operation_reply(Context& context, const net::Request& request, app::Accepted accepted);

}  // namespace gk::api
