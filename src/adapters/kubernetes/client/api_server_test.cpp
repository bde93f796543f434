#include "adapters/kubernetes/client/api_server.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/kubernetes/client/scripted_api.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::kubernetes {
namespace {
using namespace std::chrono_literals;
using Kind = Failure::Kind;

const Resource maps{.group = "", .version = "v1", .plural = "configmaps"};

// Prints one token after the other.
class CountingPrograms final : public Programs {
public:
    Task<Result<Ended, std::string>> run(std::vector<std::string>, std::vector<std::pair<std::string, std::string>>, Milliseconds) override {
        ++runs;
        auto status = Value::object({{"token", "token-" + std::to_string(runs)}});
        if (!expires.empty()) status.set("expirationTimestamp", expires);
        const auto printed =
            Value::object({{"apiVersion", "client.authentication.k8s.io/v1"}, {"kind", "ExecCredential"}, {"status", std::move(status)}});
        co_return Ended{.code = 0, .output = to_json(printed), .errors = {}};
    }
    int runs = 0;
    std::string expires;
};

class ApiServerTest : public testing::Test {
protected:
    ApiServerTest() { target.cluster.server = api.address; }

    Client client(ApiServer::Options options = {}) {
        credentials = Credentials::make(api.clock, target, &programs).value();
        server.emplace(api.io.get_executor(), api.clock, ApiServer::remote_of(target.cluster).value(), *credentials, options);
        return Client(*server, "gk-test");
    }
    Result<Value, Failure> get(Client& from) { return api.finish(from.get(maps, {"a", "b"})); }
    Result<Value, Failure> create(Client& from) {
        auto object = Value::object({{"metadata", Value::object({{"namespace", "a"}, {"name", "b"}})}});
        return api.finish(from.create(maps, std::move(object)));
    }
    void use_plugin() { target.user.exec = wire::kubernetes::ExecPlugin{.api_version = "client.authentication.k8s.io/v1", .command = "plugin"}; }

    ScriptedApi api;
    wire::kubernetes::Target target;
    CountingPrograms programs;
    std::unique_ptr<Credentials> credentials;
    std::optional<ApiServer> server;
};

TEST_F(ApiServerTest, SaysWhatItWasAskedToSay) {
    target.user.token = Secret("t");
    auto from = client();
    api.says(200, R"({"data":{"x":"1"}})");

    const auto got = get(from);

    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(api.seen[0].call, "GET /api/v1/namespaces/a/configmaps/b");
    EXPECT_EQ(api.seen[0].authorization, "Bearer t");
}

TEST_F(ApiServerTest, ABusyServerIsAskedAgainWhenItSaid) {
    auto from = client();
    api.says(429, "{}", {{"Retry-After", "3"}});
    api.says(503, "{}", {{"Retry-After", "2"}});
    api.says(201, "{}");

    EXPECT_TRUE(create(from));

    ASSERT_EQ(api.seen.size(), 3u);
    EXPECT_GE(api.seen[1].at - api.seen[0].at, 3s);
    EXPECT_GE(api.seen[2].at - api.seen[1].at, 2s);
}

TEST_F(ApiServerTest, AServerThatStaysBusyIsLeftAloneAtTheLimit) {
    auto from = client();
    for (int i = 0; i < 20; ++i) api.says(429, "{}", {{"Retry-After", "12"}});

    const auto failed = get(from);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::busy);
    EXPECT_EQ(failed.error().retry_after, 12s);
    EXPECT_EQ(api.seen.size(), 3u) << "after 0, 12 and 24 of 30 s";
}

TEST_F(ApiServerTest, NothingElseIsRepeated) {
    auto from = client();
    for (const int status : {500, 503, 504, 409, 422, 403, 404}) {
        api.seen.clear();
        api.says(status, "{}");
        EXPECT_FALSE(create(from));
        EXPECT_EQ(api.seen.size(), 1u) << status;
    }
}

TEST_F(ApiServerTest, AnAnswerThatIsNoJsonIsNoAnswer) {
    auto from = client();
    api.says(201, R"({"half":)");

    const auto failed = create(from);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::unavailable);
}

TEST_F(ApiServerTest, AServerThatIsAwayIsCalledOnce) {
    target.cluster.server = "http://127.0.0.1:1";
    auto from = client();

    const auto failed = get(from);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::refused);
    EXPECT_EQ(server->requests(), 1u);
}

TEST_F(ApiServerTest, CredentialsThatAreRefusedAreMadeAnewOnce) {
    use_plugin();
    auto from = client();
    api.says(401, "{}");
    api.says(200, "{}");
    EXPECT_TRUE(get(from));
    EXPECT_EQ(api.seen[0].authorization, "Bearer token-1");
    EXPECT_EQ(api.seen[1].authorization, "Bearer token-2");

    api.says(401, "{}");
    api.says(401, "{}");
    const auto failed = get(from);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::unauthorized);
    EXPECT_EQ(api.seen.size(), 4u);
}

TEST_F(ApiServerTest, APluginRunsAgainWhenWhatItPrintedHasExpired) {
    use_plugin();
    programs.expires = rfc3339(api.clock.calendar() + 1h);
    auto from = client();
    for (int i = 0; i < 3; ++i) api.says(200, "{}");

    EXPECT_TRUE(get(from));
    EXPECT_TRUE(get(from));
    EXPECT_EQ(programs.runs, 1);
    api.clock.advance(1h);
    EXPECT_TRUE(get(from));
    EXPECT_EQ(programs.runs, 2);
}

TEST_F(ApiServerTest, ATokenFileIsReadAgainAndItsLastTokenKept) {
    std::optional<test::TemporaryDirectory> folder(std::in_place);
    target.user.token_file = folder->path() / "token";
    std::ofstream(target.user.token_file) << "one\n";
    auto from = client();
    for (int i = 0; i < 3; ++i) api.says(200, "{}");

    EXPECT_TRUE(get(from));
    std::ofstream(target.user.token_file) << "two\n";
    api.clock.advance(1min);
    EXPECT_TRUE(get(from));
    folder.reset();
    api.clock.advance(1min);
    EXPECT_TRUE(get(from));

    EXPECT_EQ(api.seen[0].authorization, "Bearer one");
    EXPECT_EQ(api.seen[1].authorization, "Bearer two");
    EXPECT_EQ(api.seen[2].authorization, "Bearer two");
}

// I22.
TEST_F(ApiServerTest, NeverCallsMoreOftenThanItsBudget) {
    auto from = client({.budget = {.per_second = 5, .burst = 2}});
    const auto begun = api.clock.now();
    for (int i = 0; i < 12; ++i) api.says(200, "{}");

    for (int i = 0; i < 12; ++i) ASSERT_TRUE(get(from));

    EXPECT_GE(api.clock.now() - begun, 2s);
}

TEST_F(ApiServerTest, DoesNotWaitForAConnectionBeyondTheLimit) {
    auto from = client({.connections = 0});

    const auto failed = get(from);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, Kind::busy);
    EXPECT_TRUE(api.seen.empty());
}

TEST_F(ApiServerTest, AListOfPagesIsOneList) {
    auto from = client();
    api.says(200,
             R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"a b"},"items":[{"metadata":{"name":"x"}}]})");
    api.says(200, R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"y"}}]})");
    wire::kubernetes::Reflector::List how{.version = "", .page_size = 1};

    const auto listed = api.finish(from.list(maps, {.space = "a", .labels = "k=v"}, std::move(how)));

    ASSERT_TRUE(listed) << listed.error().detail;
    EXPECT_EQ(listed->version, "9");
    ASSERT_EQ(listed->items.size(), 2u);
    EXPECT_EQ(wire::kubernetes::text_at(*listed->items[1], {"kind"}), "ConfigMap");
    EXPECT_EQ(api.seen[0].call, "GET /api/v1/namespaces/a/configmaps?labelSelector=k%3Dv&limit=1");
    EXPECT_EQ(api.seen[1].call, "GET /api/v1/namespaces/a/configmaps?labelSelector=k%3Dv&limit=1&continue=a%20b");
}

std::string map(const char* name, const char* version) {
    auto metadata = Value::object({{"namespace", "a"}, {"name", name}, {"resourceVersion", version}});
    return to_json(Value::object({{"metadata", std::move(metadata)}}));
}
std::string list(const std::string& items, const char* version) {
    return R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":")" + std::string(version) + R"("},"items":[)" + items + "]}";
}
std::string event(const char* type, const std::string& object) { return std::string(R"({"type":")") + type + R"(","object":)" + object + "}\n"; }

class InformerTest : public ApiServerTest {
protected:
    // Runs until the copy has that many changes, or for a minute.
    void run_until(std::size_t changes) {
        auto from = client();
        informer.emplace(from, api.random, maps, Selection{}, [this](const auto& change) {
            told += (change.after == nullptr ? "-" : change.before == nullptr ? "+" : "~") + change.key.name;
            ++count;
        });
        async::TaskGroup group(api.io.get_executor());
        group.spawn("inform", informer->run());
        api.finish(wait_for(changes));
        group.cancel();
        api.finish(group.join());
    }
    Task<void> wait_for(std::size_t changes) {
        const auto end = api.clock.now() + 1min;
        while (count < changes && api.clock.now() < end) co_await api.clock.sleep(1ms);
    }
    std::vector<std::string> calls() const {
        std::vector<std::string> out;
        for (const auto& seen : api.seen) out.push_back(seen.call.substr(0, seen.call.find("&timeout")));
        return out;
    }

    std::optional<Informer> informer;
    std::string told;
    std::size_t count = 0;
    const std::string watch = "GET /api/v1/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion=";
    const std::string listing = "GET /api/v1/configmaps";
};

TEST_F(InformerTest, FollowsAWatchThatComesInBits) {
    api.says(200, list(map("x", "1"), "5"));
    const auto body = event("ADDED", map("y", "6")) + event("BOOKMARK", map("", "8")) + event("DELETED", map("x", "9"));
    api.streams({body.substr(0, 10), body.substr(10, 90), body.substr(100)});
    api.streams({event("MODIFIED", map("y", "10"))}, true);

    run_until(4);

    EXPECT_EQ(told, "+x+y-x~y");
    EXPECT_EQ(calls(), (std::vector<std::string>{listing + "?limit=500", watch + "5", watch + "9"}));
}

TEST_F(InformerTest, ListsAfreshWhenItsVersionIsGone) {
    api.says(200, list(map("x", "1"), "5"));
    api.streams({event("ADDED", map("z", "6")) + event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})")});
    api.says(410, R"({"kind":"Status","code":410,"reason":"Expired"})");
    api.says(200, list(map("y", "90"), "91"));
    api.streams({}, true);

    run_until(5);

    EXPECT_EQ(told, "+x+z+y-x-z");
    const std::vector<std::string> first_four{listing + "?limit=500", watch + "5", listing + "?resourceVersion=6", listing + "?limit=500"};
    for (std::size_t i = 0; i < first_four.size(); ++i) EXPECT_EQ(calls().at(i), first_four[i]);
    EXPECT_GE(api.seen[2].at - api.seen[1].at, 800ms);
}

TEST_F(InformerTest, HalfAFrameIsNoEvent) {
    api.says(200, list(map("x", "1"), "5"));
    api.streams({event("ADDED", map("y", "6")) + R"({"type":"ADDED","object":{"metadata":{"na)"});
    api.streams({event("ADDED", map("z", "7"))}, true);

    run_until(3);

    EXPECT_EQ(told, "+x+y+z");
    EXPECT_EQ(calls().back(), watch + "6");
}

TEST_F(InformerTest, AWatchThatIsRefusedForBeingBusyIsAskedForAgain) {
    api.says(200, list(map("x", "1"), "5"));
    api.says(429, "{}", {{"Retry-After", "4"}});
    api.streams({event("ADDED", map("y", "6"))}, true);

    run_until(2);

    EXPECT_EQ(calls(), (std::vector<std::string>{listing + "?limit=500", watch + "5", watch + "5"}));
    EXPECT_GE(api.seen[2].at - api.seen[1].at, 4s);
}

TEST_F(InformerTest, CatchesUpThoughItsWatchHasFallenSilent) {
    auto from = client();
    std::string told;
    informer.emplace(from, api.random, maps, Selection{}, [&told](const auto& change) { told += (change.after ? "+" : "-") + change.key.name; });
    api.says(200, list(map("x", "6"), "6"));
    api.streams({}, true);
    api.says(200, list(map("y", "9"), "9"));
    api.streams({event("ADDED", map("z", "10"))}, true);

    async::TaskGroup group(api.io.get_executor());
    group.spawn("inform", informer->run());
    api.finish(informer->synced());
    while (api.seen.size() < 2) api.finish(api.clock.sleep(1ms));
    api.finish(informer->catch_up());
    EXPECT_EQ(told, "+x+y-x");
    while (told.size() < 8) api.finish(api.clock.sleep(1ms));
    group.cancel();
    api.finish(group.join());

    EXPECT_EQ(told, "+x+y-x+z");
    EXPECT_FALSE(api.seen[2].call.contains("resourceVersion=")) << "the newest state, and no cache's: " << api.seen[2].call;
}

TEST_F(InformerTest, IsNotFreshBeforeItHasSeenOurOwnWrite) {
    auto from = client();
    informer.emplace(from, api.random, maps, Selection{}, [](const auto&) {});
    const ObjectKey key{.space = "a", .name = "x"};
    informer->wrote(key, "7");
    api.says(200, list(map("x", "6"), "6"));
    api.streams({event("MODIFIED", map("x", "7"))}, true);

    async::TaskGroup group(api.io.get_executor());
    group.spawn("inform", informer->run());
    api.finish(informer->synced());
    EXPECT_FALSE(informer->freshness().is_fresh(key));
    while (!informer->freshness().is_fresh(key)) api.finish(api.clock.sleep(1ms));
    group.cancel();
    api.finish(group.join());

    EXPECT_EQ(wire::kubernetes::version_of(*informer->store().find(key)), "7");
    informer->wrote(key, "7");
    EXPECT_TRUE(informer->freshness().is_fresh(key)) << "the event of a write may come before its answer";
}

}  // namespace
}  // namespace gk::kubernetes
