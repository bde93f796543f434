#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/servers/orders.hpp"
#include "base/decode.hpp"
#include "base/result.hpp"

// Request bodies of contract section 4. Every error of a body is reported at once; unknown members are errors.
namespace gk::api {

// {force?: ID}
struct ForceBody {
    std::string force;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, ForceBody& out);
// {snapshot: UUID}
struct RestoreBody {
    SnapshotId snapshot;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, RestoreBody& out);
struct CommandBody {
    std::string command;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, CommandBody& out);
struct KeyBody {
    std::string name;
    Scope scope = Scope::admin;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, KeyBody& out);

// An empty text counts as {}.
Result<Value, app::Error> parse_body(std::string_view text);
// The JSON text of a body as T.
template <class T>
Result<T, app::Error> read_body(std::string_view text) {
    TRY(value, parse_body(text));
    Errors errors;
    T out;
    if (!decode(value, "", errors, out)) return std::unexpected(app::invalid(errors.take()));
    return out;
}

// The same for an order: what of it cannot be read is told together with what the rules say of the rest, so it is left to the use case.
template <class T>
Result<T, app::Error> read_order(std::string_view text, T out = {}) {
    TRY(value, parse_body(text));
    Errors errors;
    decode(value, "", errors, out);
    out.unread = errors.take();
    return out;
}

}  // namespace gk::api
