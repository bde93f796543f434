#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.hpp"

namespace gk::programs {

// Turns schemas of api/openapi.yaml (OpenAPI 3.1) and docs/formats/game.schema.json (JSON Schema) into the structural schemas that a
// CustomResourceDefinition takes: references are followed, `null` among the types becomes `nullable`, enumerations get their type, and what may be of
// several types, or is an object without described members, keeps whatever it holds. Unknown members are refused by the API server itself.
class StructuralSchemas {
public:
    // `schemas` holds the schemas by name and outlives this. Defaults are written into whatever is stored, so they are taken over only where that is
    // wanted.
    enum class Defaults : std::uint8_t { taken_over, left_out };
    explicit StructuralSchemas(const Value& schemas, Defaults defaults = Defaults::taken_over) : schemas_(schemas), defaults_(defaults) {}

    // The schema of that name, or a schema that refers to others. A name that is not there is a mistake of ours: the process ends.
    Value named(std::string_view name) const;
    Value of(const Value& schema) const;
    // An object of these members of a named schema, none of them required.
    Value part_of(std::string_view name, const std::vector<std::string_view>& members) const;

private:
    const Value& source(std::string_view name) const;

    void take(Value& out, std::string_view keyword, const Value& value) const;

    const Value& schemas_;
    Defaults defaults_;
};

}  // namespace gk::programs
