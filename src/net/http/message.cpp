#include "net/http/message.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include "base/assert.hpp"

namespace gk::net {

std::optional<std::string_view> Request::header(std::string_view name) const {
    const auto found = std::ranges::find_if(headers, [&](const HeaderView& it) { return boost::beast::iequals(it.name, name); });
    return found == headers.end() ? std::nullopt : std::optional(found->value);
}

std::string_view Request::parameter(std::string_view name) const {
    const auto found = std::ranges::find(parameters, name, [](const auto& it) { return it.first; });
    ASSERT(found != parameters.end(), "a handler asks only for parameters of its route's pattern");
    return found->second;
}

Response Response::text(int status, std::string content_type, std::string body) {
    Response response;
    response.status = status;
    response.content_type = std::move(content_type);
    response.body = std::move(body);
    return response;
}

Response Response::streaming(std::string content_type, Producer producer) {
    Response response;
    response.content_type = std::move(content_type);
    response.stream = std::move(producer);
    return response;
}

std::string_view reason_phrase(int status) {
    const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {text.data(), text.size()};
}

}  // namespace gk::net
