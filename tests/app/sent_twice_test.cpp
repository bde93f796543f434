#include <gtest/gtest.h>

#include "tests/app/household.hpp"
#include "tests/app/rival_store.hpp"

// A client that hears nothing sends its request again, under the same key, while the first is still at work: one of them is carried out, once.
namespace gk::apptest {
namespace {

const app::Idempotency once{.key = "k", .digest = "d"};
const app::Caller client{.name = "test"};

struct SentTwice : testing::Test {
    SentTwice() { EXPECT_TRUE(house.create({.id = "castle", .game = "toy"})); }

    // What the keeper does with a request, in short.
    Task<void> carry_out(app::Accepted accepted) {
        accepted.operation.status = Operation::Status::succeeded;
        accepted.operation.finished_at = house.clock.now();
        std::ignore = co_await house.ledger.put(accepted.operation, no_keeper);
        auto record = (co_await house.store.find("default", "castle")).value();
        record.request.reset();
        std::ignore = co_await house.store.replace(std::move(record));
    }
    Task<void> ask_faster(app::VerbOrder order, bool and_carry_out) {
        faster = co_await house.servers.ask(client, "default", "castle", std::move(order), once);
        if (and_carry_out && faster) co_await carry_out(*faster);
    }
    Task<void> create_faster(app::CreateOrder order) { faster = co_await house.servers.create(client, std::move(order), once); }
    Task<void> delete_faster() {
        app::VerbOrder remove{.verb = server::Verb::remove};
        co_await ask_faster(std::move(remove), true);
        const auto record = (co_await house.store.find("default", "castle")).value();
        std::ignore = co_await house.store.remove(record.uid, record.version);
    }
    Result<app::Accepted, app::Error> ask(app::VerbOrder order) {
        return house.wait(servers.ask(client, "default", "castle", std::move(order), once));
    }

    Household house;
    RivalStore store{house.store};
    app::Servers servers{{store, house.ledger, house.runtime, house.port_map, house.clock, house.random},
                         house.games,
                         {.cpu = {2000}, .cpu_overcommit = 1, .memory = {2048}}};
    Result<app::Accepted, app::Error> faster = std::unexpected(app::Error{});
};

TEST_F(SentTwice, ARequestThatIsStillWorkedOnIsAcceptedOnce) {
    store.rival = [&](const server::Record&) { return ask_faster({.verb = server::Verb::start}, false); };

    const auto slower = ask({.verb = server::Verb::start});

    ASSERT_TRUE(slower && faster);
    EXPECT_EQ(slower->operation, faster->operation);
    EXPECT_EQ(house.record("castle").request->operation, faster->operation.id);
    EXPECT_TRUE(house.record("castle").superseded.empty());
}

TEST_F(SentTwice, ARequestThatWasCarriedOutMeanwhileIsNotCarriedOutAgain) {
    house.bring_up("castle");
    store.rival = [&](const server::Record&) { return ask_faster({.verb = server::Verb::restart}, true); };

    const auto slower = ask({.verb = server::Verb::restart});

    ASSERT_TRUE(slower && faster);
    EXPECT_EQ(slower->operation.id, faster->operation.id);
    EXPECT_EQ(slower->operation.status, Operation::Status::succeeded);
    EXPECT_FALSE(house.record("castle").request.has_value());
}

TEST_F(SentTwice, ADeleteThatWasCarriedOutMeanwhileIsNoUnknownServer) {
    store.rival = [&](const server::Record&) { return delete_faster(); };

    const auto slower = ask({.verb = server::Verb::remove});

    ASSERT_TRUE(slower && faster);
    EXPECT_EQ(slower->operation.id, faster->operation.id);
}

TEST_F(SentTwice, ACreateIsMadeOnceAndBothAreToldSo) {
    store.rival = [&](const server::Record&) { return create_faster({.id = "tower", .game = "toy", .start = true}); };

    const auto slower = house.wait(servers.create(client, {.id = "tower", .game = "toy", .start = true}, once));

    ASSERT_TRUE(slower && faster);
    EXPECT_EQ(slower->operation, faster->operation);
    EXPECT_EQ(house.wait(house.ledger.operation(faster->operation.id))->status, Operation::Status::waiting);
    EXPECT_EQ(house.state->servers.size(), 2U);
}

}  // namespace
}  // namespace gk::apptest
