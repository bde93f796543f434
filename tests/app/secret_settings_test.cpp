#include "app/servers/rules.hpp"
#include "domain/catalog/render.hpp"
#include "domain/server/secret_place.hpp"
#include "tests/app/household.hpp"

namespace gk::app {
namespace {

Value named(std::string_view name, std::string_view key) { return Value::object({{"secret", Value::object({{"name", name}, {"key", key}})}}); }

const std::vector<server::Exposure::Kind> of_a_cluster = {server::Exposure::Kind::node_port};

struct SecretSettings : testing::Test {
    SecretSettings() {
        auto toy = *house.games.game("toy");
        toy.settings.push_back({.name = "password", .initial = "", .secret = true});
        house.games.put(toy);
    }
    Result<ServerView, Error> set(Value password) {
        PatchOrder order{.settings = std::map<std::string, Value>{{"password", std::move(password)}}};
        return house.wait(house.servers.patch({.name = "test"}, "default", "castle", std::move(order)));
    }
    void make() { ASSERT_TRUE(house.create({.id = "castle", .game = "toy", .settings = {{"password", "swordfish"}}})); }
    Value password() { return house.record("castle").settings.at("password"); }
    std::string stored() {
        const auto record = house.record("castle");
        const auto found = record.secrets.find(server::secret_key("password", *server::secret_place(password())));
        return found != record.secrets.end() ? found->second.reveal() : "";
    }
    std::vector<FieldError> checked(Value password, bool in_the_open, const std::vector<server::Exposure::Kind>& exposures) {
        const CreateOrder order{.id = "castle", .game = "toy", .settings = {{"password", std::move(password)}}, .in_the_open = in_the_open};
        return check(order, house.games, exposures);
    }

    apptest::Household house;
};

TEST_F(SecretSettings, AreKeptWithTheServersSecretsAndShownToNobody) {
    make();

    const auto settings = house.record("castle").settings;
    EXPECT_FALSE(to_json(Value(Value::Object(settings.begin(), settings.end()))).contains("swordfish"));
    EXPECT_EQ(stored(), "swordfish");
    const auto shown = house.wait(house.servers.show({.name = "test"}, "default", "castle")).value();
    EXPECT_EQ(shown.record.settings.at("password"), Value(std::string(catalog::masked_setting)));
}

TEST_F(SecretSettings, AreAnotherWordOnceTheirValueIsAnother) {
    make();
    const auto first = password();

    ASSERT_TRUE(set("swordfish"));
    EXPECT_EQ(password(), first);
    ASSERT_TRUE(set(std::string(catalog::masked_setting)));
    EXPECT_EQ(password(), first);
    ASSERT_TRUE(set("trout"));
    EXPECT_NE(password(), first);
    EXPECT_EQ(stored(), "trout");
}

// A record that is not stored in the end still means the old word.
TEST_F(SecretSettings, KeepTheValueBeforeUntilTheNextChange) {
    make();
    const auto first = server::secret_key("password", *server::secret_place(password()));

    ASSERT_TRUE(set("trout"));
    EXPECT_TRUE(house.record("castle").secrets.contains(first));
    ASSERT_TRUE(set("carp"));
    EXPECT_FALSE(house.record("castle").secrets.contains(first));
}

TEST_F(SecretSettings, OfOldRecordsArePutAwayWithTheNextChange) {
    make();
    auto old = house.record("castle");
    old.settings["password"] = "plain";
    ASSERT_TRUE(house.wait(house.store.replace(old)));

    PatchOrder order{.settings = std::map<std::string, Value>{{"max_users", 3}}};
    ASSERT_TRUE(house.wait(house.servers.patch({.name = "test"}, "default", "castle", std::move(order))));

    EXPECT_EQ(stored(), "plain");
}

TEST_F(SecretSettings, AWordCountsOnlyWhereItIsKnown) {
    make();

    EXPECT_TRUE(set(password()));
    const auto refused = set(server::stored_secret("another"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fields.front().pointer, "/settings/password");
    EXPECT_EQ(checked(server::stored_secret("w"), false, of_a_cluster).size(), 1U);
}

TEST_F(SecretSettings, MayNameASecretOfAClusterOnly) {
    EXPECT_TRUE(checked(named("passwords", "castle"), false, of_a_cluster).empty());
    ASSERT_EQ(checked(named("passwords", "castle"), false, {}).size(), 1U);
    EXPECT_EQ(checked(named("passwords", "castle"), false, {}).front().detail, "Secrets are a cluster's; give the value of 'password' itself");
}

TEST_F(SecretSettings, DoNotStandInTheOpen) {
    ASSERT_EQ(checked("swordfish", true, of_a_cluster).size(), 1U);
    EXPECT_TRUE(checked("swordfish", true, of_a_cluster).front().detail.starts_with("'password' is a secret, and whoever may read this"));
    EXPECT_TRUE(checked("", true, of_a_cluster).empty());
    EXPECT_TRUE(checked(named("passwords", "castle"), true, of_a_cluster).empty());
    EXPECT_TRUE(checked("swordfish", false, of_a_cluster).empty());
}

}  // namespace
}  // namespace gk::app
