#pragma once

#include <string>

#include "base/value.hpp"

namespace gk::api {

// The OpenAPI document as one HTML page without scripts: every route with its parameters, bodies and replies, every schema with its fields.
std::string docs_page(const Value& openapi);

}  // namespace gk::api
