#include "adapters/kubernetes/store/port_map.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "adapters/kubernetes/client/scripted_api.hpp"
#include "adapters/kubernetes/objects/service.hpp"
#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

const std::vector<PortWish> one_game = {{.role = "game", .udp = true}};
// As the API server refuses a node port that another Service has.
const std::string taken = R"({"reason":"Invalid","details":{"causes":[{"field":"spec.ports[0].nodePort",)"
                          R"("message":"Invalid value: 30000: provided port is already allocated"}]}})";

PortOwner castle() {
    PortOwner owner;
    owner.uid = *ServerUid::parse("01000000-0000-0000-0000-000000000000");
    owner.space = "friends";
    owner.id = "castle";
    return owner;
}

server::Exposure exposed(server::Exposure::Kind kind) { return {.kind = kind, .address = {}, .dns_label = {}, .static_address = {}}; }

// The Service of a server as it is stored, with this number.
std::string stored(const PortOwner& owner, int number, int bound = 0) {
    const Port port{static_cast<std::uint16_t>(number)};
    const Port inner{static_cast<std::uint16_t>(bound == 0 ? number : bound)};
    auto object =
        service(owner, owner.exposure.value_or(server::Exposure()), {{.role = "game", .protocol = Protocol::udp, .open = port, .bound = inner}}, {});
    auto metadata = *object.find("metadata");
    metadata.set("uid", "object-" + owner.id);
    metadata.set("resourceVersion", "7");
    object.set("metadata", std::move(metadata));
    return to_json(object);
}

Value with_version(const std::string& object, std::string_view version) {
    auto out = *net::parse_json(object);
    auto metadata = *out.find("metadata");
    metadata.set("resourceVersion", version);
    out.set("metadata", std::move(metadata));
    return out;
}

std::string list_of(const std::vector<std::string>& items) {
    return fmt::format(R"({{"metadata":{{"resourceVersion":"9"}},"items":[{}]}})", fmt::join(items, ","));
}

class KubernetesPortMapTest : public testing::Test {
protected:
    void SetUp() override {
        target.cluster.server = api.address;
        credentials = Credentials::make(api.clock, target, nullptr).value();
        server.emplace(api.io.get_executor(), api.clock, ApiServer::remote_of(target.cluster).value(), *credentials, ApiServer::Options{});
        ports.emplace(Client(*server, "gk-test"), api.random, KubernetesPortMap::Rules{.range = {.first = Port{30000}, .last = Port{30002}}});
        ports->on_address([this](ServerUid uid) { told.push_back(uid); });
        api.says(200, R"({"metadata":{"resourceVersion":"5"},"items":[]})");
        api.streams(events, true);
        running.emplace(api.io.get_executor());
        running->spawn("ports", ports->run());
        api.finish(ports->synced());
        while (api.seen.size() < 2) api.finish(api.clock.sleep(Milliseconds(1)));
        api.seen.clear();
    }
    void TearDown() override {
        running->cancel();
        api.finish(running->join());
    }
    int number_of(const Result<std::vector<server::PortBinding>, PortMapError>& reserved) {
        return reserved ? std::to_underlying(reserved->front().open) : 0;
    }
    std::vector<std::string> calls() const {
        std::vector<std::string> out;
        for (const auto& it : api.seen) out.push_back(it.call.substr(0, it.call.find('?')));
        return out;
    }

    std::vector<ServerUid> told;      // Of whose addresses.
    std::vector<std::string> events;  // Of the watch, from its beginning.
    ScriptedApi api;
    wire::kubernetes::Target target;
    std::unique_ptr<Credentials> credentials;
    std::optional<ApiServer> server;
    std::optional<KubernetesPortMap> ports;
    std::optional<async::TaskGroup> running;
};

TEST_F(KubernetesPortMapTest, TakesTheNextNumberWhenTheClusterHasGivenOneAway) {
    api.says(422, taken);
    api.says(201, stored(castle(), 30001));

    const auto reserved = api.finish(ports->reserve(castle(), one_game, {}));
    const auto again = api.finish(ports->reserve(castle(), one_game, {}));

    EXPECT_EQ(number_of(reserved), 30001);
    EXPECT_EQ(number_of(again), 30001);
    EXPECT_EQ(calls(), std::vector<std::string>(2, "POST /api/v1/namespaces/friends/services"));
}

TEST_F(KubernetesPortMapTest, FindsWhatItMadeWhenTheAnswerWasLost) {
    api.says(409, R"({"reason":"AlreadyExists"})");
    api.says(200, stored(castle(), 30002));

    const auto reserved = api.finish(ports->reserve(castle(), one_game, {}));

    EXPECT_EQ(number_of(reserved), 30002);
}

TEST_F(KubernetesPortMapTest, SaysWhoseTheServiceIsAndMakesRoomWhenAsked) {
    auto other = castle();
    other.uid = *ServerUid::parse("02000000-0000-0000-0000-000000000000");
    api.says(409, R"({"reason":"AlreadyExists"})");
    api.says(200, stored(other, 30002));

    const auto refused = api.finish(ports->reserve(castle(), one_game, {}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, PortMapError::Kind::unavailable);
    EXPECT_NE(refused.error().detail.find("gs-castle"), std::string::npos);
    EXPECT_EQ(refused.error().holder, other.uid);

    api.says(200, "{}");
    EXPECT_TRUE(api.finish(ports->release(other.uid)));
    EXPECT_EQ(calls().back(), "DELETE /api/v1/namespaces/friends/services/gs-castle");
    EXPECT_NE(api.seen.back().body.find("object-castle"), std::string::npos) << "another Service of that name stays";
}

TEST_F(KubernetesPortMapTest, LeavesAServiceOfSomebodyElseAlone) {
    api.says(409, R"({"reason":"AlreadyExists"})");
    api.says(200, R"({"metadata":{"name":"gs-castle","namespace":"friends","uid":"o","resourceVersion":"7"},"spec":{"ports":[]}})");

    const auto refused = api.finish(ports->reserve(castle(), one_game, {}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, PortMapError::Kind::unavailable);
    EXPECT_FALSE(refused.error().holder);
}

TEST_F(KubernetesPortMapTest, SaysHowARightThatIsMissingIsGiven) {
    api.says(403, R"({"reason":"Forbidden","message":"User \"gk\" cannot create resource \"services\" in the namespace \"friends\""})");

    const auto refused = api.finish(ports->reserve(castle(), one_game, {}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, PortMapError::Kind::unavailable);
    for (const auto* part : {"'castle' cannot be made", "add it to `spaces` of the chart", "cannot create resource"})
        EXPECT_NE(refused.error().detail.find(part), std::string::npos) << refused.error().detail;
}

TEST_F(KubernetesPortMapTest, SaysThatTheRangeIsUsedUp) {
    for (int i = 0; i < 3; ++i) api.says(422, taken);

    const auto refused = api.finish(ports->reserve(castle(), one_game, {}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, PortMapError::Kind::exhausted);
}

TEST_F(KubernetesPortMapTest, AnotherExposureChangesTheServiceThatIsThere) {
    api.says(201, stored(castle(), 30000));
    ASSERT_TRUE(api.finish(ports->reserve(castle(), one_game, {})));
    auto owner = castle();
    owner.exposure = exposed(server::Exposure::Kind::load_balancer);
    api.says(200, stored(owner, 30000));

    const auto reserved = api.finish(ports->reserve(owner, one_game, {}));
    const auto again = api.finish(ports->reserve(owner, one_game, {}));

    EXPECT_EQ(number_of(reserved), 30000) << "players keep their port";
    EXPECT_EQ(number_of(again), 30000);
    ASSERT_EQ(calls().size(), 2u);
    EXPECT_EQ(calls().back(), "PATCH /api/v1/namespaces/friends/services/gs-castle");
    EXPECT_NE(api.seen.back().body.find(R"("type":"LoadBalancer")"), std::string::npos) << api.seen.back().body;
}

TEST_F(KubernetesPortMapTest, PortsOfNodesHaveARangeOfTheirOwn) {
    api.says(201, stored(castle(), 30000));
    ASSERT_TRUE(api.finish(ports->reserve(castle(), one_game, {})));
    auto owner = castle();
    owner.exposure = exposed(server::Exposure::Kind::host_port);
    api.says(200, stored(owner, 7000));
    api.says(200, list_of({stored(owner, 7000)}));

    const auto reserved = api.finish(ports->reserve(owner, one_game, {}));

    EXPECT_EQ(number_of(reserved), 7000);
    EXPECT_NE(api.seen[1].body.find("7000"), std::string::npos);
    ASSERT_EQ(api.finish(ports->list())->size(), 1u);
    EXPECT_EQ(api.finish(ports->list())->front().binding.open, Port{7000});
}

TEST_F(KubernetesPortMapTest, APortOfNodesThatTwoHaveTakenIsGivenUpByWhoeverSeesIt) {
    auto owner = castle(), tower = castle();
    tower.id = "tower";
    tower.uid = *ServerUid::parse("02000000-0000-0000-0000-000000000000");
    owner.exposure = tower.exposure = exposed(server::Exposure::Kind::host_port);
    api.says(201, stored(owner, 7000));
    api.says(200, list_of({stored(tower, 7000), stored(owner, 7000)}));
    api.says(200, stored(owner, 7001));
    api.says(200, list_of({stored(tower, 7000), stored(owner, 7001)}));

    const auto reserved = api.finish(ports->reserve(owner, one_game, {}));

    EXPECT_EQ(number_of(reserved), 7001);
    EXPECT_NE(api.seen[2].body.find(R"("port":7001)"), std::string::npos) << api.seen[2].body;
    EXPECT_NE(api.seen[2].body.find(R"("targetPort":7001)"), std::string::npos) << "it is part of the pod";
}

TEST_F(KubernetesPortMapTest, APortOfEdgesThatTwoHaveTakenIsGivenUpLikewiseAndTheGameListensOn) {
    auto owner = castle(), tower = castle();
    tower.id = "tower";
    tower.uid = *ServerUid::parse("02000000-0000-0000-0000-000000000000");
    owner.exposure = tower.exposure = exposed(server::Exposure::Kind::edge);
    api.says(201, stored(owner, 26000));
    api.says(200, list_of({stored(tower, 26000), stored(owner, 26000)}));
    api.says(200, stored(owner, 26001, 26000));
    api.says(200, list_of({stored(tower, 26000), stored(owner, 26001, 26000)}));

    const auto reserved = api.finish(ports->reserve(owner, one_game, {}));

    EXPECT_EQ(number_of(reserved), 26001);
    EXPECT_NE(api.seen[0].body.find(R"("type":"ClusterIP")"), std::string::npos) << api.seen[0].body;
    EXPECT_NE(api.seen[2].body.find(R"("port":26001)"), std::string::npos) << api.seen[2].body;
    EXPECT_NE(api.seen[2].body.find(R"("targetPort":26000)"), std::string::npos) << api.seen[2].body;
}

TEST_F(KubernetesPortMapTest, AGameGoesOnListeningWhereItDoesWhenItsNumberIsTakenOutside) {
    auto owner = castle();
    owner.exposure = exposed(server::Exposure::Kind::internal);
    api.says(201, stored(owner, 30000));
    ASSERT_TRUE(api.finish(ports->reserve(owner, one_game, {})));
    api.says(422, taken);
    auto open = castle();
    auto moved = stored(open, 30001, 30000);
    api.says(200, std::move(moved));

    const auto reserved = api.finish(ports->reserve(open, one_game, {}));

    ASSERT_TRUE(reserved) << reserved.error().detail;
    EXPECT_EQ(reserved->front().open, Port{30001});
    EXPECT_EQ(reserved->front().bound, Port{30000});
    EXPECT_NE(api.seen.back().body.find(R"("targetPort":30000)"), std::string::npos) << api.seen.back().body;
}

TEST_F(KubernetesPortMapTest, KeepsWhatIsOpenWhenTheServiceCannotBeChanged) {
    api.says(201, stored(castle(), 30000));
    ASSERT_TRUE(api.finish(ports->reserve(castle(), one_game, {})));
    auto owner = castle();
    owner.exposure = exposed(server::Exposure::Kind::host_port);
    api.says(403, R"({"reason":"Forbidden","message":"no"})");

    const auto refused = api.finish(ports->reserve(owner, one_game, {}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(api.finish(ports->list())->front().binding.open, Port{30000});
}

TEST_F(KubernetesPortMapTest, WaitsUntilTheCloudHasGivenTheLastBalancerBack) {
    auto leaving = *net::parse_json(stored(castle(), 30002));
    auto metadata = *leaving.find("metadata");
    metadata.set("deletionTimestamp", "2027-01-15T08:00:00Z");
    leaving.set("metadata", std::move(metadata));
    api.says(409, R"({"reason":"AlreadyExists"})");
    api.says(200, to_json(leaving));

    const auto refused = api.finish(ports->reserve(castle(), one_game, {}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, PortMapError::Kind::unavailable);
    EXPECT_NE(refused.error().detail.find("still being removed"), std::string::npos) << refused.error().detail;
}

// A watch that was cut shows, when it goes on, another Service of the name without the end of the first one.
class OneAfterAnother : public KubernetesPortMapTest {
protected:
    void SetUp() override {
        second.uid = *ServerUid::parse("02000000-0000-0000-0000-000000000000");
        auto later = *net::parse_json(stored(second, 30001));
        auto metadata = *later.find("metadata");
        metadata.set("uid", "another object");
        later.set("metadata", std::move(metadata));
        events = {R"({"type":"ADDED","object":)" + stored(castle(), 30000) + "}\n", R"({"type":"MODIFIED","object":)" + to_json(later) + "}\n"};
        KubernetesPortMapTest::SetUp();
    }
    PortOwner second = castle();
};

// Found by seed 95 of the simulated cluster.
TEST_F(OneAfterAnother, TheFirstOneHoldsNothingAnyMore) {
    const auto holder = [&] {
        const auto held = api.finish(ports->list());
        return held && held->size() == 1 ? held->front().server : ServerUid();
    };

    for (int i = 0; i < 100 && holder() != second.uid; ++i) api.finish(api.clock.sleep(Milliseconds(1)));

    EXPECT_EQ(holder(), second.uid);
}

class FromTheCloud : public KubernetesPortMapTest {
protected:
    void SetUp() override {
        auto owner = castle();
        owner.exposure = exposed(server::Exposure::Kind::load_balancer);
        auto same = with_version(stored(owner, 30000), "8");
        auto later = with_version(stored(owner, 30000), "9");
        later.set("status", *net::parse_json(R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}})"));
        const auto line = [](const char* type, const std::string& object) {
            return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
        };
        events = {line("ADDED", stored(owner, 30000)), line("MODIFIED", to_json(same)), line("MODIFIED", to_json(later))};
        KubernetesPortMapTest::SetUp();
    }
};

TEST_F(FromTheCloud, AnAddressIsNewsAndNothingElseIs) {
    for (int i = 0; i < 100 && told.empty(); ++i) api.finish(api.clock.sleep(Milliseconds(1)));

    EXPECT_EQ(told, std::vector<ServerUid>{castle().uid});
    const auto service = ports->service_of(castle().uid);
    ASSERT_NE(service, nullptr);
    EXPECT_EQ(balanced_host(*service, exposed(server::Exposure::Kind::load_balancer)), "192.0.2.7");
}

TEST_F(KubernetesPortMapTest, AReleasedReservationIsGone) {
    api.says(201, stored(castle(), 30000));
    ASSERT_TRUE(api.finish(ports->reserve(castle(), one_game, {})));
    EXPECT_EQ(api.finish(ports->list())->size(), 1u);
    api.says(200, "{}");

    ASSERT_TRUE(api.finish(ports->release(castle().uid)));

    EXPECT_TRUE(api.finish(ports->list())->empty());
    EXPECT_EQ(calls().back(), "DELETE /api/v1/namespaces/friends/services/gs-castle");
    EXPECT_NE(api.seen.back().body.find("object-castle"), std::string::npos) << "another Service of that name is not ours to delete";
}

}  // namespace
}  // namespace gk::kubernetes
