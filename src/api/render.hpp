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

// `host` is the address that players are told of servers that have none of their own.
Value render(const app::ServerView& view, const std::string& host);
Value render(const Operation& operation);
Value render(const vault::Snapshot& snapshot);
Value render(const LogLine& line);
Value render(const Event& event);
// {items: [...], next_cursor: "..."}, written item by item: a page of a thousand servers is never a tree as a whole.
class PageText {
public:
    void add(const Value& item);
    std::size_t count() const { return count_; }
    // An empty cursor is rendered as null.
    std::string finish(const std::string& next_cursor) &&;

private:
    std::string text_ = R"({"items":[)";
    std::size_t count_ = 0;
};
// RFC 9457.
Value render_problem(const app::Error& error, int status, const std::string& instance);

}  // namespace gk::api
