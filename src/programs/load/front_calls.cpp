#include "programs/load/front_calls.hpp"

#include <fmt/format.h>

#include "net/json/json.hpp"

namespace gk::programs {
namespace {

constexpr std::size_t detail_size_max = 200;

std::string shortened(const std::string& body) { return body.size() <= detail_size_max ? body : body.substr(0, detail_size_max) + "..."; }

}  // namespace

Task<Result<Value, LoadError>> call_front(Connections& connections, FrontCall call) {
    net::ClientRequest request;
    request.method = call.method;
    request.target = call.target;
    request.headers = std::move(call.headers);
    if (!call.bearer.empty()) request.headers.emplace_back("Authorization", "Bearer " + call.bearer);
    if (!call.body.is_null()) {
        request.content_type = "application/json";
        request.body = to_json(call.body);
    }
    auto response = co_await connections.send(std::move(request), call.limit);
    const auto failed = [&call](std::string detail) {
        return std::unexpected(LoadError{call.fault, fmt::format("{} {}: {}", call.method, call.target, detail)});
    };
    if (!response) co_return failed(response.error().detail);
    if (response->status / 100 != 2) co_return failed(fmt::format("{} {}", response->status, shortened(response->body)));
    auto document = net::parse_json(response->body);
    if (!document) co_return failed(fmt::format("no JSON came: {}", shortened(response->body)));
    co_return std::move(*document);
}

Task<Result<Success, LoadError>> end_match(Connections& connections, std::string target, std::string bearer) {
    FrontCall call;
    call.method = "POST";
    call.target = std::move(target);
    call.bearer = std::move(bearer);
    call.body = Value::object();
    call.fault = LoadFault::end;
    CO_TRY_OK(co_await call_front(connections, std::move(call)));
    co_return Success{};
}

std::string text_of(const Value& object, std::string_view name) {
    const auto* found = object.find(name);
    const auto* text = found == nullptr ? nullptr : found->as_string();
    return text == nullptr ? std::string() : *text;
}

std::uint16_t port_of(const Value& object, std::string_view name) {
    const auto* found = object.find(name);
    const auto* number = found == nullptr ? nullptr : found->as_int();
    return number == nullptr || *number < 0 || *number > 65535 ? std::uint16_t{0} : static_cast<std::uint16_t>(*number);
}

}  // namespace gk::programs
