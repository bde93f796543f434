#include "adapters/kubernetes/client/ballast.hpp"

#include <gtest/gtest.h>

#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

std::string light(std::string_view plural, std::string_view document) {
    const auto object = std::make_shared<const Value>(net::parse_json(document).value());
    return to_json(*without_ballast({.group = "", .version = "v1", .plural = std::string(plural)}, object));
}

TEST(Ballast, IsLeftOutAndNothingElse) {
    EXPECT_EQ(light("pods", R"({"metadata":{"name":"a","managedFields":[1]},"spec":{"nodeName":"n","containers":[1],"volumes":[2]},"status":{}})"),
              R"({"metadata":{"name":"a"},"spec":{"nodeName":"n"},"status":{}})");
    EXPECT_EQ(light("statefulsets", R"({"spec":{"replicas":1,"template":{"metadata":{"x":1},"spec":{"containers":[]}}}})"),
              R"({"spec":{"replicas":1,"template":{"metadata":{"x":1}}}})");
    EXPECT_EQ(light("nodes", R"({"status":{"images":[1],"addresses":[2]}})"), R"({"status":{"addresses":[2]}})");
}

TEST(Ballast, OfAKindThatPeopleWriteStaysWhole) {
    const auto* document = R"({"metadata":{"name":"a"},"spec":{"containers":1,"template":{"spec":2}},"status":{"images":3}})";

    EXPECT_EQ(light("gameservers", document), document);
}

}  // namespace
}  // namespace gk::kubernetes
