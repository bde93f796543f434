#include <algorithm>

#include <fmt/format.h>

#include "api/compat/old_route.hpp"
#include "api/compat/seed000.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"
#include "base/bytes.hpp"
#include "base/text.hpp"

// The original kept files in a bucket; with us they are those of the world, and the vault has every older state of them.
namespace gk::api::compat {
namespace {

constexpr std::size_t listed_max = 1000;           // As a bucket's first page.
constexpr std::size_t text_max = 4 * 1024 * 1024;  // Bytes of a file that is shown.

std::string path_of(const net::Request& request) { return fmt::format("{}", fmt::join(request.tail, "/")); }

Result<app::WorldFiles::Place, app::Error> place_of(const net::Request& request) {
    TRY(space, space_of(request));
    return app::WorldFiles::Place{.space = space, .id = std::string(request.parameter("id")), .path = path_of(request)};
}

// GET /api/bucket/test
Task<Outcome> test_bucket(Compat& compat, net::Request& request, app::Caller) {
    CO_TRY_OK(no_query(request));
    const auto probe = co_await compat.api.vault.probe();
    if (!probe) co_return std::unexpected(app::from(probe.error()));
    co_return json_reply(200, Value::object({{"status", "connected"}, {"bucket", "vault"}}));
}

// GET /api/bucket/files/{id}
Task<Outcome> list_files(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(place, place_of(request));
    CO_TRY(found, co_await compat.files.tree(std::move(caller), std::move(place), listed_max));
    co_return json_reply(200, Value::object({{"files", Value::Array(found.begin(), found.end())}}));
}

// GET /api/bucket/files/{id}/{path}
Task<Outcome> read_file(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(place, place_of(request));
    const auto path = place.path;
    CO_TRY(content, co_await compat.files.read(std::move(caller), std::move(place), text_max));
    const auto text = as_text(content);
    if (!is_utf8(text)) {
        co_return std::unexpected(app::Error{.kind = app::Error::Kind::unprocessable,
                                             .code = "not_text",
                                             .message = fmt::format("'{}' is no text, and this route speaks of texts alone", path)});
    }
    co_return json_reply(200, Value::object({{"content", text}}));
}

struct Content {
    std::string text;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, Content& out) {
    if (!decode(value, pointer, errors, out.text)) return false;
    if (!out.text.empty()) return true;
    errors.add(pointer, "out_of_range", "it must not be empty", value.mark());
    return false;
}

struct ContentBody {
    Content content;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, ContentBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("content", out.content);
    return in.finish();
}

// PUT /api/bucket/files/{id}/{path}
Task<Outcome> write_file(Compat& compat, net::Request& request, app::Caller caller) {
    CO_TRY(place, place_of(request));
    CO_TRY(data, seed000::read_data(request));
    ContentBody body;
    Errors errors;
    if (!decode(data, "", errors, body)) co_return std::unexpected(app::invalid(errors.take()));
    const auto path = place.path;
    const auto bytes = as_byte_span(body.content.text);
    std::vector<std::byte> content(bytes.begin(), bytes.end());
    CO_TRY_OK(co_await compat.files.write(std::move(caller), std::move(place), std::move(content)));
    co_return json_reply(200, Value::object({{"message", fmt::format("File {} updated successfully", path)}}));
}

constexpr auto routes = std::to_array<OldRoute>({
    {net::Method::get, "/api/bucket/test", "Bucket test", test_bucket},
    {net::Method::get, "/api/bucket/files/{id}", "File listing", list_files},
    {net::Method::get, "/api/bucket/files/{id}/{path*}", "File reading", read_file},
    {net::Method::put, "/api/bucket/files/{id}/{path*}", "File writing", write_file},
});

}  // namespace

void add_seed000_file_routes(net::Router& router, Compat& compat) { add(router, compat, routes, seed000::refuse); }

}  // namespace gk::api::compat
