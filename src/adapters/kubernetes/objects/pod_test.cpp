#include "adapters/kubernetes/objects/pod.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "adapters/kubernetes/objects/claims.hpp"
#include "adapters/kubernetes/objects/service.hpp"
#include "adapters/kubernetes/objects/space_budget.hpp"
#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::ObjectKey;
using wire::kubernetes::text_at;

const auto uid = *ServerUid::parse("01000000-0000-0000-0000-000000000000");
const ObjectKey castle{"friends", "castle"};

std::vector<server::PortBinding> ports() {
    return {{.role = "game", .protocol = Protocol::udp, .open = Port{30000}, .bound = Port{30000}},
            {.role = "web", .protocol = Protocol::tcp, .open = Port{30001}, .bound = Port{30001}},
            {.role = "rcon", .protocol = Protocol::tcp, .open = Port{30002}, .bound = Port{30002}, .internal = true}};
}

server::LaunchSpec launch() {
    server::LaunchSpec out;
    out.uid = uid;
    out.resources = {.cpu = {500}, .memory = {1024}, .disk = {5120}};
    out.ports = ports();
    out.stop = {{.signal = 2, .wait = std::chrono::seconds(120)}, {.signal = 15, .wait = std::chrono::seconds(10)}};
    out.image = {.reference = "registry.example.org/games/minetest:1", .has_shim = true};
    return out;
}

PodRules rules() {
    PodRules out;
    out.shim_image = "registry.example.org/gamekeeper/gk-shim:1";
    return out;
}

PodRules strict_rules() {
    auto out = rules();
    out.pull_secrets = {"registry"};
    out.node_selector = Value::object({{"pool", "games"}});
    out.tolerations = {{.key = "games", .value = std::nullopt, .effect = "NoSchedule"}};
    return out;
}

std::string indented(const Value& value, std::size_t depth) {
    const std::string margin(2 * (depth + 1), ' ');
    std::string out;
    const auto* object = value.as_object();
    const auto* array = value.as_array();
    if ((object == nullptr || object->empty()) && (array == nullptr || array->empty())) return to_json(value);
    if (object != nullptr) {
        for (const auto& [name, member] : *object) {
            out += (out.empty() ? "{\n" : ",\n") + margin;
            append_json_string(out, name);
            out += ": " + indented(member, depth + 1);
        }
        return out + "\n" + std::string(2 * depth, ' ') + "}";
    }
    for (const auto& item : *array) out += (out.empty() ? "[\n" : ",\n") + margin + indented(item, depth + 1);
    return out + "\n" + std::string(2 * depth, ' ') + "]";
}

// GK_GOLDEN=write writes what is there now; read the difference before you commit it.
void expect_golden(const std::string& name, const Value& value) {
    const auto path = std::string(GK_SOURCE_DIR) + "/src/adapters/kubernetes/testdata/" + name + ".json";
    const auto text = indented(value, 0) + "\n";
    if (const auto* wish = std::getenv("GK_GOLDEN"); wish != nullptr && std::string_view(wish) == "write") std::ofstream(path) << text;
    std::ifstream in(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text) << path;
}

TEST(Pod, LooksAsItAlwaysDid) {
    const auto game = launch();
    auto foreign = launch();
    foreign.image->has_shim = false;
    foreign.exposure = server::Exposure{.kind = server::Exposure::Kind::host_port};

    expect_golden("stateful_set", stateful_set({.launch = game, .server = castle, .claim = "gs-castle-0"}, rules(), 1, Epoch{7}));
    expect_golden("stateful_set_foreign", stateful_set({.launch = foreign, .server = castle, .claim = "gs-castle-3"}, strict_rules(), 0, Epoch{7}));
    expect_golden("space_budget", space_budget("friends"));
}

TEST(Pod, InitContainersShareAFolderWithTheGameAndSeeNothingElseOfIt) {
    auto game = launch();
    game.init = {{.name = "settings", .image = {}, .argv = {"/bin/prepare", "30000"}}, {.name = "mods", .image = "mods:1", .argv = {"/bin/mods"}}};

    const auto pod = pod_template({.launch = game, .server = castle, .claim = "gs-castle-0"}, rules());

    expect_golden("pod_with_init", pod);
    EXPECT_EQ(pod_variables(game).at("GK_SHARED"), "/gk/shared");
    EXPECT_FALSE(pod_variables(launch()).contains("GK_SHARED"));
}

// The issue's list of what a pod is like, word by word.
TEST(Pod, KeepsToPodSecurityRestricted) {
    auto game = launch();
    game.image->has_shim = false;
    game.init = {{.name = "settings", .image = {}, .argv = {"/bin/prepare"}}};
    const auto pod = pod_template({.launch = game, .server = castle, .claim = "gs-castle-0"}, rules());
    const auto& spec = *pod.find("spec");

    EXPECT_EQ(*spec.find("automountServiceAccountToken"), Value(false));
    EXPECT_EQ(*spec.find("terminationGracePeriodSeconds"), Value(160)) << "the whole ladder, and a margin";
    const auto& security = *spec.find("securityContext");
    EXPECT_EQ(*security.find("runAsNonRoot"), Value(true));
    EXPECT_EQ(*security.find("fsGroup"), *security.find("runAsUser"));
    EXPECT_EQ(text_at(security, {"seccompProfile", "type"}), "RuntimeDefault");
    for (const auto* list : {"containers", "initContainers"}) {
        for (const auto& container : *spec.find(list)->as_array()) {
            EXPECT_EQ(*container.find("resources")->find("limits"), *container.find("resources")->find("requests"));
            EXPECT_EQ(*container.find("securityContext")->find("readOnlyRootFilesystem"), Value(true));
            EXPECT_EQ(*container.find("securityContext")->find("allowPrivilegeEscalation"), Value(false));
            EXPECT_EQ(to_json(*container.find("securityContext")->find("capabilities")), R"({"drop":["ALL"]})");
        }
    }
    EXPECT_EQ(to_json(pod).find("hostPort"), std::string::npos);
    const auto& game_ports = *spec.find("containers")->as_array()->front().find("ports");
    EXPECT_EQ(to_json(game_ports).find("30002"), std::string::npos) << "RCON is not for the outside";
}

TEST(Pod, RunsWhereTheConfigurationSays) {
    auto placed = strict_rules();
    placed.priority_class = "games";
    placed.runtime_class = "gvisor";
    auto spec = Value::object();

    set_placement(spec,
                  {.reference = "castle:1",
                   .node_selector = {{"pool", "spot"}, {"disk", "fast"}},
                   .tolerations = {{.key = "disk", .value = "fast", .effect = ""}}},
                  placed);

    EXPECT_EQ(to_json(spec), R"({"imagePullSecrets":[{"name":"registry"}],"nodeSelector":{"disk":"fast","pool":"games"},)"
                             R"("tolerations":[{"key":"games","operator":"Exists","effect":"NoSchedule"},)"
                             R"({"key":"disk","operator":"Equal","value":"fast"}],)"
                             R"("priorityClassName":"games","runtimeClassName":"gvisor"})");
}

TEST(Pod, RunsAsWhomItsDefinitionSays) {
    auto game = launch();
    game.image->user = 1000;
    game.image->writable_root = true;
    game.image->has_shim = false;

    const auto pod = pod_template({.launch = game, .server = castle, .claim = "gs-castle-0"}, rules());

    expect_golden("pod_with_user", pod);
    const auto root = [&](std::uint32_t user) {
        game.image->user = user;
        return *security_of(*game.image, rules()).find("runAsNonRoot");
    };
    EXPECT_EQ(root(0), Value(false)) << "or the kubelet would refuse it";
    EXPECT_EQ(root(1), Value(true));
}

TEST(Pod, IsAnotherOneWhenAnythingOfItChanges) {
    const auto game = launch();
    auto larger = launch();
    larger.resources.memory = {2048};
    const auto mark_of = [](const server::LaunchSpec& spec, const std::string& claim) {
        return template_mark(pod_template({.launch = spec, .server = castle, .claim = claim}, rules()));
    };

    EXPECT_EQ(mark_of(game, "a").size(), 16u);
    EXPECT_EQ(mark_of(game, "a"), mark_of(game, "a"));
    EXPECT_NE(mark_of(game, "a"), mark_of(game, "b"));
    EXPECT_NE(mark_of(game, "a"), mark_of(larger, "a"));
}

TEST(Pod, GivesTheWholeStopLadderItsTime) {
    EXPECT_EQ(grace_of({}), std::chrono::seconds(30));
    EXPECT_EQ(grace_of({{.wait = Milliseconds(90'000)}, {.wait = Milliseconds(500)}}), std::chrono::seconds(121));
}

TEST(Claims, LookAsTheyAlwaysDid) {
    expect_golden(
        "claim",
        claim({.uid = uid, .server = castle, .number = 2, .world = World::staged, .size = {5120}, .storage_class = "fast", .epoch = Epoch{7}}));
}

TEST(Service, LooksAsItAlwaysDid) {
    using enum server::Exposure::Kind;
    const PortOwner owner{.uid = uid, .space = "friends", .id = "castle", .exposure = {}};

    expect_golden("service_node_port", service(owner, {.kind = node_port}, ports(), {}));
    expect_golden("service_load_balancer",
                  service(owner, {.kind = load_balancer, .dns_label = "castle", .static_address = "192.0.2.7"}, ports(), {}));
    expect_golden("service_host_port", service(owner, {.kind = host_port}, ports(), {}));
    expect_golden("service_internal", service(owner, {.kind = internal}, ports(), {}));
}

TEST(Service, HoldsWhatWasReserved) {
    const PortOwner owner{.uid = uid, .space = "friends", .id = "castle", .exposure = {}};

    const auto reserved = reserved_by(service(owner, {}, ports(), {}));

    ASSERT_TRUE(reserved);
    EXPECT_EQ(reserved->server, uid);
    EXPECT_EQ(reserved->ports, ports());
    EXPECT_EQ(reserved->exposure, server::Exposure());
    EXPECT_FALSE(reserved_by(Value::object()));
}

TEST(Service, AChangeTakesAwayWhatTheOtherWayHad) {
    using enum server::Exposure::Kind;
    const Annotations group{{"service.beta.kubernetes.io/azure-load-balancer-resource-group", "games"}};

    expect_golden("service_change_to_balancer",
                  service_change({.kind = load_balancer, .address = {}, .dns_label = "castle", .static_address = "2001:db8::7"}, ports(), group));
    expect_golden("service_change_to_internal",
                  service_change({.kind = internal, .address = {}, .dns_label = {}, .static_address = {}}, ports(), group));
}

TEST(Service, TellsTheAddressThatTheCloudHasGiven) {
    struct Row {
        std::string status, wanted, host;
    };
    const Row rows[] = {
        {R"({})", "", ""},
        {R"({"loadBalancer":{"ingress":[]}})", "", ""},
        {R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}})", "", "192.0.2.7"},
        {R"({"loadBalancer":{"ingress":[{"hostname":"a.elb.example"}]}})", "192.0.2.7", "a.elb.example"},
        {R"({"loadBalancer":{"ingress":[{"ip":"2001:db8::7"}]}})", "2001:db8::7", "2001:db8::7"},
        // The one that it had before it was asked for another.
        {R"({"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}})", "192.0.2.7", ""},
    };
    for (const auto& row : rows) {
        const auto object = Value::object({{"status", *net::parse_json(row.status)}});
        EXPECT_EQ(
            balanced_host(object, {.kind = server::Exposure::Kind::load_balancer, .address = {}, .dns_label = {}, .static_address = row.wanted}),
            row.host)
            << row.status;
    }
}

// The claims of a server in a store, as "NUMBER world [leaving|lost]".
wire::kubernetes::Store store_of(const std::vector<std::string>& lines) {
    std::vector<wire::kubernetes::ObjectPtr> items;
    for (const auto& line : lines) {
        const int number = line.front() - '0';
        const auto world = line.find("staged") != std::string::npos ? World::staged : World::live;
        auto object = claim({.uid = uid, .server = castle, .number = number, .world = world, .size = {1}, .storage_class = {}, .epoch = {}});
        auto metadata = *object.find("metadata");
        metadata.set("resourceVersion", fmt::to_string(number + 1));
        metadata.set("uid", "u");
        if (line.find("leaving") != std::string::npos) metadata.set("deletionTimestamp", "2027-01-15T08:00:00Z");
        object.set("metadata", std::move(metadata));
        if (line.find("lost") != std::string::npos) object.set("status", Value::object({{"phase", "Lost"}}));
        items.push_back(std::make_shared<const Value>(std::move(object)));
    }
    wire::kubernetes::Store store;
    store.replace(std::move(items));
    return store;
}

TEST(Claims, TheNewestLiveOneCounts) {
    struct Row {
        std::vector<std::string> claims;
        int live;  // -1: none.
        int staged;
        std::vector<int> stale;
    };
    const Row rows[] = {
        {{}, -1, -1, {}},
        {{"0 live"}, 0, -1, {}},
        {{"0 live", "1 staged"}, 0, 1, {}},
        {{"0 live", "1 live"}, 1, -1, {0}},
        {{"0 live leaving", "1 live"}, 1, -1, {}},
        // What is leaving was in force: an older one is not the world again.
        {{"0 live", "1 live leaving"}, -1, -1, {}},
        {{"0 live lost"}, -1, -1, {0}},
        {{"1 staged leaving"}, -1, -1, {}},
    };
    for (const auto& row : rows) {
        const auto claims = claims_of(store_of(row.claims), uid, castle);
        const auto number = [](const std::optional<Claim>& it) { return it ? it->number : -1; };
        const auto all = row.claims.empty() ? std::string("none") : row.claims.front() + "...";
        EXPECT_EQ(claims.size(), row.claims.size()) << all;
        EXPECT_EQ(number(live_claim(claims)), row.live) << all;
        EXPECT_EQ(number(staged_claim(claims)), row.staged) << all;
        std::vector<int> stale;
        for (const auto& it : stale_claims(claims)) stale.push_back(it.number);
        EXPECT_EQ(stale, row.stale) << all;
    }
}

TEST(Claims, OfAnotherServerAreNotOurs) {
    const auto store = store_of({"0 live"});

    EXPECT_TRUE(claims_of(store, uid, {"friends", "cast"}).empty());
    EXPECT_TRUE(claims_of(store, uid, {"others", "castle"}).empty());
    EXPECT_TRUE(claims_of(store, ServerUid(), castle).empty());
}

}  // namespace
}  // namespace gk::kubernetes
