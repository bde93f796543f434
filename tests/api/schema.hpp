#pragma once

#include <string>
#include <vector>

#include "base/value.hpp"

namespace gk::apitest {

// Checks values against the part of JSON Schema that api/openapi.yaml uses: $ref, type, enum, const, required, properties,
// additionalProperties, items, oneOf. A keyword that it does not know is a complaint, so that the document cannot outgrow the check.
class SchemaCheck {
public:
    explicit SchemaCheck(const Value& document) : document_(document) {}
    // What is wrong, a line each, with the place in the value.
    std::vector<std::string> complaints(const Value& schema, const Value& value) const;

private:
    void check(const Value& schema, const Value& value, const std::string& at, std::vector<std::string>& out) const;
    void check_object(const Value& schema, const Value& value, const std::string& at, std::vector<std::string>& out) const;

    const Value& document_;
};

}  // namespace gk::apitest
