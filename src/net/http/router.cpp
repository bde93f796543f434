#include "net/http/router.hpp"

#include <array>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace gk::net {
namespace {

constexpr std::size_t method_count = method_names.size();

std::size_t index_of(Method method) { return std::to_underlying(method); }
bool is_tail(std::string_view part) { return part.ends_with("*}"); }
bool is_parameter(std::string_view part) { return part.starts_with('{') && part.ends_with('}'); }

}  // namespace

// The place after a run of segments.
struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    std::unique_ptr<Node> tail;
    std::array<const Route*, method_count> routes{};
    bool has_routes = false;

    Node& child(std::string_view part) {
        auto& slot = is_tail(part) ? tail : is_parameter(part) ? parameter : literals[std::string(part)];
        if (!slot) slot = std::make_unique<Node>();
        return *slot;
    }
    // The node for these segments, or null. Depth is bounded by the longest pattern, not by the request.
    const Node* find(std::span<const std::string> segments, std::size_t& tail_start, std::size_t at = 0) const {
        if (at == segments.size()) return has_routes ? this : nullptr;
        if (const auto literal = literals.find(segments[at]); literal != literals.end()) {
            if (const auto* found = literal->second->find(segments, tail_start, at + 1)) return found;
        }
        if (parameter && !segments[at].empty()) {
            if (const auto* found = parameter->find(segments, tail_start, at + 1)) return found;
        }
        if (!tail) return nullptr;
        tail_start = at;
        return tail.get();
    }
    std::string allow() const {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < method_count; ++i) {
            const bool served = routes[i] != nullptr || (i == index_of(Method::head) && routes[index_of(Method::get)] != nullptr);
            if (served) names.emplace_back(method_names[i]);
        }
        return joined(names);
    }
    const Route* route(Method method) const {
        const auto* exact = routes[index_of(method)];
        return exact == nullptr && method == Method::head ? routes[index_of(Method::get)] : exact;
    }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(Route route) {
    ASSERT(route.pattern.starts_with('/'), "a route's pattern starts with '/'");
    routes_.push_back(std::make_unique<Route>(std::move(route)));
    const auto* added = routes_.back().get();
    auto* node = root_.get();
    for (const auto part : split(std::string_view(added->pattern).substr(1), '/')) node = &node->child(part);
    auto& place = node->routes[index_of(added->method)];
    ASSERT(place == nullptr, "no two routes have the same method and shape");
    place = added;
    node->has_routes = true;
}

std::variant<const Route*, Router::NotFound, Router::WrongMethod> Router::match(Request& request) const {
    const auto& segments = request.target.segments;
    std::size_t tail_start = segments.size();
    const auto* node = root_->find(segments, tail_start);
    if (node == nullptr) return NotFound{};
    const auto* route = node->route(request.method);
    if (route == nullptr) return WrongMethod{node->allow()};
    request.parameters.clear();
    const auto parts = split(std::string_view(route->pattern).substr(1), '/');
    for (std::size_t i = 0; i < parts.size() && i < tail_start; ++i) {
        if (is_parameter(parts[i])) request.parameters.emplace_back(parts[i].substr(1, parts[i].size() - 2), segments[i]);
    }
    request.tail = std::span(segments).subspan(tail_start);
    return route;
}

std::vector<const Route*> Router::routes() const {
    std::vector<const Route*> all;
    for (const auto& route : routes_) all.push_back(route.get());
    return all;
}

}  // namespace gk::net
