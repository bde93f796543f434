#include "tests/app/household.hpp"

namespace gk::app {
namespace {

class Accounts : public testing::Test {
protected:
    apptest::Household house;
    const Caller admin{.name = "test"};
};

TEST_F(Accounts, AKeyLetsInUnderItsNameAndScope) {
    const auto made = house.wait(house.accounts.create(admin, "ci", Scope::player, {})).value();
    const auto caller = house.accounts.authenticate(made.text.reveal());

    ASSERT_TRUE(caller.has_value());
    EXPECT_EQ(caller->name, "key:ci");
    EXPECT_EQ(caller->scope, Scope::player);
    EXPECT_EQ(made.key.digest.find(made.text.reveal()), std::string::npos);
}

TEST_F(Accounts, AKeyWithAnyCharacterChangedLetsNobodyIn) {
    const auto text = house.wait(house.accounts.create(admin, "ci", Scope::admin, {})).value().text.reveal();
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto wrong = std::string(text);
        wrong[i] = wrong[i] == '0' ? '1' : '0';
        EXPECT_FALSE(house.accounts.authenticate(wrong).has_value()) << i;
    }
    EXPECT_FALSE(house.accounts.authenticate(text.substr(1)).has_value());
    EXPECT_FALSE(house.accounts.authenticate("").has_value());
}

TEST_F(Accounts, ARevokedKeyIsOutAtOnceAndAfterARestart) {
    const auto keeps = house.wait(house.accounts.create(admin, "keeps", Scope::admin, {})).value();
    const auto goes = house.wait(house.accounts.create(admin, "goes", Scope::admin, {})).value();
    ASSERT_TRUE(house.wait(house.accounts.revoke(admin, goes.key.id)));

    EXPECT_FALSE(house.accounts.authenticate(goes.text.reveal()).has_value());
    app::Accounts restarted(house.ledger, house.clock, house.random);
    ASSERT_TRUE(house.wait(restarted.load()));
    EXPECT_FALSE(restarted.authenticate(goes.text.reveal()).has_value());
    EXPECT_TRUE(restarted.authenticate(keeps.text.reveal()).has_value());
}

TEST_F(Accounts, AKeyThatAnotherProcessMadeIsFoundWhenItIsFirstShown) {
    app::Accounts elsewhere(house.ledger, house.clock, house.random);
    const auto made = house.wait(elsewhere.create(admin, "ci", Scope::admin, {})).value();
    ASSERT_FALSE(house.accounts.authenticate(made.text.reveal()).has_value());

    const auto caller = house.wait(house.accounts.identify(made.text.reveal()));

    ASSERT_TRUE(caller.has_value()) << caller.error().message;
    EXPECT_EQ(caller->name, "key:ci");
}

TEST_F(Accounts, AKeyThatNobodyMadeStaysUnknown) {
    const auto stranger = house.wait(house.accounts.identify(app::Accounts::new_text(house.random).reveal()));

    EXPECT_EQ(stranger.error().kind, Error::Kind::unauthenticated);
}

TEST_F(Accounts, TheFirstKeyOfSeveralProcessesIsOne) {
    app::Accounts elsewhere(house.ledger, house.clock, house.random);
    const auto text = app::Accounts::new_text(house.random);

    ASSERT_TRUE(house.wait(house.accounts.admit_first(text)));
    ASSERT_TRUE(house.wait(elsewhere.admit_first(text)));

    EXPECT_EQ(house.wait(house.accounts.list(admin)).value().size(), 1U);
    EXPECT_EQ(house.accounts.authenticate(text.reveal())->scope, Scope::admin);
    EXPECT_TRUE(elsewhere.authenticate(text.reveal()).has_value());
}

TEST_F(Accounts, OfTwoProcessesNeitherRevokesTheLastAdminKey) {
    app::Accounts elsewhere(house.ledger, house.clock, house.random);
    const auto one = house.wait(house.accounts.create(admin, "one", Scope::admin, {})).value();
    const auto two = house.wait(house.accounts.create(admin, "two", Scope::admin, {})).value();
    ASSERT_TRUE(house.wait(elsewhere.revoke(admin, one.key.id)));

    EXPECT_EQ(house.wait(house.accounts.revoke(admin, two.key.id)).error().code, "last_admin_key");
}

TEST_F(Accounts, WhoOnlyReadsChangesNothing) {
    const Caller reader{.name = "user:jane", .only_reads = true};

    EXPECT_TRUE(may(reader, Action::read, "default"));
    EXPECT_EQ(may(reader, Action::operate, "default").error().kind, Error::Kind::forbidden);
    EXPECT_EQ(house.wait(house.accounts.create(reader, "mine", Scope::admin, {})).error().kind, Error::Kind::forbidden);
}

TEST_F(Accounts, TheLastAdminKeyStays) {
    const auto one = house.wait(house.accounts.create(admin, "one", Scope::admin, {})).value();
    const auto player = house.wait(house.accounts.create(admin, "player", Scope::player, {})).value();

    EXPECT_EQ(house.wait(house.accounts.revoke(admin, one.key.id)).error().code, "last_admin_key");
    EXPECT_TRUE(house.accounts.authenticate(one.text.reveal()).has_value());
    EXPECT_TRUE(house.wait(house.accounts.revoke(admin, player.key.id)).has_value());
    ASSERT_TRUE(house.wait(house.accounts.create(admin, "two", Scope::admin, {})));
    EXPECT_TRUE(house.wait(house.accounts.revoke(admin, one.key.id)).has_value());
}

TEST_F(Accounts, PlayersAndOtherTenantsAdministerNothing) {
    const auto one = house.wait(house.accounts.create(admin, "one", Scope::admin, {})).value();
    const Caller player{.name = "p", .scope = Scope::player};
    const Caller other{.name = "o", .scope = Scope::admin, .tenant = "other"};

    EXPECT_FALSE(house.wait(house.accounts.create(player, "x", Scope::admin, {})).has_value());
    EXPECT_FALSE(house.wait(house.accounts.list(player)).has_value());
    EXPECT_TRUE(house.wait(house.accounts.list(other)).value().empty());
    EXPECT_EQ(house.wait(house.accounts.revoke(other, one.key.id)).error().kind, Error::Kind::not_found);
}

}  // namespace
}  // namespace gk::app
