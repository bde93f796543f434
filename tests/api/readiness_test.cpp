#include "tests/api/rig.hpp"

// Between the first request that is answered and the moment at which the keeper has taken over.
namespace gk::apitest {
namespace {

class BeforeTakeover : public Api {
protected:
    BeforeTakeover() { keeper_is_there = false; }
    using Later = std::shared_ptr<std::optional<Reply>>;
    bool is_answered(const Later& later) {
        return house.settle([&] { return later->has_value(); });
    }
    // Gives it the time, and the loop some turns for every second of it.
    bool is_answered_in(Milliseconds time, const Later& later) {
        constexpr Milliseconds step = std::chrono::seconds(1);
        constexpr int turns = 20;
        const auto answered = [&] { return later->has_value(); };
        for (auto left = time; left > Milliseconds(0) && !house.settle(answered, turns); left -= step) house.clock.advance(step);
        return house.settle(answered, turns);
    }
};

TEST_F(BeforeTakeover, WhatOnlyReadsIsAnsweredAndReadyzSaysWhatIsWaitedFor) {
    EXPECT_EQ(send("GET", "/v1/servers").status, 200);
    EXPECT_EQ(send("GET", "/healthz").status, 200);
    const auto ready = send("GET", "/readyz", "", {}, false);

    EXPECT_EQ(ready.status, 503);
    EXPECT_EQ(*ready.json.find("keeper")->find("ok"), Value(false));
    EXPECT_FALSE(text(*ready.json.find("keeper"), "detail").empty());
    take_over();
    EXPECT_EQ(send("GET", "/readyz", "", {}, false).status, 200);
}

TEST_F(BeforeTakeover, AChangeWaitsAndIsMadeWhenTheKeeperHasCome) {
    const auto later = begin("POST", "/v1/servers", R"({"id": "castle", "game": "toy"})");
    EXPECT_FALSE(is_answered_in(std::chrono::seconds(4), later));
    EXPECT_TRUE(house.state->servers.empty());

    take_over();

    ASSERT_TRUE(is_answered(later));
    EXPECT_EQ((*later)->status, 202) << (*later)->text;
    EXPECT_EQ(house.state->servers.size(), 1U);
}

TEST_F(BeforeTakeover, AChangeThatHasWaitedLongEnoughIsRefusedAndWasNotMade) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    struct Change {
        const char* method;
        const char* path;
        const char* body;
    };
    for (const auto& [method, path, body] : std::vector<Change>{{"POST", "/v1/servers", R"({"id": "tower", "game": "toy"})"},
                                                                {"POST", "/v1/servers/castle/start", "{}"},
                                                                {"PATCH", "/v1/servers/castle", R"({"labels": {"a": "b"}})"},
                                                                {"DELETE", "/v1/servers/castle", ""},
                                                                {"POST", "/v1/servers/castle/commands", R"({"command": "say hi"})"}}) {
        SCOPED_TRACE(path);
        const auto before = house.state->servers;
        const auto later = begin(method, path, body);
        ASSERT_TRUE(is_answered_in(std::chrono::seconds(6), later));

        const auto& reply = **later;
        EXPECT_EQ(reply.status, 503);
        EXPECT_EQ(text(reply.json, "code"), "not_ready");
        EXPECT_FALSE(reply.header("Retry-After").empty());
        EXPECT_EQ(house.state->servers, before);
    }
}

TEST_F(BeforeTakeover, WhereAnotherOneMayKeepChangesAreTakenWithoutOne) {
    context.keeper_name = [] { return "somebody else"; };
    admission.open();

    EXPECT_EQ(send("POST", "/v1/servers", R"({"id": "castle", "game": "toy"})").status, 202);
    const auto ready = send("GET", "/readyz", "", {}, false);
    EXPECT_EQ(ready.status, 200);
    EXPECT_EQ(*ready.json.find("keeper")->find("keeps"), Value(false));
    EXPECT_EQ(text(*ready.json.find("keeper"), "holder"), "somebody else");
}

// Knows some tokens, as a cluster does.
class SomeIdentities final : public Identities {
public:
    Task<Result<Identity, IdentityError>> identify(Secret token) override {
        if (token.reveal() == "of-an-admin") co_return Identity{.name = "jane", .role = Role::admin};
        if (token.reveal() == "of-a-reader") co_return Identity{.name = "joe", .role = Role::reader};
        if (token.reveal() == "of-a-pod") co_return Identity{.name = "system:serviceaccount:default:default"};
        if (token.reveal() == "of-the-absent") co_return std::unexpected(IdentityError{IdentityError::Kind::unavailable, "no answer"});
        co_return std::unexpected(IdentityError{IdentityError::Kind::unknown, "nobody's"});
    }
};

TEST_F(Api, TokensOfTheClusterAreGoodForWhatTheirOwnersMayDo) {
    SomeIdentities identities;
    context.identities = &identities;
    struct Case {
        std::string token;
        int reads, changes;
    };
    for (const auto& [token, reads, changes] : std::vector<Case>{{"of-an-admin", 200, 202},
                                                                 {"of-a-reader", 200, 403},
                                                                 {"of-a-pod", 403, 403},
                                                                 {"of-the-absent", 503, 503},
                                                                 {"of-nobody", 401, 401},
                                                                 {key, 200, 409}}) {
        const Headers as{{"Authorization", "Bearer " + token}};
        EXPECT_EQ(send("GET", "/v1/servers", "", as, false).status, reads) << token;
        EXPECT_EQ(send("POST", "/v1/servers", R"({"id": "castle", "game": "toy"})", as, false).status, changes) << token;
    }
}

TEST_F(BeforeTakeover, WhoHasNoKeyIsToldSoAtOnce) { EXPECT_EQ(send("POST", "/v1/servers", "{}", {}, false).status, 401); }

}  // namespace
}  // namespace gk::apitest
