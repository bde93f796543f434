// What players do with tickets, and how they hear of what happens to them.

#include <optional>

#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

class TicketsTest : public MatchmakerTest {
protected:
    static JoinOrder order_of(std::vector<std::string> ids, std::string queue = "casual") {
        JoinOrder order;
        order.queues.push_back(std::move(queue));
        for (auto& id : ids) order.players.push_back({.id = std::move(id), .attributes = {}, .latencies = {}, .blocked = {}});
        return order;
    }
    Result<Tickets::Joined, Error> enter(JoinOrder order, const std::string& key = {}, std::optional<Visitor> as = {}) {
        return wait(desk.join(as.value_or(as_operator()), std::move(order), {.key = key, .digest = {}}));
    }
    Result<Tickets::Joined, Error> enter(std::vector<std::string> ids, const std::string& key = {}) { return enter(order_of(std::move(ids)), key); }
    static JoinOrder with_skill(double skill) {
        auto order = order_of({"ann"});
        order.players[0].attributes["skill"] = skill;
        return order;
    }
    std::vector<std::string> pointers(const Error& error) {
        std::vector<std::string> out;
        for (const auto& field : error.fields) out.push_back(field.pointer);
        return out;
    }
};

TEST_F(TicketsTest, AJoinIsStoredAndEachPlayerGetsAToken) {
    const auto joined = enter({"ann", "bob"});

    ASSERT_TRUE(joined);
    EXPECT_TRUE(joined->is_new);
    EXPECT_EQ(ticket(joined->view.ticket.id), joined->view.ticket);
    EXPECT_EQ(joined->view.ticket.expires_at, clock.now() + 60s);
    ASSERT_EQ(joined->tokens.size(), 2U);
    const auto ann = desk.visitor_of(joined->tokens.at("ann"));
    ASSERT_TRUE(ann);
    EXPECT_EQ(ann->player, "ann");
    EXPECT_FALSE(desk.visitor_of(joined->tokens.at("ann") + "0"));
    EXPECT_FALSE(desk.visitor_of("gkp_default." + joined->tokens.at("ann").substr(4)));
    clock.advance(25h);
    EXPECT_FALSE(desk.visitor_of(joined->tokens.at("ann"))) << "it lasts for a day";
}

TEST_F(TicketsTest, AWaitEndsAtOnceWhenTheTicketHasChangedSinceTheAskerLooked) {
    servers.warm = 1;
    begin();
    const auto tickets = join_many(12);
    pass_time(1s);

    const auto seen = wait(desk.wait(as_player("player1"), tickets.front(), clock.now() + 25s, "queued"));

    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->state(), "assigned");
}

// S1-8.
TEST_F(TicketsTest, TheSamePlayersAgainGetTheTicketThatTheyHave) {
    const auto first = enter({"ann", "bob"});

    const auto again = enter({"bob", "ann"});
    const auto apart = enter({"ann"});

    EXPECT_EQ(again->view.ticket.id, first->view.ticket.id);
    EXPECT_FALSE(again->is_new);
    EXPECT_EQ(apart.error().code, "player_waits");
}

TEST_F(TicketsTest, WhatIsWrongWithAnOrderIsSaidAtOnce) {
    auto order = order_of({"ann", "ann", ""}, "ranked");

    const auto refused = enter(std::move(order));

    EXPECT_EQ(pointers(refused.error()), (std::vector<std::string>{"/players/1/id", "/players/2/id", "/queues/0"}));
    EXPECT_EQ(pointers(enter(std::vector<std::string>()).error()), std::vector<std::string>{"/players"});
}

TEST_F(TicketsTest, AKeyStandsForOneOrder) {
    const auto first = enter(with_skill(10), "k1");
    ASSERT_TRUE(first);

    const auto again = enter(with_skill(10), "k1");
    EXPECT_TRUE(again->is_new) << "the answer of the first time";
    EXPECT_EQ(again->view.ticket.id, first->view.ticket.id);

    auto two = with_skill(10);
    two.priority = 1;
    for (const auto& other : {with_skill(11), order_of({"ben"}), order_of({"ann", "ben"}), two}) {
        const auto refused = enter(other, "k1");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "idempotency_mismatch");
        EXPECT_EQ(refused.error().kind, Error::Kind::unprocessable);
    }
    EXPECT_TRUE(enter(order_of({"ben"}), "k2"));
}

TEST_F(TicketsTest, AKeyIsKnownWhateverItsPlayersDoNow) {
    const auto first = enter({"ann"}, "k1")->view.ticket.id;
    ASSERT_TRUE(wait(desk.cancel(as_player("ann"), first)));
    const auto second = enter({"ann"}, "k2")->view.ticket.id;
    ASSERT_NE(first, second);

    const auto again = enter({"ann"}, "k1");

    EXPECT_EQ(again->view.ticket.id, first);
    EXPECT_EQ(again->view.state(), "cancelled");
    EXPECT_EQ(enter({"ben"}, "k1").error().code, "idempotency_mismatch");
}

TEST_F(TicketsTest, AKeyOfATicketThatWasChangedIsStillTheSame) {
    const auto first = enter(with_skill(10), "k1")->view.ticket.id;
    ASSERT_TRUE(wait(desk.change(as_player("ann"), first, with_skill(20).players)));

    EXPECT_EQ(enter(with_skill(10), "k1")->view.ticket.id, first);
    EXPECT_EQ(ticket(first).players, with_skill(20).players) << "and does not undo the change";
    EXPECT_EQ(enter(order_of({"ben"}), "k1").error().code, "idempotency_mismatch");
}

TEST_F(TicketsTest, WithAPlayersTokenOnlyThisPlayerIsHelped) {
    const auto anns = enter({"ann"})->view.ticket.id;

    EXPECT_EQ(enter(order_of({"ben"}), {}, as_player("eve")).error().code, "not_a_member");
    EXPECT_EQ(wait(desk.show(as_player("eve"), anns)).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(desk.cancel(as_player("eve"), anns)).error().kind, Error::Kind::not_found);
    EXPECT_FALSE(desk.may_hear(as_player("eve"), "ann"));
    auto stranger = as_operator();
    stranger.caller.tenant = "other";
    EXPECT_EQ(wait(desk.show(stranger, anns)).error().kind, Error::Kind::not_found);
    EXPECT_TRUE(wait(desk.show(as_player("ann"), anns)));
    EXPECT_TRUE(desk.may_hear(as_operator(), "ann"));
}

// A cancel has one of three answers, and never an unclear one.
TEST_F(TicketsTest, ACancelSaysWhatBecameOfTheTicket) {
    using Outcome = MatchStore::Left::Outcome;
    configure(Value::object({{"size", 2}}));
    begin();
    const auto alone = enter({"lone"})->view.ticket.id;
    EXPECT_EQ(wait(desk.cancel(as_player("lone"), alone))->outcome, Outcome::cancelled);
    EXPECT_EQ(wait(desk.cancel(as_player("lone"), alone))->outcome, Outcome::cancelled);

    const auto ann = enter({"ann"})->view.ticket.id;
    ASSERT_TRUE(enter({"ben"}));
    pass_time(1s);
    const auto late = wait(desk.cancel(as_player("ann"), ann));
    EXPECT_EQ(late->outcome, Outcome::too_late);
    EXPECT_EQ(late->ticket.match, matches()[0].id);

    ASSERT_TRUE(wait(orders.end(as_player("ben"), matches()[0].id, "asked")));
    EXPECT_EQ(wait(desk.cancel(as_player("ann"), ann))->outcome, Outcome::over);
}

TEST_F(TicketsTest, WhoWaitsForAChangeIsAnsweredAtTheChangeOrWhenTheTimeIsOver) {
    begin();
    const auto ann = enter({"ann"})->view.ticket.id;
    std::optional<Result<TicketView, Error>> changed, over;
    tasks->spawn("ann", async::keep_result(desk.wait(as_player("ann"), ann, clock.now() + 25s), changed));
    tasks->spawn("ops", async::keep_result(desk.wait(as_operator(), ann, clock.now() + 2s), over));
    pass_time(1s);
    EXPECT_FALSE(changed);
    EXPECT_FALSE(over);

    pass_time(1s);
    ASSERT_TRUE(over);
    EXPECT_EQ((*over)->state(), "queued");
    EXPECT_FALSE(changed);

    ASSERT_TRUE(wait(desk.cancel(as_operator(), ann)));
    settle();
    ASSERT_TRUE(changed);
    EXPECT_EQ((*changed)->state(), "cancelled");
    EXPECT_EQ(wait(desk.wait(as_player("ann"), ann, clock.now() + 25s))->state(), "cancelled") << "nothing more comes of it";
}

TEST_F(TicketsTest, AMatchIsEndedByItsPlayersAndOperatorsOnly) {
    configure(Value::object({{"size", 2}}));
    begin();
    ASSERT_TRUE(enter({"ann"}));
    ASSERT_TRUE(enter({"ben"}));
    pass_time(1s);
    const auto id = matches()[0].id;
    auto reader = as_operator();
    reader.caller.only_reads = true;

    EXPECT_EQ(wait(orders.end(as_player("eve"), id, "asked")).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(orders.end(reader, id, "asked")).error().code, "not_a_member");
    EXPECT_EQ(wait(orders.list(as_player("ann"), {})).error().code, "not_a_member");
    EXPECT_EQ(wait(orders.end(as_player("ann"), id, "asked"))->state, MatchState::ended);
    EXPECT_EQ(wait(orders.end(as_operator(), id, "again"))->end_reason, "asked");
}

TEST_F(TicketsTest, ListenersHearWhatIsWrittenDownInItsOrderUntilTheyLetGo) {
    begin();
    std::vector<std::string> heard, of_ann;
    const auto ann = enter({"ann"})->view.ticket.id;
    auto ticket_watch = feed.watch(ann, [&](const MatchEvent& event) { heard.push_back(event.what); });
    const auto player_watch = feed.watch_player("ann", [&](const MatchEvent& event) { of_ann.push_back(event.what); });
    settle();

    ASSERT_TRUE(wait(desk.change(as_player("ann"), ann, with_skill(20).players)));
    ASSERT_TRUE(enter({"ben"}));
    settle();
    EXPECT_EQ(heard, (std::vector<std::string>{"queued", "changed"}));
    ticket_watch.reset();
    ASSERT_TRUE(wait(desk.cancel(as_player("ann"), ann)));
    ASSERT_TRUE(enter({"ann"}));
    settle();

    EXPECT_EQ(heard.size(), 2U);
    EXPECT_EQ(of_ann, (std::vector<std::string>{"queued", "changed", "cancelled", "queued"}));
}

// At another replica, or by another process.
TEST_F(TicketsTest, WhatOthersStoreIsHeardOfToo) {
    begin();
    settle();
    memory::MemoryMatchStore elsewhere(io.get_executor(), state);
    const auto ann = enter({"ann"})->view.ticket.id;
    settle();
    std::vector<std::string> heard;
    const auto watch = feed.watch(ann, [&](const MatchEvent& event) { heard.push_back(event.what); });

    ASSERT_TRUE(wait(elsewhere.cancel(ann, clock.now())));
    settle();

    EXPECT_EQ(heard, std::vector<std::string>{"cancelled"});
}

}  // namespace
}  // namespace gk::app
