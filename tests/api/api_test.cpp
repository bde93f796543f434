#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "tests/api/documented.hpp"
#include "tests/api/schema.hpp"
#include "tests/support/schema_reference.hpp"

namespace gk::apitest {
namespace {

class Routes : public DocumentedRoutes {
protected:
    std::string body_for(const Documented& route) const {
        if (route.path == "/v1/tickets/{ticket}") return R"({"players": [{"id": "ann", "attributes": {"skill": 12}}]})";
        if (route.path == "/v1/queues/{queue}") return R"({"game": "toy", "rules": {"size": 2}})";
        if (route.path == "/v1/queues/{queue}/rules") return R"({"size": 3})";
        if (route.path == "/v1/fleets/{fleet}") return R"({"game": "toy", "ready": 2})";
        if (route.method == "PATCH") return R"({"labels": {"a": "b"}})";
        if (route.method != "POST") return {};
        if (route.path == "/v1/servers") return R"({"id": "tower", "game": "toy"})";
        if (route.path == "/v1/keys") return R"({"name": "ci"})";
        if (route.path == "/v1/tickets") return R"({"player": "new", "queue": "casual"})";
        if (route.path.ends_with("allocate")) return R"({"match": "00000000-0000-4000-8000-000000000000"})";
        if (route.path.ends_with("backfill")) return R"({"size": 2})";
        if (route.path.ends_with("leave")) return R"({"players": ["ben"]})";
        if (route.path.ends_with("commands")) return R"({"command": "say hi"})";
        if (route.path.ends_with("restore")) return fmt::format(R"({{"snapshot": "{}"}})", "00000000-0000-4000-8000-000000000000");
        return "{}";
    }
    void expect_documented(const Documented& route, const Reply& reply) {
        SCOPED_TRACE(route.method + " " + route.path + " answered " + std::to_string(reply.status) + ": " + reply.text.substr(0, 500));
        EXPECT_FALSE(reply.header("X-Request-Id").empty());
        const auto* answer = route.operation->find("responses")->find(std::to_string(reply.status));
        ASSERT_NE(answer, nullptr) << "the document does not name this status";
        const auto* content = test::resolve(context.openapi, answer)->find("content");
        if (content == nullptr) return;
        const auto& [type, media] = content->as_object()->front();
        EXPECT_TRUE(reply.type.starts_with(type)) << reply.type;
        if (!type.ends_with("json") || type.ends_with("ndjson")) return;
        for (const auto& complaint : checker.complaints(*media.find("schema"), reply.json)) ADD_FAILURE() << complaint;
    }

    SchemaCheck checker{context.openapi};
};

TEST_F(Routes, EveryDocumentedRouteAnswersAsTheDocumentSays) {
    furnish();
    auto routes = documented();
    // What destroys goes last.
    std::ranges::sort(routes, {}, [](const auto& route) { return std::pair(route.method == "DELETE", route.path + route.method); });
    for (const auto& route : routes) {
        if (route.path.ends_with("/events")) continue;  // Has no end; see below.
        const auto reply = send(route.method, filled(route.path), body_for(route));
        EXPECT_NE(reply.status, 401) << route.path;
        // Nobody is at work here who hands out match servers.
        if (!route.path.ends_with("/allocate")) EXPECT_LT(reply.status, 500) << route.path;
        expect_documented(route, reply);
    }
}

TEST_F(Routes, EveryGuardedRouteAsksForAKeyBeforeItSaysAnything) {
    furnish();
    const auto before = house.state->servers;
    for (const auto& route : documented()) {
        if (!needs_key(route)) continue;
        const auto reply = send(route.method, filled(route.path), body_for(route), {}, false);
        EXPECT_EQ(reply.status, 401) << route.method << " " << route.path;
        EXPECT_EQ(reply.header("WWW-Authenticate"), "Bearer");
        expect_documented(route, reply);
    }
    EXPECT_EQ(house.state->servers, before);
}

TEST_F(Routes, AnotherMethodIs405AndNamesThoseThatArePossible) {
    furnish();
    std::map<std::string, std::set<std::string>> methods;
    for (const auto& route : documented()) methods[route.path].insert(route.method);
    for (const auto& [path, known] : methods) {
        const auto other = known.contains("PUT") ? "POST" : "PUT";
        const auto reply = send(other, filled(path), "{}");
        EXPECT_EQ(reply.status, 405) << path;
        EXPECT_EQ(reply.type, "application/problem+json");
        EXPECT_EQ(std::ranges::count(reply.headers, "Allow", [](const auto& header) { return header.first; }), 1) << path;
        for (const auto& method : known) EXPECT_NE(reply.header("Allow").find(method), std::string::npos) << path << ": " << reply.header("Allow");
    }
}

TEST_F(Routes, TheRouterHasNoRouteThatTheDocumentDoesNotName) {
    net::Router router;
    api::add_routes(router, context);
    api::add_matchmaking_routes(router, matches.context);
    std::set<std::string> named;
    for (const auto& route : documented()) named.insert(route.method + " " + route.path);
    for (const auto* route : router.routes())
        EXPECT_TRUE(named.contains(fmt::format("{} {}", name_of(route->method), route->pattern))) << route->pattern;
}

TEST_F(Routes, WhatNobodyMadeIsA404Problem) {
    for (const auto* path :
         {"/", "/v1", "/v2/servers", "/v1/servers/", "/v1/servers/nobody", "/v1/games/nothing", "/v1/operations/x", "/v1/servers/nobody/logs"}) {
        const auto reply = send("GET", path);
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_EQ(reply.type, "application/problem+json") << path;
        EXPECT_FALSE(text(reply.json, "code").empty()) << path;
    }
}

TEST_F(Routes, ABadBodyIsRefusedWithItsPlaceAndChangesNothing) {
    struct Case {
        const char* what;
        std::string body;
        int status;
        std::set<std::string> pointers;
    };
    const std::vector<Case> cases = {
        {"unknown member", R"({"id": "a", "game": "toy", "gaem": 1})", 400, {"/gaem"}},
        {"wrong types, all at once", R"({"id": 1, "game": [], "start": "yes", "labels": {"a": 2}})", 400, {"/id", "/game", "/start", "/labels/a"}},
        {"nothing required is there", "{}", 400, {"/id", "/game"}},
        {"form and rules, all at once",
         R"({"id": "Not A Name", "game": "toy", "start": 3, "colour": "red", "settings": {"no": 1}, "package": "giant"})",
         400,
         {"/id", "/start", "/colour", "/settings/no", "/package"}},
        {"no object", "[]", 400, {""}},
        {"duplicate member", R"({"id": "a", "id": "b", "game": "toy"})", 400, {}},
        {"no JSON", "{", 400, {}},
        {"too deep", std::string(40, '[') + std::string(40, ']'), 400, {}},
        {"bad UTF-8", "{\"id\": \"\xff\", \"game\": \"toy\"}", 400, {}},
        {"too long", std::string(1024 * 1024 + 1, ' '), 413, {}},
    };
    for (const auto& bad : cases) {
        const auto reply = send("POST", "/v1/servers", bad.body);
        EXPECT_EQ(reply.status, bad.status) << bad.what << ": " << reply.text;
        EXPECT_EQ(reply.type, "application/problem+json") << bad.what;
        if (!bad.pointers.empty()) EXPECT_EQ(pointers_of(reply), bad.pointers) << bad.what << ": " << reply.text;
    }
    EXPECT_EQ(pointers_of(send("POST", "/v1/keys", R"({"name": ""})")), std::set<std::string>{"/name"});
    EXPECT_TRUE(house.state->servers.empty());
    EXPECT_TRUE(house.state->operations.empty());
}

TEST_F(Routes, TheSameIdempotencyKeyGivesTheSameAnswerAndForAnotherBody422) {
    const Headers once = {{"Idempotency-Key", "k1"}};
    const auto first = send("POST", "/v1/servers", R"({"id": "a", "game": "toy"})", once);
    const auto again = send("POST", "/v1/servers", R"({"id": "a", "game": "toy"})", once);
    const auto other = send("POST", "/v1/servers", R"({"id": "b", "game": "toy"})", once);

    EXPECT_EQ(first.status, 202);
    EXPECT_EQ(again.text, first.text);
    EXPECT_EQ(again.header("Location"), "/v1/operations/" + text(first.json, "id"));
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(text(other.json, "code"), "idempotency_mismatch");
}

TEST_F(Routes, ANamespaceMayStandInTheQueryOrInTheBodyButNotTwoOfThem) {
    EXPECT_EQ(send("POST", "/v1/servers?namespace=team", R"({"id": "a", "game": "toy"})").status, 202);
    EXPECT_EQ(send("POST", "/v1/servers", R"({"id": "b", "game": "toy", "namespace": "team"})").status, 202);
    const auto both = send("POST", "/v1/servers?namespace=team", R"({"id": "c", "game": "toy", "namespace": "other"})");

    EXPECT_EQ(both.status, 400);
    EXPECT_NE(both.text.find("/namespace"), std::string::npos);
    for (const auto* id : {"a", "b"}) {
        EXPECT_EQ(send("GET", fmt::format("/v1/servers/{}?namespace=team", id)).status, 200) << id;
        EXPECT_EQ(send("GET", fmt::format("/v1/servers/{}", id)).status, 404) << id;
    }
}

TEST_F(Routes, PreferWaitAnswers200WithTheOperationThatHasEnded) {
    const auto reply = send("POST", "/v1/servers", R"({"id": "a", "game": "toy"})", {{"Prefer", "respond-async, wait=5"}});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(text(reply.json, "status"), "succeeded");
}

TEST_F(Routes, ListsComeInPagesThatTogetherAreEverythingOnce) {
    for (const auto* id : {"a", "a-1", "b", "c", "d"}) ASSERT_TRUE(house.create({.id = id, .game = "toy"})) << id;
    for (const std::string list : {"/v1/servers", "/v1/operations"}) {
        std::vector<std::string> seen;
        std::string cursor;
        do {
            const auto page = send("GET", list + "?limit=2" + (cursor.empty() ? "" : "&cursor=" + net::percent_encoded(cursor)));
            ASSERT_EQ(page.status, 200) << page.text;
            const auto& items = *page.json.find("items")->as_array();
            ASSERT_LE(items.size(), 2U);
            for (const auto& item : items) seen.push_back(text(item, "id"));
            cursor = text(page.json, "next_cursor");
        } while (!cursor.empty() && seen.size() < 20);
        EXPECT_EQ(seen.size(), 5U) << list;
        EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 5U) << list;
        EXPECT_EQ(send("GET", list + "?cursor=nonsense").status, 400) << list;
        EXPECT_EQ(send("GET", list + "?limit=0").status, 400) << list;
        EXPECT_EQ(send("GET", list + "?limit=1001").status, 400) << list;
    }
}

TEST_F(Routes, ASecretSettingIsInNoReply) {
    ASSERT_EQ(send("POST", "/v1/servers", R"({"id": "arena", "game": "teeworlds", "settings": {"password": "hunter2"}})").status, 202);
    for (const auto* path : {"/v1/servers", "/v1/servers/arena", "/v1/operations", "/v1/servers/arena/explain", "/metrics"}) {
        EXPECT_EQ(send("GET", path).text.find("hunter2"), std::string::npos) << path;
    }
    EXPECT_EQ(send("PATCH", "/v1/servers/arena", R"({"labels": {}})").text.find("hunter2"), std::string::npos);
    EXPECT_EQ(to_json(house.record("arena").settings.at("password")).find("hunter2"), std::string::npos);
}

TEST_F(Routes, EventsGoOnBehindTheOneThatWasSeenLast) {
    for (int i = 0; i < 3; ++i) {
        const Event event{.at = house.clock.now(), .type = fmt::format("test.{}", i), .server = {}, .server_id = "castle", .data = {}};
        ASSERT_TRUE(house.wait(house.ledger.append(event)));
    }
    auto stream = follow("/v1/events", {{"Last-Event-ID", "2"}});
    ASSERT_NE(stream, nullptr);
    EXPECT_EQ(next_line(*stream), "id: 3");
    EXPECT_EQ(next_line(*stream), "event: test.2");
    EXPECT_EQ(send("GET", "/v1/events", "", {{"Last-Event-ID", "x"}}).status, 400);
}

TEST_F(Routes, ANewSubscriberHearsOfWhatComesAndOfTheServerThatItNamed) {
    for (const auto* id : {"castle", "tower"}) ASSERT_TRUE(house.create({.id = id, .game = "toy"}));
    const auto castle = house.record("castle").uid;
    house.tell("test.before", castle);

    auto everything = follow("/v1/events");
    auto one = follow("/v1/events?server=castle");
    house.tell("test.tower", house.record("tower").uid);
    house.tell("test.castle", castle);

    EXPECT_EQ(next_line(*everything), "id: 2");
    EXPECT_EQ(next_line(*everything), "event: test.tower");
    EXPECT_EQ(next_line(*one), "id: 3");
    EXPECT_EQ(next_line(*one), "event: test.castle");
    EXPECT_EQ(send("GET", "/v1/events?server=nobody").status, 404);
}

TEST_F(Routes, LogLinesAreNdjsonFromTheCursorOrTheTailOnAndMatch) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    for (std::uint64_t i = 1; i <= 5; ++i)
        house.runtime.log.push_back({.cursor = i * 10, .at = house.clock.now(), .line = fmt::format("line {}", i)});
    const auto lines = [](const Reply& reply) { return std::ranges::count(reply.text, '\n'); };

    EXPECT_EQ(lines(send("GET", "/v1/servers/castle/logs")), 5);
    EXPECT_EQ(lines(send("GET", "/v1/servers/castle/logs?cursor=20")), 3);
    EXPECT_EQ(lines(send("GET", "/v1/servers/castle/logs?tail=2")), 2);
    EXPECT_EQ(lines(send("GET", "/v1/servers/castle/logs?match=line%203")), 1);
    EXPECT_EQ(send("GET", "/v1/servers/castle/logs?cursor=-1").status, 400);
    EXPECT_EQ(send("GET", "/v1/servers/castle/logs?follow=yes").status, 400);
}

TEST_F(Routes, ALogThatIsFollowedSendsWhatComesAndEndsWithItsServer) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    house.runtime.print("one");
    auto log = follow("/v1/servers/castle/logs?follow=true&match=o");
    EXPECT_NE(next_line(*log).find("one"), std::string::npos);
    EXPECT_EQ(house.runtime.followers(), 1U);

    house.runtime.print("silent");
    house.runtime.print("two");
    EXPECT_NE(next_line(*log).find(R"("line":"two")"), std::string::npos);

    const auto record = house.record("castle");
    ASSERT_TRUE(house.wait(house.store.remove(record.uid, record.version)));
    EXPECT_EQ(next_line(*log), "<the end>");
    EXPECT_TRUE(house.settle([this] { return house.runtime.followers() == 0; }));
}

TEST_F(Routes, AReaderThatGoesAwayIsNotFollowedAnyMore) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    house.runtime.print("one");
    auto log = follow("/v1/servers/castle/logs?follow=true");
    next_line(*log);

    log.reset();

    EXPECT_TRUE(house.settle([this] { return house.runtime.followers() == 0; }));
}

TEST_F(Routes, ReadinessAsksTheVaultOnceInAWhileHoweverOftenItIsAskedItself) {
    EXPECT_EQ(send("GET", "/readyz", "", {}, false).status, 200);
    vault_state.down = VaultError{.kind = VaultError::Kind::unavailable, .detail = "gone"};
    EXPECT_EQ(send("GET", "/readyz", "", {}, false).status, 200);
    house.clock.advance(std::chrono::seconds(5));
    EXPECT_EQ(send("GET", "/readyz", "", {}, false).status, 503);
}

TEST_F(Routes, TheLastAdminKeyIsNotRevoked) {
    const auto keys = send("GET", "/v1/keys");
    const auto id = text(keys.json.find("items")->as_array()->front(), "id");
    const auto reply = send("DELETE", "/v1/keys/" + id);
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(text(reply.json, "code"), "last_admin_key");
    EXPECT_EQ(send("GET", "/v1/keys").status, 200);
}

}  // namespace
}  // namespace gk::apitest
