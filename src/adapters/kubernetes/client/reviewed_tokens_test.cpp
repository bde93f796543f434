#include "adapters/kubernetes/client/reviewed_tokens.hpp"

#include <gtest/gtest.h>

#include "adapters/kubernetes/client/scripted_api.hpp"

namespace gk::kubernetes {
namespace {

using Role = Identities::Role;

constexpr auto jane = R"({"status":{"authenticated":true,"user":{"username":"jane","groups":["ops","system:authenticated"]}}})";
constexpr auto nobody = R"({"status":{"authenticated":false,"error":"token has expired"}})";

class ReviewedTokensTest : public testing::Test {
protected:
    void SetUp() override {
        target.cluster.server = api.address;
        credentials = Credentials::make(api.clock, target, nullptr).value();
        server.emplace(api.io.get_executor(), api.clock, ApiServer::remote_of(target.cluster).value(), *credentials, ApiServer::Options{});
        give({.admins = {"ops"}, .readers = {}});
    }
    void give(ReviewedTokens::Rights rights) { tokens.emplace(Client(*server, "gk-test"), std::move(rights)); }
    Result<Identities::Identity, IdentityError> identify(const std::string& token) { return api.finish(tokens->identify(Secret(token))); }
    Role role_of(const std::string& token) {
        const auto who = identify(token);
        return who ? who->role : Role::none;
    }

    ScriptedApi api;
    wire::kubernetes::Target target;
    std::unique_ptr<Credentials> credentials;
    std::optional<ApiServer> server;
    std::optional<ReviewedTokens> tokens;
};

TEST_F(ReviewedTokensTest, TheClusterSaysWhoItIsAndTheirGroupsWhatTheyMayDo) {
    api.says(201, jane);

    const auto who = identify("a.b.c");

    ASSERT_TRUE(who);
    EXPECT_EQ(who->name, "jane");
    EXPECT_EQ(who->role, Role::admin);
    EXPECT_EQ(api.seen.front().call.substr(0, 45), "POST /apis/authentication.k8s.io/v1/tokenrevi");
}

TEST_F(ReviewedTokensTest, RightsAreGroupsAndNamesOfUsersAndNeverOneForTheOther) {
    const std::vector<std::pair<ReviewedTokens::Rights, Role>> cases = {{{.admins = {"user:jane"}, .readers = {}}, Role::admin},
                                                                        {{.admins = {"jane"}, .readers = {}}, Role::none},
                                                                        {{.admins = {"user:ops"}, .readers = {}}, Role::none},
                                                                        {{.admins = {}, .readers = {"system:authenticated"}}, Role::reader},
                                                                        {{.admins = {"ops"}, .readers = {"user:jane"}}, Role::admin}};
    for (const auto& [rights, role] : cases) {
        give(rights);
        api.says(201, jane);
        EXPECT_EQ(role_of("a.b.c"), role);
    }
}

TEST_F(ReviewedTokensTest, AnAnswerHoldsTenSeconds) {
    api.says(201, jane);
    ASSERT_EQ(role_of("a.b.c"), Role::admin);
    ASSERT_EQ(role_of("a.b.c"), Role::admin);
    EXPECT_EQ(api.seen.size(), 1U);

    api.clock.advance(std::chrono::seconds(11));
    api.says(201, nobody);

    EXPECT_EQ(identify("a.b.c").error().kind, IdentityError::Kind::unknown);
    EXPECT_EQ(api.seen.size(), 2U);
}

TEST_F(ReviewedTokensTest, NobodyIsLetInWhileTheClusterCannotBeAsked) {
    api.says(403, R"({"kind":"Status","reason":"Forbidden","message":"tokenreviews is forbidden"})");

    EXPECT_EQ(identify("a.b.c").error().kind, IdentityError::Kind::unavailable);
    api.says(201, jane);
    EXPECT_EQ(role_of("a.b.c"), Role::admin);
}

}  // namespace
}  // namespace gk::kubernetes
