#include <map>

#include <fmt/format.h>

#include "tests/api/documented.hpp"
#include "tests/support/schema_reference.hpp"

// What stands behind the '?' is read by the same rules on every route.
namespace gk::apitest {
namespace {

class Query : public DocumentedRoutes {
protected:
    std::vector<std::string> documented_parameters(const Documented& route) const {
        std::vector<std::string> out;
        for (const auto* part : {route.operation, route.item}) {
            const auto* parameters = part->find("parameters");
            if (parameters == nullptr) continue;
            for (const auto& parameter : *parameters->as_array()) {
                const auto* described = test::resolve(context.openapi, &parameter);
                if (text(*described, "in") == "query") out.push_back(text(*described, "name"));
            }
        }
        return out;
    }
    std::vector<std::string> ids(const std::string& list, const std::string& key = "id") {
        std::vector<std::string> out;
        const auto reply = send("GET", list);
        EXPECT_EQ(reply.status, 200) << reply.text;
        for (const auto& item : *reply.json.find("items")->as_array()) out.push_back(text(item, key));
        return out;
    }
};

// Encoded values that no route may take, for each parameter there is. None: every text is right.
const std::map<std::string, std::vector<std::string>> nonsense = {
    {"namespace", {"", "Default", "a%20b", "-a", "a/b", "..", std::string(51, 'a')}},
    {"server", {"", "Castle", "%2A"}},
    {"limit", {"", "0", "1001", "-1", "1.5", "ten", "5x", "99999999999999999999"}},
    {"cursor", {"nonsense"}},
    {"tail", {"", "-1", "10001", "all"}},
    {"follow", {"", "1", "yes", "True"}},
    {"match", {}},
    {"force", {"", "Castle"}},
    {"purge", {"", "yes!", "Castle"}},
    {"state", {"", "Queued", "waiting"}},
    {"wait", {"", "61s", "soon", "-1s"}},
    {"player", {}},
    {"queue", {"", "Casual"}},
    {"live", {"", "1", "yes"}},
    {"shadow", {"", "1", "yes"}},
    {"since", {"", "soon", "-1h", "1"}},
    {"names", {"", "1", "yes"}},
    {"address", {"", "castle", "203.0.113.7/24", "203.0.113.0/33"}},
};

TEST_F(Query, EveryDocumentedParameterRefusesNonsenseAndNamesItself) {
    furnish();
    for (const auto& route : documented()) {
        for (const auto& parameter : documented_parameters(route)) {
            ASSERT_TRUE(nonsense.contains(parameter)) << parameter << " is not in the table";
            for (const auto& value : nonsense.at(parameter)) {
                const auto target = fmt::format("{}?{}={}", filled(route.path), parameter, value);
                const auto reply = send(route.method, target, route.method == "GET" ? "" : "{}");
                EXPECT_EQ(reply.status, 400) << route.method << " " << target << ": " << reply.text;
                EXPECT_TRUE(pointers_of(reply).contains("/query/" + parameter)) << route.method << " " << target << ": " << reply.text;
            }
        }
    }
    EXPECT_EQ(house.state->servers.size(), 1U);
}

TEST_F(Query, AParameterThatARouteDoesNotHaveIsRefusedOnEveryRoute) {
    furnish();
    for (const auto& route : documented()) {
        if (!needs_key(route)) continue;
        const auto reply = send(route.method, filled(route.path) + "?namspace=default", route.method == "GET" ? "" : "{}");
        EXPECT_EQ(reply.status, 400) << route.method << " " << route.path << ": " << reply.text;
        EXPECT_EQ(pointers_of(reply), std::set<std::string>{"/query/namspace"}) << route.method << " " << route.path;
        for (const auto& known : documented_parameters(route)) EXPECT_TRUE(reply.text.contains(known)) << route.path << ": " << reply.text;
    }
    EXPECT_EQ(house.state->servers.size(), 1U);
}

TEST_F(Query, EveryErrorIsToldAtOnceAndWhatStandsTwiceIsOne) {
    const auto reply = send("GET", "/v1/servers?limit=0&namespace=No&colour=red&colour=blue&cursor=a&cursor=b");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(pointers_of(reply), (std::set<std::string>{"/query/limit", "/query/namespace", "/query/colour", "/query/cursor"}));
}

TEST_F(Query, ALogBeginsBehindACursorOrAtItsTail) {
    furnish();
    const auto reply = send("GET", "/v1/servers/castle/logs?cursor=0&tail=5");
    EXPECT_EQ(pointers_of(reply), std::set<std::string>{"/query/tail"});
}

TEST_F(Query, WhateverIsAListComesInPages) {
    furnish();
    for (const auto& [list, key] : std::map<std::string, std::string>{{"/v1/games", "name"}, {"/v1/packages", "name"}, {"/v1/keys", "id"}}) {
        const auto all = ids(list, key);
        ASSERT_GE(all.size(), 2U) << list;
        std::vector<std::string> walked;
        std::string cursor;
        do {
            const auto page = send("GET", list + "?limit=1" + (cursor.empty() ? "" : "&cursor=" + net::percent_encoded(cursor)));
            for (const auto& item : *page.json.find("items")->as_array()) walked.push_back(text(item, key));
            cursor = text(page.json, "next_cursor");
        } while (!cursor.empty() && walked.size() < 100);
        EXPECT_EQ(walked, all) << list;
    }
}

TEST_F(Query, OperationsAreThoseOfTheNamespaceThatIsNamed) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    ASSERT_TRUE(house.create({.id = "castle", .space = "team", .game = "toy"}));
    const auto all = ids("/v1/operations");

    EXPECT_EQ(all.size(), 2U);
    EXPECT_EQ(ids("/v1/operations?namespace=team"), std::vector{all[0]});
    EXPECT_EQ(ids("/v1/operations?namespace=default"), std::vector{all[1]});
    EXPECT_EQ(ids("/v1/operations?namespace=team&server=castle"), std::vector{all[0]});
    EXPECT_EQ(ids("/v1/operations?server=castle"), std::vector{all[1]});
    EXPECT_TRUE(ids("/v1/operations?namespace=nobody").empty());
}

}  // namespace
}  // namespace gk::apitest
