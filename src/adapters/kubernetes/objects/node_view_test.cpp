#include "adapters/kubernetes/objects/node_view.hpp"

#include <gtest/gtest.h>

#include "net/json/json.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {
namespace {

Value read(const std::string& text) {
    auto document = net::parse_json(text);
    EXPECT_TRUE(document) << text;
    return document ? std::move(*document) : Value();
}

// A Node whose kubelet was heard of as `ready` says: True, False, Unknown.
std::string node_that_is(const std::string& ready, const std::string& rest = "") {
    return R"({"status":{"conditions":[{"type":"Ready","status":")" + ready + R"("}]})" + rest + "}";
}

std::string tainted(const std::string& taint) { return R"(,"spec":{"taints":[{"key":"node.kubernetes.io/)" + taint + R"(","effect":"NoExecute"}]})"; }

TEST(Node, IsDeadOnlyWhenThatIsProven) {
    struct Row {
        std::string node;  // Empty: deleted.
        NodeState state;
    };
    const Row rows[] = {
        {"", NodeState::dead},
        {node_that_is("True"), NodeState::up},
        // The kubelet itself says that it is not ready: it is there, and its pods run.
        {node_that_is("False"), NodeState::up},
        {node_that_is("Unknown"), NodeState::unreachable},
        {node_that_is("Unknown", tainted("unreachable")), NodeState::unreachable},
        {node_that_is("Unknown", tainted("out-of-service")), NodeState::dead},
        // Who said so is no proof: the taint may have been taken away since.
        {node_that_is("Unknown", R"(,"metadata":{"annotations":{"gamekeeper.dev/confirmed-dead":"by me"}})"), NodeState::unreachable},
        {node_that_is("True", R"(,"spec":{"unschedulable":true})"), NodeState::up},
        {"{}", NodeState::up},
    };
    for (const auto& row : rows) {
        const auto node = row.node.empty() ? Value() : read(row.node);
        EXPECT_EQ(node_state(row.node.empty() ? nullptr : &node), row.state) << row.node;
    }
}

TEST(Node, IsReachedByItsExternalAddressFirst) {
    const auto of = [](const std::string& addresses) { return node_address(read(R"({"status":{"addresses":[)" + addresses + "]}}")); };
    const std::string internal = R"({"type":"InternalIP","address":"10.0.0.1"})", external = R"({"type":"ExternalIP","address":"192.0.2.1"})";

    EXPECT_EQ(of(internal + "," + external), "192.0.2.1");
    EXPECT_EQ(of(R"({"type":"Hostname","address":"a"},)" + internal), "10.0.0.1");
    EXPECT_EQ(of(R"({"type":"Hostname","address":"a"})"), "");
}

TEST(Node, IsToBeEmptiedWhenItIsCordoned) {
    EXPECT_FALSE(is_cordoned(read("{}")));
    EXPECT_FALSE(is_cordoned(read(R"({"spec":{"unschedulable":false}})")));
    EXPECT_TRUE(is_cordoned(read(R"({"spec":{"unschedulable":true}})")));
}

TEST(Node, ThatIsConfirmedDeadKeepsItsOtherTaints) {
    const auto node = read(R"({"metadata":{"resourceVersion":"7"},"spec":{"taints":[{"key":"spot","effect":"NoSchedule"}]}})");

    const auto patch = confirm_dead_patch(node, "2027-01-15T08:00:00.000Z by anna");

    EXPECT_EQ(to_json(patch),
              R"({"metadata":{"resourceVersion":"7","annotations":{"gamekeeper.dev/confirmed-dead":"2027-01-15T08:00:00.000Z by anna"}},)"
              R"("spec":{"taints":[{"key":"spot","effect":"NoSchedule"},)"
              R"({"key":"node.kubernetes.io/out-of-service","value":"confirmed-dead","effect":"NoExecute"}]}})");
    EXPECT_EQ(node_state(&patch), NodeState::dead);
    const auto again = confirm_dead_patch(read(to_json(patch)), "by bert");
    EXPECT_EQ(wire::kubernetes::find_at(again, {"spec", "taints"})->as_array()->size(), 2U);
}

TEST(Volume, IsTiedToANodeOnlyWhenItNamesNoOther) {
    const auto of = [](const std::string& terms) {
        return node_of_volume(read(R"({"spec":{"nodeAffinity":{"required":{"nodeSelectorTerms":[)" + terms + "]}}}}")).value_or("");
    };
    const auto rule = [](const std::string& key, const std::string& values) {
        return R"({"matchExpressions":[{"key":")" + key + R"(","operator":"In","values":[)" + values + "]}]}";
    };

    EXPECT_EQ(node_of_volume(read("{}")), std::nullopt);
    EXPECT_EQ(of(rule("kubernetes.io/hostname", R"("n1")")), "n1");
    EXPECT_EQ(of(R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]})"), "n1");
    EXPECT_EQ(of(rule("topology.kubernetes.io/zone", R"("a")")), "");
    EXPECT_EQ(of(rule("kubernetes.io/hostname", R"("n1","n2")")), "");
    EXPECT_EQ(of(rule("kubernetes.io/hostname", R"("n1")") + "," + rule("kubernetes.io/hostname", R"("n2")")), "");
}

}  // namespace
}  // namespace gk::kubernetes
