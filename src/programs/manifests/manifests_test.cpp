#include "programs/manifests/manifests.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "programs/manifests/structural.hpp"

namespace gk::programs {
namespace {

TEST(StructuralSchemas, TakeWhatTheApiSaysAndWhatAClusterTakes) {
    const auto schemas = Value::object(
        {{"Name", Value::object({{"type", "string"}, {"pattern", "^a$"}})},
         {"Thing", Value::object({{"type", "object"},
                                  {"additionalProperties", false},
                                  {"properties", Value::object({{"name", Value::object({{"$ref", "#/components/schemas/Name"}})},
                                                                {"age", Value::object({{"type", Value::array({"integer", "null"})}})},
                                                                {"kind", Value::object({{"enum", Value::array({"a", "b"})}, {"default", "a"}})},
                                                                {"either", Value::object({{"type", Value::array({"string", "integer"})}})},
                                                                {"settings", Value::object({{"type", "object"}})}})}})}});

    const auto schema = StructuralSchemas(schemas, StructuralSchemas::Defaults::left_out).named("Thing");

    EXPECT_EQ(to_json(schema), R"({"type":"object","properties":{"name":{"type":"string","pattern":"^a$"},"age":{"type":"integer","nullable":true},)"
                               R"("kind":{"type":"string","enum":["a","b"]},"either":{"x-kubernetes-preserve-unknown-fields":true},)"
                               R"("settings":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})");
}

// What is installed in clusters, in words that a review sees. When it fails because the API has changed:
// gamekeeper manifests --definitions > the file.
TEST(Manifests, AreTheReviewedOnes) {
    std::ifstream file(GK_SOURCE_DIR "/deploy/helm/gamekeeper/crds/gamekeeper.yaml");
    std::stringstream text;
    text << file.rdbuf();

    EXPECT_EQ(definitions(), text.str());
}

TEST(Manifests, HaveTheDefinitionsFirst) {
    EXPECT_TRUE(manifests().starts_with(definitions()));
    EXPECT_NE(manifests().find("kind: Deployment"), std::string::npos);
}

}  // namespace
}  // namespace gk::programs
