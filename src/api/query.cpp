#include "api/query.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/servers/rules.hpp"

namespace gk::api {
namespace {

constexpr std::int64_t page_limit_max = 1000;
constexpr std::int64_t page_limit_usual = 100;

}  // namespace

std::string QueryReader::space() {
    auto found = name("namespace");
    return found.empty() ? std::string("default") : std::move(found);
}

std::string QueryReader::name(std::string_view parameter) {
    const auto found = find(parameter);
    if (!found) return {};
    if (!app::is_name(*found)) {
        fail(parameter, "bad_format",
             fmt::format("'{}' is no name: it has 1 to 50 lower-case letters, digits and '-', with no '-' at either end", *found));
    }
    return std::string(*found);
}

std::string QueryReader::text(std::string_view parameter) { return std::string(find(parameter).value_or("")); }

std::optional<std::int64_t> QueryReader::number(std::string_view parameter, std::int64_t least, std::int64_t most) {
    const auto found = find(parameter);
    if (!found) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(found->data(), found->data() + found->size(), value);
    const bool is_whole = error == std::errc() && end == found->data() + found->size();
    if (is_whole && value >= least && value <= most) return value;
    const auto range = most == INT64_MAX ? fmt::format("from {} on", least) : fmt::format("from {} to {}", least, most);
    fail(parameter, "out_of_range", fmt::format("'{}' must be a whole number {}", *found, range));
    return std::nullopt;
}

bool QueryReader::flag(std::string_view parameter) {
    const auto found = find(parameter).value_or("false");
    if (found != "true" && found != "false") fail(parameter, "bad_format", fmt::format("'{}' must be true or false", found));
    return found == "true";
}

Page QueryReader::page() {
    const auto limit = number("limit", 1, page_limit_max).value_or(page_limit_usual);
    return {.limit = static_cast<std::size_t>(limit), .cursor = text("cursor")};
}

void QueryReader::fail(std::string_view parameter, std::string code, std::string detail) {
    errors_.add(pointer_to("/query", parameter), std::move(code), std::move(detail));
}

Result<Success, app::Error> QueryReader::finish() {
    std::vector<std::string_view> seen;
    for (const auto& [said, value] : request_.target.query) {
        const bool twice = std::ranges::find(seen, said) != seen.end();
        seen.push_back(said);
        if (std::ranges::find(known_, said) == known_.end()) {
            const auto cure = known_.empty() ? std::string("this route has none") : fmt::format("this route has: {}", fmt::join(known_, ", "));
            if (!twice) fail(said, "unknown_field", fmt::format("there is no parameter '{}'; {}", said, cure));
        } else if (twice) {
            fail(said, "not_allowed", fmt::format("'{}' stands here more than once; say one of them", said));
        }
    }
    if (errors_.empty()) return Success{};
    return std::unexpected(app::invalid(errors_.take()));
}

std::optional<std::string_view> QueryReader::find(std::string_view parameter) {
    known_.push_back(parameter);
    return request_.query(parameter);
}

Result<std::string, app::Error> space_of(const net::Request& request) {
    QueryReader query(request);
    auto space = query.space();
    TRY_OK(query.finish());
    return space;
}

Result<Page, app::Error> page_of(const net::Request& request) {
    QueryReader query(request);
    auto page = query.page();
    TRY_OK(query.finish());
    return page;
}

Result<Success, app::Error> no_query(const net::Request& request) { return QueryReader(request).finish(); }

app::Error foreign_cursor() {
    return app::invalid(
        {{.pointer = "/query/cursor", .code = "bad_format", .detail = "this cursor is not valid (any more); begin without one", .mark = {}}});
}

Result<std::optional<std::uint64_t>, app::Error> last_event_id(const net::Request& request) {
    const auto last = request.header("Last-Event-ID");
    if (!last) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(last->data(), last->data() + last->size(), number);
    if (error == std::errc() && end == last->data() + last->size()) return number;
    return std::unexpected(
        app::invalid({{.pointer = "/header/Last-Event-ID", .code = "bad_format", .detail = "the id of an event is a number", .mark = {}}}));
}

}  // namespace gk::api
