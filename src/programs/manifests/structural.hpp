#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/value.hpp"

namespace gk::programs {

// Turns schemas of api/openapi.yaml (OpenAPI 3.1) into the structural schemas that a CustomResourceDefinition takes: references are followed, lists
// of types become `nullable`, enumerations get their type, and an object without described members keeps whatever it holds. `document` is the whole
// description and outlives this.
class StructuralSchemas {
public:
    explicit StructuralSchemas(const Value& document) : document_(document) {}

    // components/schemas/NAME, or a schema that refers to others. A name that is not there is a mistake of ours: the process ends.
    Value named(std::string_view name) const;
    Value of(const Value& schema) const;
    // An object of these members of a named schema, none of them required.
    Value part_of(std::string_view name, const std::vector<std::string_view>& members) const;

private:
    const Value& source(std::string_view name) const;

    const Value& document_;
};

}  // namespace gk::programs
