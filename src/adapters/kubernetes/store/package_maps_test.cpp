#include "adapters/kubernetes/store/package_maps.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/kubernetes/client/scripted_api.hpp"
#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

TEST(PackageMap, IsReadAsFiles) {
    const auto object = net::parse_json(R"({"metadata":{"name":"sizes","namespace":"a"},"data":{"b.yaml":"two","a.yaml":"one"},)"
                                        R"("binaryData":{"c.yaml":"AA=="}})");

    const auto declared = package_declaration_of(*object);

    EXPECT_EQ(declared.name, "sizes");
    EXPECT_EQ(declared.files, (std::map<std::string, std::string>{{"a.yaml", "one"}, {"b.yaml", "two"}}));
    EXPECT_TRUE(package_declaration_of(*net::parse_json(R"({"metadata":{"name":"empty"}})")).files.empty());
}

// Of a namespace with one ConfigMap, and what a watch then says.
class PackageMapsTest : public testing::Test {
protected:
    static std::string map(std::string_view version, std::string_view file, std::string_view label = "") {
        return fmt::format(R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"sizes","namespace":"a","uid":"u","resourceVersion":"{}",)"
                           R"("annotations":{{"note":"{}"}}}},"data":{{"a.yaml":"{}"}}}})",
                           version, label, file);
    }
    static std::string event(std::string_view type, const std::string& object) {
        return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
    }
    void run_until(std::size_t told_wanted, std::vector<std::string> watched) {
        target.cluster.server = api.address;
        credentials = Credentials::make(api.clock, target, nullptr).value();
        server.emplace(api.io.get_executor(), api.clock, ApiServer::remote_of(target.cluster).value(), *credentials, ApiServer::Options{});
        const Client client(*server, "gk-test");
        EventTeller events(client, api.random, "me");
        PackageMaps maps(client, api.random, events, {.space = "a", .leads = [this] { return leads; }});
        maps.tell({.take =
                       [this](const PackageDeclaration& declared) {
                           told.push_back("take " + declared.files.at("a.yaml"));
                           return declared.files.at("a.yaml") == "bad" ? std::string("a.yaml:1:1: it is bad") : std::string();
                       },
                   .drop = [this](const std::string& name) { told.push_back("drop " + name); }});
        api.says(200, R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[)" + map("5", "bad") + "]}");
        api.streams(std::move(watched), true);
        async::TaskGroup running(api.io.get_executor());
        running.spawn("maps", maps.run());
        api.finish(maps.synced());
        while (told.size() < told_wanted || api.seen.size() < 2) api.finish(api.clock.sleep(Milliseconds(1)));
        leads = true;
        maps.show_all();
        running.spawn("events", events.run());
        api.says(201, "{}");
        if (is_wrong_at_last) {
            while (api.seen.size() < 3) api.finish(api.clock.sleep(Milliseconds(1)));
        }
        running.cancel();
        api.finish(running.join());
    }

    bool leads = false;
    bool is_wrong_at_last = true;
    std::vector<std::string> told;
    ScriptedApi api;
    wire::kubernetes::Target target;
    std::unique_ptr<Credentials> credentials;
    std::optional<ApiServer> server;
};

TEST_F(PackageMapsTest, WhatIsWrongIsSaidAboutTheConfigMapByTheOneThatLeads) {
    run_until(1, {});

    EXPECT_EQ(api.seen[0].call, "GET /api/v1/namespaces/a/configmaps?labelSelector=gamekeeper.dev%2Fpackages%3Dtrue&limit=500");
    ASSERT_EQ(api.seen.size(), 3u);
    EXPECT_EQ(api.seen[2].call.substr(0, api.seen[2].call.find('?')), "POST /apis/events.k8s.io/v1/namespaces/a/events");
    EXPECT_NE(api.seen[2].body.find("a.yaml:1:1: it is bad"), std::string::npos) << api.seen[2].body;
    EXPECT_NE(api.seen[2].body.find("ConfigMap"), std::string::npos);
}

TEST_F(PackageMapsTest, OnlyOtherDataIsTold) {
    is_wrong_at_last = false;
    run_until(4, {event("MODIFIED", map("6", "bad", "another note")), event("MODIFIED", map("7", "good")), event("DELETED", map("8", "good")),
                  event("ADDED", map("9", "good"))});

    EXPECT_EQ(told, (std::vector<std::string>{"take bad", "take good", "drop sizes", "take good"}));
    EXPECT_EQ(api.seen.size(), 2u) << "nothing is wrong any more";
}

}  // namespace
}  // namespace gk::kubernetes
