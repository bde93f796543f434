#include "programs/manifests/manifests.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "programs/edge/edge_keys.hpp"
#include "programs/manifests/structural.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tls/session.hpp"
#include "wire/yaml/yaml.hpp"

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

// A file of its own for each text of a Secret, as a pod has them.
std::string laid_out(const Value& secret, const std::string& folder) {
    std::filesystem::create_directories(folder);
    for (const auto& [name, text] : *secret.find("stringData")->as_object()) std::ofstream(folder + "/" + name) << *text.as_string();
    return folder;
}

TEST(EdgeKeys, LetBothSidesKnowEachOther) {
    const test::TemporaryDirectory place;
    const auto text = edge_keys("ours", "edges");
    const auto second = text.find("---\n", 4);
    const auto ours = wire::parse_yaml(std::string_view(text).substr(4, second - 4));
    const auto theirs = wire::parse_yaml(std::string_view(text).substr(second + 4));
    ASSERT_TRUE(ours && theirs) << text;
    EXPECT_EQ(*ours->find("metadata")->find("namespace")->as_string(), "ours");
    EXPECT_EQ(*theirs->find("metadata")->find("namespace")->as_string(), "edges");

    const auto at = laid_out(*ours, place.path().string() + "/ours"), edge = laid_out(*theirs, place.path().string() + "/edge");
    const auto server = server_context(at + "/tls.crt", at + "/tls.key", at + "/ca.crt");
    const auto client = client_context(edge + "/tls.crt", edge + "/tls.key", edge + "/ca.crt");
    ASSERT_TRUE(server) << server.error();
    ASSERT_TRUE(client) << client.error();
    auto one = tls::Session::client(*client, control_plane_name).value();
    auto other = tls::Session::server(*server).value();
    for (int turn = 0; turn < 4; ++turn) {
        EXPECT_TRUE(one.handshake());
        other.feed(one.take_output());
        EXPECT_TRUE(other.handshake());
        one.feed(other.take_output());
    }
    EXPECT_EQ(other.handshake(), tls::Session::State::done);
    EXPECT_FALSE(client_context(edge + "/tls.crt", edge + "/none", edge + "/ca.crt"));
}

}  // namespace
}  // namespace gk::programs
