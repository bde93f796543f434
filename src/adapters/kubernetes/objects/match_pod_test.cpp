#include "adapters/kubernetes/objects/match_pod.hpp"

#include <gtest/gtest.h>

#include "adapters/kubernetes/client/ballast.hpp"
#include "net/json/json.hpp"
#include "wire/kubernetes/base64.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::list_at;
using wire::kubernetes::text_at;

const auto uid = *ServerUid::parse("01000000-0000-8000-8000-000000000000");
const auto master = as_byte_span("the key of the control plane");

server::LaunchSpec launch() {
    server::LaunchSpec out;
    out.uid = uid;
    out.name = "matches/duels-01000000";
    out.slot = 30'300;
    out.resources = {.cpu = {500}, .memory = {128}, .disk = {16}};
    out.ports = {{.role = "game", .protocol = Protocol::tcp, .open = Port{7001}, .bound = Port{7001}}};
    out.env = {{"SESSION_ID", "match"}, {"FLEET", "duels"}};
    out.exposure.emplace().kind = server::Exposure::Kind::host_port;
    out.image = {.reference = "registry.example.org/gamekeeper:1", .has_shim = true};
    return out;
}

Value pod_of(const server::LaunchSpec& spec, Value owner = {}) {
    return match_pod({.launch = spec, .pod = {"matches", "duels-01000000"}, .owner = std::move(owner)}, PodRules());
}

// As the copy of it that is kept of the cluster's pods.
Value as_seen(Value pod) { return *without_ballast({.group = "", .version = "v1", .plural = "pods"}, std::make_shared<const Value>(std::move(pod))); }

TEST(MatchPod, IsBareAndNeverStartedAgain) {
    const auto pod = pod_of(launch());

    EXPECT_EQ(text_at(pod, {"kind"}), "Pod");
    EXPECT_EQ(text_at(pod, {"metadata", "name"}), "duels-01000000");
    EXPECT_EQ(text_at(pod, {"spec", "restartPolicy"}), "Never");
    EXPECT_EQ(find_at(pod, {"spec", "initContainers"}), nullptr);
    EXPECT_EQ(match_server_of(pod), uid);
    EXPECT_EQ(slot_of(pod), 30'300U);
}

TEST(MatchPod, HasNoClaimAndASizeLimitForWhatItWrites) {
    const auto pod = pod_of(launch());

    EXPECT_EQ(to_json(pod).find("persistentVolumeClaim"), std::string::npos);
    const auto& world = list_at(pod, {"spec", "volumes"}).front();
    EXPECT_EQ(text_at(world, {"name"}), "world");
    EXPECT_EQ(text_at(world, {"emptyDir", "sizeLimit"}), "16Mi");
    // The cluster may throw it out of a silent node, and soon: nothing is lost with it, and its players are to hear.
    const auto& tolerations = list_at(pod, {"spec", "tolerations"});
    ASSERT_EQ(tolerations.size(), 2U);
    for (const auto& toleration : tolerations) EXPECT_EQ(to_json(*find_at(toleration, {"tolerationSeconds"})), "60");
}

TEST(MatchPod, AsksForItsPortOnItsNode) {
    auto spec = launch();
    EXPECT_NE(to_json(pod_of(spec)).find(R"("hostPort":7001)"), std::string::npos);
    EXPECT_TRUE(has_ports_of_its_node(as_seen(pod_of(spec))));

    spec.exposure->kind = server::Exposure::Kind::internal;
    EXPECT_FALSE(has_ports_of_its_node(as_seen(pod_of(spec))));
    EXPECT_EQ(to_json(pod_of(spec)).find("hostPort"), std::string::npos);
}

// Whoever may read pods is not to speak for their matches: the game hears its environment from the shim.
TEST(MatchPod, ShowsNothingOfItsGamesEnvironment) {
    auto spec = launch();
    spec.env["MATCH_KEY"] = "gks_default.11111111-1111-4111-8111-111111111111.c0ffee";
    spec.env["MATCH_TOKEN_KEY"] = "5ec3e7";
    const auto text = to_json(pod_of(spec));
    EXPECT_EQ(text.find("MATCH_"), std::string::npos);
    EXPECT_EQ(text.find("c0ffee"), std::string::npos);
    EXPECT_EQ(text.find("5ec3e7"), std::string::npos);
}

// Requirement S1-10.
TEST(MatchPod, SaysWhatItIsForInItsLabels) {
    auto spec = launch();
    const auto ahead = pod_of(spec, Value::object({{"kind", "Fleet"}}));
    EXPECT_EQ(text_at(ahead, {"metadata", "labels", "app"}), "game-server");
    EXPECT_EQ(text_at(ahead, {"metadata", "labels", "fleet"}), "duels");
    EXPECT_EQ(find_at(ahead, {"metadata", "labels", "session_id"}), nullptr) << "of the definition's default nobody is to think that it is a match";
    EXPECT_EQ(text_at(list_at(ahead, {"metadata", "ownerReferences"}).front(), {"kind"}), "Fleet");

    spec.env = {{"SESSION_ID", "11111111-1111-4111-8111-111111111111"}};
    const auto for_a_match = pod_of(spec);
    EXPECT_EQ(text_at(for_a_match, {"metadata", "labels", "session_id"}), "11111111-1111-4111-8111-111111111111");
    EXPECT_EQ(find_at(for_a_match, {"metadata", "labels", "fleet"}), nullptr);
    EXPECT_EQ(find_at(for_a_match, {"metadata", "ownerReferences"}), nullptr);
}

TEST(MatchPod, SeesItsOwnKeyAndNoOther) {
    const auto pod = pod_of(launch());
    const auto keys = match_keys(master, "matches", 30'300);
    const auto volumes = to_json(*find_at(pod, {"spec", "volumes"}));

    EXPECT_NE(volumes.find("\"secretName\":\"" + match_keys_name(30'300) + '"'), std::string::npos);
    EXPECT_NE(volumes.find(R"("items":[{"key":"30300","path":"shim")"), std::string::npos);
    const auto key = wire::kubernetes::decode_base64(text_at(keys, {"data", "30300"}));
    ASSERT_TRUE(key);
    EXPECT_EQ(as_text(match_shim_key(master, 30'300)), *key);
    EXPECT_NE(match_shim_key(master, 30'300), match_shim_key(master, 30'301));
    EXPECT_EQ(text_at(keys, {"metadata", "name"}), match_keys_name(30'300));
}

TEST(MatchPod, KeysOfNeighboursLieTogether) {
    EXPECT_EQ(match_keys_name(30'208), match_keys_name(30'463));
    EXPECT_NE(match_keys_name(30'463), match_keys_name(30'464));
    EXPECT_EQ(match_keys(master, "matches", 30'208), match_keys(master, "matches", 30'463));
}

TEST(MatchPod, OfAnotherKindHasNoSlot) {
    auto pod = pod_of(launch());
    pod.set("metadata", Value::object({{"annotations", Value::object({{"gamekeeper.dev/slot", "30x"}})}}));
    EXPECT_FALSE(slot_of(pod));
    EXPECT_FALSE(match_server_of(pod));
    EXPECT_FALSE(slot_of(Value::object()));
}

}  // namespace
}  // namespace gk::kubernetes
