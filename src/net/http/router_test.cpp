#include "net/http/router.hpp"

#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace gk::net {
namespace {

Router router() {
    Router router;
    const auto add = [&](Method method, std::string pattern) { router.add({.method = method, .pattern = std::move(pattern), .handler = {}}); };
    add(Method::get, "/");
    add(Method::get, "/v1/servers");
    add(Method::post, "/v1/servers");
    add(Method::get, "/v1/servers/{id}");
    add(Method::get, "/v1/servers/archive");
    add(Method::post, "/v1/servers/{id}/start");
    add(Method::put, "/v1/servers/{id}/files/{path*}");
    add(Method::get, "/v1/servers/{id}/files/{path*}");
    return router;
}

// "GET /x" -> the pattern that answers, "404", or "405 " and what is allowed.
std::string matched(const Router& router, Method method, std::string_view target, Request& request) {
    request.method = method;
    request.target = parse_target(target).value();
    const auto match = router.match(request);
    if (const auto* wrong = std::get_if<Router::WrongMethod>(&match)) return "405 " + wrong->allow;
    const auto* const* route = std::get_if<const Route*>(&match);
    return route == nullptr ? "404" : (*route)->pattern;
}

TEST(Router, FindsTheRouteOfMethodAndPath) {
    struct Row {
        Method method;
        std::string_view target;
        std::string_view expected;
    };
    const Row rows[] = {
        {Method::get, "/", "/"},
        {Method::get, "/v1/servers", "/v1/servers"},
        {Method::head, "/v1/servers", "/v1/servers"},
        {Method::get, "/v1/servers/", "404"},
        {Method::get, "/v1", "404"},
        {Method::get, "/v1/servers/castle", "/v1/servers/{id}"},
        {Method::get, "/v1/servers/archive", "/v1/servers/archive"},
        {Method::post, "/v1/servers/archive/start", "/v1/servers/{id}/start"},
        {Method::del, "/v1/servers", "405 GET, HEAD, POST"},
        {Method::head, "/v1/servers/castle/start", "405 POST"},
        {Method::get, "/v1/servers/a/files/x/y", "/v1/servers/{id}/files/{path*}"},
        {Method::get, "/v1/servers/a/files/", "/v1/servers/{id}/files/{path*}"},
        {Method::get, "/v1/servers/a/files", "404"},
        {Method::get, "//v1/servers", "404"},
    };
    const auto table = router();
    for (const auto& row : rows) {
        Request request;
        EXPECT_EQ(matched(table, row.method, row.target, request), row.expected) << row.target;
    }
}

TEST(Router, HandsParametersAndTailToTheHandler) {
    const auto table = router();
    Request request;

    matched(table, Method::put, "/v1/servers/my%20castle/files/dir/a%2Fb/", request);

    EXPECT_EQ(request.parameter("id"), "my castle");
    EXPECT_EQ(std::vector<std::string>(request.tail.begin(), request.tail.end()), (std::vector<std::string>{"dir", "a/b", ""}));
}

TEST(RouterDeathTest, TwoRoutesOfOneShapeAreAProgrammingError) {
    auto table = router();

    EXPECT_DEATH(table.add({.method = Method::get, .pattern = "/v1/servers/{name}", .handler = {}}), "same method and shape");
}

}  // namespace
}  // namespace gk::net
