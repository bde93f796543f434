#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/error.hpp"
#include "base/decode.hpp"
#include "base/result.hpp"
#include "net/http/message.hpp"

namespace gk::api {

// ?limit= and ?cursor= of a list. Cursors are opaque texts that a page gave out.
struct Page {
    std::size_t limit = 100;
    std::string cursor;
};

// What stands behind the '?', read as bodies are: every error at once, and a parameter that the route does not know or that stands twice is one.
// Quietly left out, a mistyped `?namspace=` would mean every namespace.
//     QueryReader query(request);
//     const auto space = query.space();
//     const auto page = query.page();
//     CO_TRY_OK(query.finish());
// What a reader returns counts only when finish() succeeds. Views end with the request.
class QueryReader {
public:
    explicit QueryReader(const net::Request& request) : request_(request) {}

    // ?namespace=, "default" when absent.
    std::string space();
    // Of a server or namespace; empty when absent.
    std::string name(std::string_view parameter);
    // Empty when absent.
    std::string text(std::string_view parameter);
    std::optional<std::int64_t> number(std::string_view parameter, std::int64_t least, std::int64_t most);
    // true or false; false when absent.
    bool flag(std::string_view parameter);
    Page page();

    bool has(std::string_view parameter) const { return request_.query(parameter).has_value(); }
    void fail(std::string_view parameter, std::string code, std::string detail);
    Result<Success, app::Error> finish();

private:
    std::optional<std::string_view> find(std::string_view parameter);

    const net::Request& request_;
    std::vector<std::string_view> known_;
    Errors errors_;
};

// For routes that have a namespace and nothing else.
Result<std::string, app::Error> space_of(const net::Request& request);
// For lists that have pages and nothing else.
Result<Page, app::Error> page_of(const net::Request& request);
// For routes that have no query at all.
Result<Success, app::Error> no_query(const net::Request& request);

// Last-Event-ID of a listener that comes back; nothing when it is new.
Result<std::optional<std::uint64_t>, app::Error> last_event_id(const net::Request& request);

// For a cursor that no page gave out, or that is out of date.
app::Error foreign_cursor();

}  // namespace gk::api
