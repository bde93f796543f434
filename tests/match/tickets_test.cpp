// What players do with tickets, and how they hear of what happens to them.

#include <optional>

#include "app/match/join_token.hpp"
#include "app/match/match_keys.hpp"
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
    // A queue for two.
    void ask_for_join_tokens() {
        QueueRecord queue{.name = "casual", .game = "match-server", .fleet = {}, .rules = Value::object({{"size", 2}}), .shadow = {}};
        queue.join_tokens = true;
        put(std::move(queue));
    }
    // The server of a match, by what it found in its environment.
    Visitor server_of(MatchId match) { return desk.visitor_of(MatchKeys(Secret("of tokens")).of_server("default", match)).value(); }
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

// A held call is a sign of life as long as it lasts, a player's as well as its backend's; who may only read looks on.
TEST_F(TicketsTest, WhoListensIsNotSilent) {
    QueueRecord queue{.name = "casual", .game = "match-server", .fleet = {}, .rules = Value::object({{"size", 2}}), .shadow = {}};
    queue.silence = 3s;
    put(std::move(queue));
    begin();
    Tickets heard{{.store = store, .feed = feed, .clock = clock, .random = random, .key = Secret("of tokens"), .seen = [this](TicketId ticket) {
                       maker->note_seen(ticket);
                   }}};
    auto reader = as_operator();
    reader.caller.only_reads = true;
    for (const auto& [visitor, state] : {std::pair(as_player("ann"), "queued"), std::pair(as_operator(), "queued"), std::pair(reader, "expired")}) {
        const auto ann = enter({"ann"})->view.ticket.id;
        std::optional<Result<TicketView, Error>> answer;
        tasks->spawn("held", async::keep_result(heard.wait(visitor, ann, clock.now() + 20s), answer));
        pass_time(19s);
        EXPECT_EQ(name_of(ticket(ann).state), state);
        EXPECT_EQ(answer.has_value(), state == std::string("expired"));
        std::ignore = wait(desk.cancel(as_operator(), ann));
        settle();
    }
}

// In the original whoever names a player speaks for it. That may join again, and hears nothing that only the player may know.
TEST_F(TicketsTest, WhoOnlyNamesAPlayerGetsNoTokenOfOneWhoIsHereAlready) {
    auto stranger = as_player("ann");
    stranger.is_hearsay = true;
    const auto first = enter(order_of({"ann"}), "k1", stranger);
    EXPECT_EQ(first->tokens.size(), 1U);

    const auto again = enter(order_of({"ann"}), {}, stranger);
    const auto with_another_key = enter(order_of({"ann"}), "k2", stranger);
    const auto with_its_key = enter(order_of({"ann"}), "k1", stranger);
    const auto with_its_token = enter(order_of({"ann"}), {}, desk.visitor_of(first->tokens.at("ann")));

    EXPECT_EQ(again->view.ticket.id, first->view.ticket.id);
    EXPECT_TRUE(again->tokens.empty());
    EXPECT_TRUE(with_another_key->tokens.empty());
    EXPECT_EQ(with_its_key->tokens.size(), 1U);
    EXPECT_EQ(with_its_token->tokens.size(), 1U);
}

// S1-28.
TEST_F(TicketsTest, APlayerOfAMatchGetsTheTokenThatItsServerAsksFor) {
    ask_for_join_tokens();
    begin();
    const auto ann = enter({"ann"})->view.ticket.id;
    EXPECT_EQ(wait(desk.show(as_player("ann"), ann))->join_token, "");
    ASSERT_TRUE(enter({"ben"}));
    pass_time(1s);
    const auto match = matches()[0];

    const auto token = wait(desk.show(as_player("ann"), ann))->join_token;
    const auto key = MatchKeys(Secret("of tokens")).of_join_tokens(match.id);
    EXPECT_EQ(player_of_join_token(key, match.id.text(), token, clock.calendar()), "ann");
    EXPECT_EQ(enter({"ann"})->view.join_token, token);
    auto stranger = as_player("ann");
    stranger.is_hearsay = true;
    EXPECT_EQ(wait(desk.show(stranger, ann))->join_token, "");
    EXPECT_EQ(enter(order_of({"ann"}), {}, stranger)->view.join_token, "");
    EXPECT_EQ(wait(desk.show(as_operator(), ann))->join_token, "") << "it is nobody's in particular";
}

TEST_F(TicketsTest, AServerSpeaksForItsOwnMatchOnly) {
    configure(Value::object({{"size", 2}}));
    begin();
    for (const auto* player : {"ann", "ben", "cid", "dan"}) ASSERT_TRUE(enter({player}));
    pass_time(1s);
    const auto own = matches()[0], other = matches()[1];
    const auto server = server_of(own.id);
    const auto player = own.members[0].player;
    const std::vector<std::string> gone{player};
    MatchResults results;
    results.players = {{own.members[0].player, 2}, {own.members[1].player, 1}};

    EXPECT_EQ(wait(orders.fill(server, own.id, 2))->kept_at, 2U);
    EXPECT_TRUE(wait(orders.leave(server, own.id, gone))->members[0].left_at);
    EXPECT_EQ(wait(orders.end(server, own.id, "asked", results))->state, MatchState::ended);
    EXPECT_EQ(wait(orders.rating(as_operator(), "casual", player))->matches, 1U);

    const std::vector<std::string> others{other.members[0].player};
    EXPECT_EQ(wait(orders.find(server, other.id)).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(orders.fill(server, other.id, 2)).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(orders.leave(server, other.id, others)).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(orders.end(server, other.id, "asked")).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(orders.list(server, {})).error().code, "not_a_member");
    EXPECT_EQ(enter(order_of({"eve"}), {}, server).error().code, "not_a_member");
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
