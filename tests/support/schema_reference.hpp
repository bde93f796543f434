#pragma once

#include <string_view>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "base/value.hpp"

namespace gk::test {

// The part of a JSON Schema or OpenAPI document that a schema's "$ref" leads to; the schema itself when it refers to nothing.
inline const Value* resolve(const Value& document, const Value* schema) {
    const auto* reference = schema->find("$ref");
    if (reference == nullptr) return schema;
    const Value* found = &document;
    for (const auto part : split(std::string_view(*reference->as_string()).substr(2), '/')) {
        found = found->find(part);
        ASSERT(found != nullptr, "every $ref of the document leads somewhere");
    }
    return found;
}

}  // namespace gk::test
