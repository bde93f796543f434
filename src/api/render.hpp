#pragma once

#include <string>

#include "app/error.hpp"
#include "app/servers/servers.hpp"
#include "base/value.hpp"
#include "domain/catalog/game.hpp"
#include "domain/operation/operation.hpp"
#include "domain/vault/snapshot.hpp"

// The shapes of contract section 4, as api/openapi.yaml describes them. Absent optionals are null where a client reads them always.
namespace gk::api {

// `host` is the address that players are told, for every endpoint.
Value render(const app::ServerView& view, const std::string& host);
Value render(const Operation& operation);
Value render(const vault::Snapshot& snapshot);
Value render(const LogLine& line);
Value render(const Event& event);
// {items: [...], next_cursor: "..."}; an empty cursor is rendered as null.
Value page(Value::Array items, const std::string& next_cursor);
// RFC 9457.
Value render_problem(const app::Error& error, int status, const std::string& instance);

}  // namespace gk::api
