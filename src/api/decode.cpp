#include "api/decode.hpp"

#include <fmt/format.h>

#include "net/json/json.hpp"

namespace gk::api {
bool decode(const Value& value, const std::string& pointer, Errors& errors, ForceBody& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("force", out.force);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, RestoreBody& out) {
    ObjectReader in(value, pointer, errors);
    std::string text;
    in.required("snapshot", text);
    const auto id = SnapshotId::parse(text);
    if (!text.empty() && !id) in.fail("snapshot", "bad_format", fmt::format("'{}' is no snapshot id; GET .../snapshots lists them", text));
    if (id) out.snapshot = *id;
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, CommandBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("command", out.command);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, KeyBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    if (out.name.empty() || out.name.size() > 64) in.fail("name", "out_of_range", "a key's name has 1 to 64 bytes");
    in.optional("scope", out.scope);
    return in.finish();
}

Result<Value, app::Error> parse_body(std::string_view text) {
    if (text.empty()) return Value(Value::Object());
    auto parsed = net::parse_json(text);
    if (parsed) return std::move(*parsed);
    const auto& error = parsed.error();
    return std::unexpected(app::invalid({{.pointer = "",
                                          .code = "bad_json",
                                          .detail = fmt::format("line {}, column {}: {}", error.line, error.column, error.message),
                                          .mark = {error.line, error.column}}}));
}

}  // namespace gk::api
