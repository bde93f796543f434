#include <map>
#include <set>

#include <fmt/format.h>

#include "async/task_group.hpp"
#include "base/log.hpp"
#include "tests/api/rig.hpp"

// What holds for every route: pages, patience, repetition, what is counted and what is logged.
namespace gk::apitest {
namespace {

class Promises : public Api {
protected:
    std::vector<std::string> walk(const std::string& list, int limit) {
        std::vector<std::string> seen;
        std::string cursor;
        do {
            const auto page = send("GET", fmt::format("{}?limit={}{}", list, limit, cursor.empty() ? "" : "&cursor=" + net::percent_encoded(cursor)));
            EXPECT_EQ(page.status, 200) << page.text;
            for (const auto& item : *page.json.find("items")->as_array()) seen.push_back(text(item, "id"));
            cursor = text(page.json, "next_cursor");
        } while (!cursor.empty() && seen.size() < 100);
        return seen;
    }
    double metric(const std::string& line) {
        const auto all = send("GET", "/metrics").text;
        const auto at = all.find("\n" + line + " ");
        return at == std::string::npos ? 0 : std::stod(all.substr(at + 1 + line.size()));
    }
};

TEST_F(Promises, SnapshotsComeInPagesNewestFirstEachOnce) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    std::vector<std::string> made;
    for (int i = 0; i < 5; ++i) {
        const vault::Snapshot snapshot{.id = house.random.id<SnapshotId>(), .server = house.record("castle").uid, .created_at = house.clock.now()};
        ASSERT_TRUE(house.wait(house.ledger.put(snapshot, no_keeper)));
        made.insert(made.begin(), snapshot.id.text());
    }

    for (const int limit : {1, 2, 5, 1000}) EXPECT_EQ(walk("/v1/servers/castle/snapshots", limit), made) << limit;
    EXPECT_EQ(send("GET", "/v1/servers/castle/snapshots?cursor=nonsense").status, 400);
}

TEST_F(Promises, PatienceThatEndsFirstAnswers202WithTheOperationAsItIs) {
    auto waiting = begin("POST", "/v1/servers", R"({"id": "a", "game": "toy", "start": true})", {{"Prefer", "wait=5"}});
    ASSERT_TRUE(house.settle([this] { return house.state->operations.size() == 1 && house.clock.sleepers() > 0; }));

    house.clock.advance(std::chrono::seconds(4));
    EXPECT_FALSE(house.settle([&] { return waiting->has_value(); }, 5));
    house.clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(house.settle([&] { return waiting->has_value(); }));

    const auto& reply = **waiting;
    EXPECT_EQ(reply.status, 202);
    EXPECT_EQ(text(reply.json, "status"), "waiting");
    EXPECT_EQ(reply.header("Location"), "/v1/operations/" + text(reply.json, "id"));
}

TEST_F(Promises, AStopOfTheServerLetsARequestUnderWayFinishAndTakesNoNewOne) {
    auto waiting = begin("POST", "/v1/servers", R"({"id": "a", "game": "toy", "start": true})", {{"Prefer", "wait=500"}});
    ASSERT_TRUE(house.settle([this] { return house.state->operations.size() == 1 && house.clock.sleepers() > 0; }));
    async::TaskGroup tasks(house.io.get_executor());
    tasks.spawn("stop", server->stop(std::chrono::hours(1)));
    house.settle([] { return false; }, 5);
    EXPECT_FALSE(waiting->has_value());

    auto operation = house.wait(house.ledger.operation(house.state->operations.begin()->first)).value();
    operation.status = Operation::Status::succeeded;
    operation.finished_at = house.clock.now();
    ASSERT_TRUE(house.wait(house.ledger.put(operation, no_keeper)));
    const Event event{.at = house.clock.now(), .type = "operation.finished", .server = {}, .server_id = "a", .data = {}};
    ASSERT_TRUE(house.wait(house.ledger.append(event)));

    ASSERT_TRUE(house.settle([&] { return waiting->has_value(); }));
    EXPECT_EQ((*waiting)->status, 200);
    EXPECT_EQ(text((*waiting)->json, "status"), "succeeded");
    house.wait(tasks.join());
    net::HttpClient late(house.io.get_executor(), house.clock, remote);
    net::ClientRequest request{.target = "/healthz", .headers = {}, .content_type = {}, .body = {}};
    EXPECT_FALSE(house.wait(late.send(std::move(request), std::chrono::hours(1))).has_value());
}

TEST_F(Promises, EveryChangeMayBeRepeatedUnderItsKeyAndAnotherOneIsRefused) {
    struct Change {
        std::string path, body, other;
        std::set<int> again;  // What the repetition may answer.
    };
    const std::string server = "/v1/servers/castle";
    const auto restore = [](char digit) { return fmt::format(R"({{"snapshot": "{}0000000-0000-4000-8000-000000000000"}})", digit); };
    const std::vector<Change> changes = {
        {"/v1/servers", R"({"id": "tower", "game": "toy"})", R"({"id": "other", "game": "toy"})", {202}},
        {"/v1/keys", R"({"name": "one"})", R"({"name": "two"})", {409}},
        {"/v1/tickets", R"({"player": "cid", "queue": "casual"})", R"({"player": "cid", "queue": "casual", "priority": 1})", {201}},
        {server + "/commands", R"({"command": "say 1"})", R"({"command": "say 2"})", {409}},
        {server + "/snapshots", "{}", R"({"force": "castle"})", {202}},
        {server + "/restart", "{}", R"({"force": "castle"})", {202, 409}},
        {server + "/start", "{}", R"({"force": "castle"})", {200, 202, 409}},
        {server + "/pause", "{}", R"({"force": "castle"})", {202, 409}},
        {server + "/stop", "{}", R"({"force": "castle"})", {202, 409}},
        {server + "/restore", restore('0'), restore('1'), {404, 409}},
        {server + "/restore/undo", "{}", R"({"force": "castle"})", {404, 409}},
    };
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    house.bring_up("castle");
    matches.furnish(house);
    std::set<std::string> tried;
    for (const auto& change : changes) {
        SCOPED_TRACE(change.path);
        tried.insert(change.path.starts_with(server) ? "/v1/servers/{id}" + change.path.substr(server.size()) : change.path);
        const Headers once = {{"Idempotency-Key", change.path}};
        const auto first = send("POST", change.path, change.body, once);
        const auto again = send("POST", change.path, change.body, once);
        const auto other = send("POST", change.path, change.other, once);
        EXPECT_LT(first.status, 500) << first.text;
        EXPECT_TRUE(change.again.contains(again.status)) << again.text;
        if (first.status == 202) EXPECT_EQ(text(again.json, "id"), text(first.json, "id"));
        EXPECT_EQ(other.status, 422) << other.text;
    }
    // Said again, these change nothing: they need no key.
    for (const auto* path : {"/v1/nodes/{node}/confirm-dead", "/v1/fleets/{fleet}/allocate", "/v1/edge/bans"}) tried.insert(path);
    // Said again, it is done again: a mail is all that comes of it.
    tried.insert("/v1/mail/test");
    for (const auto* word : {"accept", "backfill", "decline", "end", "leave"}) tried.insert(fmt::format("/v1/matches/{{match}}/{}", word));
    for (const auto& [path, item] : *context.openapi.find("paths")->as_object()) {
        if (item.find("post") != nullptr) EXPECT_TRUE(tried.contains(path)) << path;
    }
}

TEST_F(Promises, RequestsServersAndOperationsAreCountedUnderNamesThatAreDocumented) {
    const std::string shown = R"(gamekeeper_http_requests_total{method="GET",route="/v1/servers/{id}",status="404"})";
    const auto before = metric(shown);
    for (int i = 0; i < 3; ++i) send("GET", "/v1/servers/nobody");
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    async::TaskGroup tasks(house.io.get_executor());
    tasks.spawn("metrics", api::count_events(house.ledger, house.clock, metrics));
    house.settle([] { return false; }, 5);
    const auto data = Value::object({{"verb", "start"}, {"status", "succeeded"}});
    for (const auto& [type, fields] :
         std::map<std::string, Value>{{"operation.finished", data}, {"snapshot.complete", {}}, {"snapshot.failed", {}}}) {
        const Event event{.at = house.clock.now(), .type = type, .server = {}, .server_id = "castle", .data = fields};
        ASSERT_TRUE(house.wait(house.ledger.append(event)));
    }
    house.settle([] { return false; }, 5);

    EXPECT_EQ(metric(shown), before + 3);
    EXPECT_EQ(metric(R"(gamekeeper_servers{state="stopped"})"), 1);
    EXPECT_EQ(metric(R"(gamekeeper_operations_total{status="succeeded",verb="start"})"), 1);
    EXPECT_EQ(metric(R"(gamekeeper_snapshots_total{status="complete"})"), 1);
    EXPECT_EQ(metric("gamekeeper_keeper_epoch"), 7);
    const auto documented = text(*context.openapi.find("paths")->find("/metrics")->find("get"), "description");
    const auto all = send("GET", "/metrics").text;
    for (auto at = all.find("# TYPE "); at != std::string::npos; at = all.find("# TYPE ", at + 1)) {
        const auto name = all.substr(at + 7, all.find(' ', at + 7) - at - 7);
        EXPECT_NE(documented.find(name), std::string::npos) << name;
    }
    tasks.cancel();
    house.wait(tasks.join());
}

// Keeps what was logged, as text.
class Pages final : public log::Sink {
public:
    Pages() : before_(log::set_sink(this, log::Level::debug)) {}
    ~Pages() override { log::set_sink(before_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    void write(const log::Line& line) noexcept override {
        text += fmt::format("{} {}", line.module, line.event);
        for (const auto& field : line.fields) {
            text += fmt::format(" {}=", field.name);
            std::visit([this](const auto& value) { text += fmt::format("{}", value); }, field.value.data());
        }
        text += '\n';
    }
    std::string text;

private:
    log::Sink* before_;
};

TEST_F(Promises, NullBringsTheInstallationsOwnIntervalOfBackupsBack) {
    send("POST", "/v1/servers", R"({"id": "arena", "game": "teeworlds", "backup_every": "30m"})");
    EXPECT_EQ(text(send("PATCH", "/v1/servers/arena", R"({"labels": {}})").json, "backup_every"), "30m") << "what is not named stays";

    const auto reply = send("PATCH", "/v1/servers/arena", R"({"backup_every": null})");

    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(*reply.json.find("backup_every"), Value());
}

TEST_F(Promises, WhatAServerKeepsIsRefusedForThatAndNotAsAnUnknownWord) {
    send("POST", "/v1/servers", R"({"id": "arena", "game": "teeworlds"})");

    const auto reply = send("PATCH", "/v1/servers/arena", R"({"package": "large", "labels": {"a": "b"}})");

    EXPECT_EQ(reply.status, 400);
    const auto& errors = *reply.json.find("errors")->as_array();
    ASSERT_EQ(errors.size(), 1U) << reply.text;
    EXPECT_EQ(text(errors.front(), "pointer"), "/package");
    EXPECT_EQ(text(errors.front(), "detail"), "a server keeps its package; create another one for another size");
    EXPECT_EQ(*send("GET", "/v1/servers/arena").json.find("labels"), Value::object()) << "nothing of it was done";
}

TEST_F(Promises, EveryRequestIsLoggedWithTheIdOfItsReplyAndNoSecretEver) {
    const Pages pages;
    const std::string planted = "hunter2-planted";
    const auto made = send("POST", "/v1/servers", R"({"id": "arena", "game": "teeworlds", "settings": {"password": "hunter2-planted"}})");
    const auto changed = send("PATCH", "/v1/servers/arena", R"({"settings": {"password": "hunter2-planted"}})");
    const auto wrong = send("POST", "/v1/servers", R"({"id": "B", "game": "teeworlds", "settings": {"password": "hunter2-planted", "no": 1}})");
    const auto new_key = send("POST", "/v1/keys", R"({"name": "ci"})");
    const auto refused = send("GET", "/v1/servers", "", {{"Authorization", "Bearer gk_" + planted}}, false);

    EXPECT_EQ(refused.status, 401);
    for (const auto* reply : {&made, &changed, &wrong, &new_key, &refused}) {
        const auto id = reply->header("X-Request-Id");
        ASSERT_FALSE(id.empty());
        EXPECT_NE(pages.text.find("request=" + id), std::string::npos) << id;
        EXPECT_EQ(reply->text.find(planted), std::string::npos) << reply->text;
    }
    EXPECT_EQ(pages.text.find(planted), std::string::npos) << pages.text;
    EXPECT_EQ(pages.text.find(key), std::string::npos);
    EXPECT_EQ(pages.text.find(text(new_key.json, "key")), std::string::npos);
    for (const auto& [name, secret] : house.record("arena").secrets) EXPECT_EQ(pages.text.find(secret.reveal()), std::string::npos) << name;
}

TEST_F(Promises, ThePageForPeopleIsWholeAndAllowsNothingFromElsewhere) {
    const auto page = send("GET", "/docs", "", {}, false);

    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
    for (const auto* foreign : {"<script", "src=", "@import", "url("}) EXPECT_EQ(page.text.find(foreign), std::string::npos) << foreign;
    std::set<std::string> anchors;
    for (auto at = page.text.find(" id=\""); at != std::string::npos; at = page.text.find(" id=\"", at + 1)) {
        EXPECT_TRUE(anchors.insert(page.text.substr(at + 5, page.text.find('"', at + 5) - at - 5)).second) << page.text.substr(at, 40);
    }
    for (auto at = page.text.find("href=\"#"); at != std::string::npos; at = page.text.find("href=\"#", at + 1)) {
        const auto target = page.text.substr(at + 7, page.text.find('"', at + 7) - at - 7);
        EXPECT_TRUE(anchors.contains(target)) << target;
    }
    for (const auto& [path, item] : *context.openapi.find("paths")->as_object()) {
        for (const auto& [method, operation] : *item.as_object()) {
            if (operation.find("operationId") != nullptr) EXPECT_TRUE(anchors.contains(text(operation, "operationId"))) << method << " " << path;
        }
    }
}

}  // namespace
}  // namespace gk::apitest
