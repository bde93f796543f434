#pragma once

#include <string>
#include <vector>

#include "api/context.hpp"
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

// `?namespace=`, "default" when absent.
std::string space_of(const net::Request& request);

// ?limit= and ?cursor= of a list. Cursors are opaque texts that a page gave out.
struct Page {
    std::size_t limit = 100;
    std::string cursor;
};
// For a cursor that no page gave out, or that is out of date.
app::Error foreign_cursor();
Result<Page, app::Error> page_of(const net::Request& request);
// A number in the query; `fallback` when absent.
Result<std::int64_t, app::Error> number_in_query(const net::Request& request, std::string_view name, std::int64_t least, std::int64_t most,
                                                 std::int64_t fallback);
// true or false in the query; false when absent.
Result<bool, app::Error> flag_in_query(const net::Request& request, std::string_view name);

// Idempotency-Key with the digest of this very request.
Result<app::Idempotency, app::Error> idempotency_of(const net::Request& request);
// The seconds of `Prefer: wait=N`, at most 600; 0 when absent.
Milliseconds wait_of(const net::Request& request);

// Waits until the operation has ended or the time is over, and returns it as it is then.
Task<Operation> await_operation(Context& context, Operation operation, Milliseconds patience);
// What a change answers: 202 with Location, or 200 when nothing changed or it ended in time.
Task<net::Response> operation_reply(Context& context, const net::Request& request, app::Accepted accepted);

}  // namespace gk::api
