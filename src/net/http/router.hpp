#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/http/message.hpp"
#include "ports/task.hpp"

namespace gk::net {

// Runs to its end even when the client goes away meanwhile: a change that has begun is finished. Only streams (Response::Producer) are cancelled
// then, and whatever still runs when the server's grace is over.
using Handler = std::function<Task<Response>(Request&)>;

struct Route {
    Method method = Method::get;
    // "/v1/servers/{id}/files/{path*}": parts in braces stand for one segment that is not empty, a starred one at the end for all that follow.
    std::string pattern;
    Handler handler;
    std::size_t body_max = 1024 * 1024;  // Bytes.
};

// Finds the route of a request. Literal parts win over braces, braces over a tail. A GET route serves HEAD as well.
class Router {
public:
    Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;
    ~Router();

    // Two routes of the same method and shape are a programming error.
    void add(Route route);

    struct NotFound {};
    struct WrongMethod {
        std::string allow;  // "GET, HEAD, POST".
    };
    // On success also fills the request's parameters and tail.
    std::variant<const Route*, NotFound, WrongMethod> match(Request& request) const;
    // All routes in the order in which they were added.
    std::vector<const Route*> routes() const;

private:
    struct Node;
    std::unique_ptr<Node> root_;
    std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace gk::net
