#pragma once

#include "base/value.hpp"
#include "net/http/message.hpp"

namespace gk::api {

// The OpenAPI document as one HTML page for people: how to begin, every route with its parameters, bodies and replies, every schema with its
// fields. It needs no script and nothing from elsewhere, and its headers forbid both.
net::Response docs_page(const Value& openapi);

}  // namespace gk::api
