#include <array>
#include <optional>
#include <set>

#include "async/task_group.hpp"
#include "tests/contract/match_store_suite.hpp"

// Matches: who is in them, where they go, and what becomes of tickets.
namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using Kind = StoreError::Kind;

INSTANTIATE_TEST_SUITE_P(Stores, MatchStoreContract, testing::ValuesIn(all_match_stores()), [](const auto& info) { return info.param.name; });

TEST_P(MatchStoreContract, AMatchTakesItsTickets) {
    const auto party = join(ticket(1, {"ann", "bob"})), cid = join(ticket(2, {"cid"}));
    auto made = match_of(1, {party, cid});

    EXPECT_TRUE(commit(made).is_committed);
    stores_->restart();

    made.epoch = epoch_;
    EXPECT_EQ(wait(store().match(made.id)).value(), made);
    EXPECT_EQ(stored(party.id).state, TicketState::matched);
    EXPECT_EQ(stored(party.id).match, made.id);
    EXPECT_TRUE(wait(store().waiting({}, 10))->empty());
    EXPECT_EQ(told(cid.id), "queued claimed");
    EXPECT_EQ(wait(store().join(ticket(3, {"bob"})))->outcome, JoinOutcome::taken) << "who plays does not wait";
    EXPECT_EQ(wait(store().match(match_id(9))).error().kind, Kind::not_found);
}

TEST_P(MatchStoreContract, ARefusedMatchLeavesNothing) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"})), cid = join(ticket(3, {"cid"}));
    ASSERT_TRUE(wait(store().cancel(bob.id, start)));
    const auto events = count_events();
    auto stranger = ticket(9, {"eve"});
    std::vector<match::Match> matches{match_of(1, {ann, bob}), match_of(2, {cid, stranger}), match_of(3, {cid}), match_of(4, {ann, cid})};

    const auto answers = wait(store().commit(matches, epoch_));

    ASSERT_TRUE(answers);
    EXPECT_FALSE((*answers)[0].is_committed);
    EXPECT_EQ((*answers)[0].gone, std::vector{bob.id});
    EXPECT_EQ((*answers)[1].gone, std::vector{stranger.id});
    EXPECT_TRUE((*answers)[2].is_committed) << "neighbours of a refused one are not";
    EXPECT_EQ((*answers)[3].gone, std::vector{cid.id}) << "an earlier one of the same call took it";
    EXPECT_EQ(stored(ann.id), ann);
    EXPECT_EQ(wait(store().match(match_id(1))).error().kind, Kind::not_found);
    EXPECT_EQ(count_events(), events + 1);
    EXPECT_TRUE(commit(match_of(5, {ann})).is_committed);
}

TEST_P(MatchStoreContract, ACommitWhoseAnswerWasLostIsAnsweredAgain) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"}));
    ASSERT_TRUE(commit(match_of(1, {ann, bob})).is_committed);
    const auto events = count_events();

    EXPECT_TRUE(commit(match_of(1, {ann, bob})).is_committed);

    EXPECT_EQ(count_events(), events);
}

TEST_P(MatchStoreContract, AnOldMatchmakerIsFenced) {
    const auto ann = join(ticket(1, {"ann"}));
    const auto made = match_of(1, {ann});
    const auto newer = wait(stores_->there().next_epoch()).value();
    EXPECT_LT(epoch_, newer);

    EXPECT_EQ(wait(store().commit({made}, epoch_)).error().kind, Kind::fenced);
    EXPECT_EQ(wait(store().expire({ann.id}, "x", std::nullopt, start, epoch_)).error().kind, Kind::fenced);
    EXPECT_EQ(stored(ann.id), ann);
    EXPECT_TRUE(wait(stores_->there().commit({made}, newer))->front().is_committed);
    EXPECT_EQ(become(made, MatchState::placing).error().kind, Kind::fenced);
    EXPECT_EQ(wait(store().rate(made.id, {}, epoch_)).error().kind, Kind::fenced);
    EXPECT_EQ(wait(store().match(made.id))->state, MatchState::claimed);
    EXPECT_TRUE(wait(store().advance(made, {}, start, no_keeper))) << "what is no matchmaker's has no epoch";
}

TEST_P(MatchStoreContract, AMatchGoesItsWayToItsEnd) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"}));
    auto made = match_of(1, {ann, bob});
    ASSERT_TRUE(commit(made).is_committed);
    made.epoch = epoch_;
    made.server = match::MatchServer{.name = "game-server-01020304", .host = "192.0.2.1", .port = 4000};
    made.assigned_at = start + 70s;
    made.ended_at = start + 90s;

    ASSERT_TRUE(become(made, MatchState::placing));
    ASSERT_TRUE(become(made, MatchState::assigned));
    ASSERT_TRUE(become(made, MatchState::assigned)) << "may be repeated";
    EXPECT_EQ(become(made, MatchState::placing).error().kind, Kind::conflict);
    ASSERT_TRUE(become(made, MatchState::ended, {}, "server_exited"));
    ASSERT_TRUE(become(made, MatchState::ended, {}, "asked")) << "and ends once";

    stores_->restart();
    made.state = MatchState::ended;
    made.end_reason = "server_exited";
    for (auto& member : made.members) member.told_at = made.assigned_at;
    EXPECT_EQ(wait(store().match(made.id)).value(), made);
    EXPECT_EQ(stored(ann.id).state, TicketState::ended);
    EXPECT_EQ(stored(ann.id).reason, "server_exited");
    EXPECT_EQ(stored(ann.id).match, made.id);
    EXPECT_EQ(told(ann.id), "queued claimed placing assigned ended");
    join(ticket(3, {"ann", "bob"}));
    EXPECT_EQ(wait(store().advance(match_of(9, {ann}), {}, start, epoch_)).error().kind, Kind::not_found);
}

// S1-11.
TEST_P(MatchStoreContract, AMatchThatFailsPutsItsTicketsBackWhereTheyWere) {
    const auto party = join(ticket(1, {"ann", "bob"})), cid = join(ticket(2, {"cid"})), dan = join(ticket(3, {"dan"}));
    const auto made = match_of(1, {party, cid});
    ASSERT_TRUE(commit(made).is_committed);

    ASSERT_TRUE(become(made, MatchState::failed, {party.id}, "server_failed"));
    ASSERT_TRUE(become(made, MatchState::failed, {party.id}, "server_failed"));

    auto expected = party;
    expected.reason = "server_failed";
    expected.put_back = 1;
    EXPECT_EQ(stored(party.id), expected);
    EXPECT_EQ(wait(store().waiting({}, 10)).value(), (std::vector{expected, dan})) << "in front, with the time of the first join";
    EXPECT_EQ(stored(cid.id).state, TicketState::failed);
    EXPECT_EQ(told(party.id), "queued claimed put_back");
    EXPECT_EQ(told(cid.id), "queued claimed failed");
    join(ticket(4, {"cid"}));
    EXPECT_TRUE(commit(match_of(2, {expected, dan})).is_committed);
}

TEST_P(MatchStoreContract, ATicketThatWasPutBackIsSeenAnew) {
    const auto ann = join(ticket(1, {"ann"}));
    const auto made = match_of(1, {ann});
    ASSERT_TRUE(commit(made).is_committed);
    ASSERT_TRUE(become(made, MatchState::failed, {ann.id}));

    EXPECT_TRUE(wait(store().expire({ann.id}, "silent", start + 90s, start + 100s, epoch_))->empty());
}

TEST_P(MatchStoreContract, AMatchHasOneEndWhenTwoMeet) {
    const auto ann = join(ticket(1, {"ann"}));
    auto made = match_of(1, {ann});
    ASSERT_TRUE(commit(made).is_committed);
    ASSERT_TRUE(become(made, MatchState::placing));
    auto failed = made, assigned = made;
    failed.state = MatchState::failed;
    assigned.state = MatchState::assigned;
    std::optional<Result<Success, StoreError>> first, second;
    async::TaskGroup tasks(io_.get_executor());

    tasks.spawn("fail", async::keep_result(stores_->here().advance(failed, {ann.id}, start, no_keeper), first));
    tasks.spawn("assign", async::keep_result(stores_->there().advance(assigned, {}, start, no_keeper), second));
    async::run_until_done(io_, tasks.join());

    ASSERT_NE(first->has_value(), second->has_value());
    EXPECT_EQ((*first ? second : first)->error().kind, Kind::conflict);
    EXPECT_EQ(stored(ann.id).state, *first ? TicketState::queued : TicketState::matched);
}

TEST_P(MatchStoreContract, AnswersOfTwoPlayersAtOnceAreBothKept) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"}));
    auto made = match_of(1, {ann, bob});
    made.state = MatchState::accepting;
    ASSERT_TRUE(commit(made).is_committed);
    auto of_ann = made, of_bob = made;
    of_ann.members[0].accepted = true;
    of_bob.members[1].accepted = false;
    std::optional<Result<Success, StoreError>> first, second;
    async::TaskGroup tasks(io_.get_executor());

    tasks.spawn("ann", async::keep_result(stores_->here().advance(of_ann, {}, start, no_keeper), first));
    tasks.spawn("bob", async::keep_result(stores_->there().advance(of_bob, {}, start, no_keeper), second));
    async::run_until_done(io_, tasks.join());

    ASSERT_TRUE(*first && *second);
    const auto members = wait(store().match(made.id))->members;
    EXPECT_EQ(members[0].accepted, true);
    EXPECT_EQ(members[1].accepted, false);
}

TEST_P(MatchStoreContract, WhoLeavesMayJoinAgainWhileTheOthersPlay) {
    const auto party = join(ticket(1, {"ann", "bob"})), cid = join(ticket(2, {"cid"}));
    auto made = match_of(1, {party, cid});
    ASSERT_TRUE(commit(made).is_committed);
    ASSERT_TRUE(become(made, MatchState::assigned));
    made.members[0].left_at = made.members[2].left_at = start + 80s;

    ASSERT_TRUE(become(made, MatchState::assigned));
    ASSERT_TRUE(become(made, MatchState::assigned));

    EXPECT_EQ(told(party.id), "queued claimed assigned left") << "Bob plays on";
    EXPECT_EQ(told(cid.id), "queued claimed assigned left");
    EXPECT_EQ(stored(cid.id).state, TicketState::ended);
    EXPECT_EQ(stored(cid.id).reason, "left");
    EXPECT_EQ(wait(store().join(ticket(3, {"bob"})))->outcome, JoinOutcome::taken);
    const auto ann = join(ticket(4, {"ann"})), alone = join(ticket(5, {"cid"}));
    EXPECT_TRUE(commit(match_of(2, {ann, alone})).is_committed);
    ASSERT_TRUE(become(made, MatchState::ended));
    EXPECT_EQ(wait(store().join(ticket(6, {"ann"})))->outcome, JoinOutcome::same) << "the end of the old match is not that of her new one";
}

TEST_P(MatchStoreContract, ARunningMatchTakesMore) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"}));
    auto made = match_of(1, {ann});
    made.kept_at = 2;
    made.kept_since = start;
    ASSERT_TRUE(commit(made).is_committed);
    made.state = MatchState::assigned;
    ASSERT_TRUE(become(made, MatchState::assigned));
    auto more = match_of(1, {bob});
    more.claimed_at = start + 75s;

    EXPECT_TRUE(commit(more).is_committed);
    EXPECT_TRUE(commit(more).is_committed) << "may be repeated";
    ASSERT_TRUE(become(made, MatchState::assigned)) << "of somebody who has not heard of Bob";

    const auto filled = wait(store().match(made.id)).value();
    ASSERT_EQ(filled.members.size(), 2u);
    EXPECT_EQ(filled.state, MatchState::assigned);
    EXPECT_EQ(stored(bob.id).match, made.id);
    EXPECT_EQ(told(bob.id), "queued claimed");
    ASSERT_TRUE(become(made, MatchState::ended));
    EXPECT_EQ(stored(bob.id).state, TicketState::ended);
    const auto cid = join(ticket(3, {"cid"}));
    const auto refused = commit(match_of(1, {cid}));
    EXPECT_FALSE(refused.is_committed) << "it is over";
    EXPECT_TRUE(refused.gone.empty());
    EXPECT_EQ(stored(cid.id), cid);
}

TEST_P(MatchStoreContract, WhoComesInIsAskedFirstAndMayLeaveAgainWhileTheOthersPlay) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"}));
    auto made = match_of(1, {ann});
    made.kept_at = 2;
    made.kept_since = start;
    ASSERT_TRUE(commit(made).is_committed);
    made.state = MatchState::assigned;
    ASSERT_TRUE(become(made, MatchState::assigned));
    ASSERT_TRUE(commit(match_of(1, {bob})).is_committed);
    made = wait(store().match(made.id)).value();
    made.members[1].answer_by = start + 80s;
    ASSERT_TRUE(become(made, MatchState::assigned));

    stores_->restart();
    EXPECT_EQ(wait(store().match(made.id))->members[1].answer_by, start + 80s);
    EXPECT_EQ(told(bob.id), "queued claimed accepting");
    made.members[1].left_at = start + 80s;
    ASSERT_TRUE(become(made, MatchState::assigned));

    EXPECT_EQ(stored(bob.id).state, TicketState::expired);
    EXPECT_EQ(stored(bob.id).reason, "not_accepted");
    EXPECT_EQ(stored(ann.id).state, TicketState::matched);
    join(ticket(3, {"bob"}));
}

// S1-7: whoever proposes, the store lets each player into one match.
TEST_P(MatchStoreContract, TwoProposersNeverMatchAPlayerTwice) {
    constexpr int count = 60;
    std::vector<match::Ticket> waiting;
    for (int i = 0; i < count; ++i) waiting.push_back(join(ticket(i, {"p" + std::to_string(i)})));
    std::array<std::vector<match::Match>, 2> proposals;
    for (std::size_t i = 0; i < count; i += 4) {
        proposals[0].push_back(match_of(100 + static_cast<int>(i), {waiting[i], waiting[i + 1], waiting[i + 2], waiting[i + 3]}));
        proposals[1].push_back(match_of(200 + static_cast<int>(i), {waiting[(i + 2) % count], waiting[(i + 4) % count]}));
    }
    std::array<std::optional<Result<std::vector<MatchStore::Committed>, StoreError>>, 2> answers;
    async::TaskGroup tasks(io_.get_executor());

    tasks.spawn("here", async::keep_result(stores_->here().commit(proposals[0], epoch_), answers[0]));
    tasks.spawn("there", async::keep_result(stores_->there().commit(proposals[1], epoch_), answers[1]));
    async::run_until_done(io_, tasks.join());

    std::set<std::string> players;
    for (std::size_t who = 0; who < 2; ++who) {
        ASSERT_TRUE(*answers[who]) << answers[who]->error().detail;
        for (std::size_t i = 0; i < proposals[who].size(); ++i) {
            if (!(**answers[who])[i].is_committed) continue;
            for (const auto& member : proposals[who][i].members) EXPECT_TRUE(players.insert(member.player).second) << member.player;
        }
    }
    EXPECT_GE(players.size(), 30u);
    EXPECT_EQ(wait(store().waiting({}, 1000))->size(), count - players.size());
}

std::vector<MatchId> ids(const Result<std::vector<match::Match>, StoreError>& matches) {
    std::vector<MatchId> all;
    for (const auto& it : *matches) all.push_back(it.id);
    return all;
}

// S1-14.
TEST_P(MatchStoreContract, ListsMatchesByPlayerQueueAndState) {
    for (int number = 1; number <= 4; ++number) {
        auto made = match_of(number, {join(ticket(number, {number % 2 == 1 ? "ann" : "bob"}))});
        made.queue = number < 3 ? "ranked" : "casual";
        ASSERT_TRUE(commit(made).is_committed);
        if (number < 4) ASSERT_TRUE(become(made, MatchState::ended));
    }
    const auto list = [&](auto... change) {
        MatchStore::MatchFilter filter;
        (change(filter), ...);
        return ids(wait(store().matches(filter)));
    };

    EXPECT_EQ(list(), (std::vector{match_id(4), match_id(3), match_id(2), match_id(1)}));
    EXPECT_EQ(list([](auto& it) { it.player = "ann"; }), (std::vector{match_id(3), match_id(1)}));
    EXPECT_EQ(list([](auto& it) { it.queue = "ranked"; }), (std::vector{match_id(2), match_id(1)}));
    EXPECT_EQ(list([](auto& it) { it.live_only = true; }), std::vector{match_id(4)});
    EXPECT_EQ(list([](auto& it) { it.tenant = "", it.live_only = true; }), std::vector{match_id(4)});
    EXPECT_EQ(list([](auto& it) { it.player = "bob", it.queue = "casual", it.live_only = true; }), std::vector{match_id(4)});
    EXPECT_EQ(list([](auto& it) { it.after = match_id(3), it.limit = 1; }), std::vector{match_id(2)});
    EXPECT_EQ(list([](auto& it) { it.player = "ann", it.after = match_id(3); }), std::vector{match_id(1)});
    EXPECT_TRUE(list([](auto& it) { it.tenant = "other"; }).empty());
    MatchStore::MatchFilter unknown;
    unknown.after = match_id(9);
    EXPECT_EQ(wait(store().matches(unknown)).error().kind, Kind::not_found);
}

}  // namespace
}  // namespace gk::contract
