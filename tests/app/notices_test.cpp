#include "app/watch/notices.hpp"

#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

#include "adapters/incidents/fact_incidents.hpp"
#include "app/watch/post.hpp"
#include "app/watch/up_down.hpp"
#include "tests/app/household.hpp"

namespace gk::apptest {
namespace {

using namespace std::chrono_literals;

// Takes every letter, unless it was told to answer otherwise.
class Postman final : public Carrier {
public:
    std::vector<Letter> taken;
    std::deque<CarrierError> refusals;

    Task<Result<std::string, CarrierError>> carry(Letter letter) override {
        taken.push_back(std::move(letter));
        if (refusals.empty()) co_return std::string("250 OK");
        const auto error = refusals.front();
        refusals.pop_front();
        co_return std::unexpected(error);
    }
    std::vector<std::string> subjects() const {
        std::vector<std::string> out;
        for (const auto& letter : taken) out.push_back(letter.to + ": " + letter.subject);
        return out;
    }
};

class NoticesTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(home.create({.id = "castle", .game = "teeworlds"}));
        home.bring_up("castle");
        restart();
    }
    // As the next process has it.
    void restart() {
        notices.emplace(app::Notices::Ports{home.store, home.ledger, store, home.clock, home.random, [] { return Epoch{1}; }},
                        app::Notices::Carriers{{watch::Channel::mail, &postman}}, to, 10s);
    }
    Notice crash_loop() {
        return {.kind = "crash_loop", .server = home.record("castle").uid, .subject = "Server 'castle': crash_loop", .text = "10 crashes"};
    }
    void notice(Notice it) { home.wait(notices->notify(std::move(it))); }
    void round() { home.wait(notices->round()); }
    void fail_castle() {
        auto record = home.record("castle");
        record.phase = server::Phase::failed;
        record.given_up = true;
        ASSERT_TRUE(home.wait(home.store.replace(record)));
    }
    void mend_castle() {
        auto record = home.record("castle");
        record.phase = server::Phase::running;
        record.given_up = false;
        ASSERT_TRUE(home.wait(home.store.replace(record)));
    }
    std::vector<std::string> events() {
        std::vector<std::string> types;
        for (const auto& event : *home.wait(home.ledger.events_after(0, 100))) {
            if (event.type.starts_with("incident.")) types.push_back(event.type + " " + event.server_id);
        }
        return types;
    }
    watch::Incidents stored() { return home.wait(store.load()).value(); }

    Household home;
    Postman postman;
    incidents::FactIncidents store{home.ledger};
    std::vector<watch::Address> to{{watch::Channel::mail, "anna@castle.example"}, {watch::Channel::mail, "ben@castle.example"}};
    std::optional<app::Notices> notices;
};

using Subjects = std::vector<std::string>;

TEST_F(NoticesTest, EachPersonHearsOnceHoweverOftenItIsNoticed) {
    fail_castle();
    for (int i = 0; i < 3; ++i) {
        notice(crash_loop());
        round();
    }

    EXPECT_EQ(postman.subjects(), (Subjects{"anna@castle.example: Server 'castle': crash_loop", "ben@castle.example: Server 'castle': crash_loop"}));
    EXPECT_EQ(events(), std::vector<std::string>{"incident.begun castle"});
    ASSERT_EQ(stored().size(), 1u);
    EXPECT_EQ(stored()[0].deliveries[1].answer, "250 OK");
}

TEST_F(NoticesTest, WhoComesNextGoesOnAndTellsNobodyTwice) {
    fail_castle();
    notice(crash_loop());
    restart();  // Before a letter went out.
    round();
    EXPECT_EQ(postman.taken.size(), 2u);
    restart();
    notice(crash_loop());
    round();

    EXPECT_EQ(postman.taken.size(), 2u);
    EXPECT_EQ(events().size(), 1u);
}

TEST_F(NoticesTest, WhatIsPutOffIsTriedAgainAndWhatIsRefusedIsNot) {
    fail_castle();
    postman.refusals = {{.is_final = false, .detail = "451 later"}, {.is_final = true, .detail = "550 no such user"}};
    notice(crash_loop());
    round();
    round();
    EXPECT_EQ(postman.taken.size(), 2u) << "not before its time";
    home.clock.advance(30s);
    restart();

    round();

    ASSERT_EQ(postman.taken.size(), 3u);
    EXPECT_EQ(postman.taken[2].to, "anna@castle.example");
    EXPECT_EQ(postman.taken[2].id, postman.taken[0].id) << "the same letter";
    const auto deliveries = stored().at(0).deliveries;
    EXPECT_TRUE(deliveries[0].delivered_at.has_value());
    EXPECT_TRUE(deliveries[1].has_failed());
    EXPECT_EQ(deliveries[1].answer, "550 no such user");
}

TEST_F(NoticesTest, ARecoveryIsToldByItselfAndTheNextCrashLoopIsANewIncident) {
    fail_castle();
    notice(crash_loop());
    round();
    mend_castle();
    home.clock.advance(1min);
    round();
    round();

    EXPECT_EQ(postman.subjects()[2], "anna@castle.example: Over: Server 'castle': crash_loop");
    EXPECT_EQ(postman.taken.size(), 4u);
    EXPECT_NE(postman.taken[2].id, postman.taken[0].id);
    EXPECT_EQ(events(), (std::vector<std::string>{"incident.begun castle", "incident.over castle"}));

    fail_castle();
    notice(crash_loop());
    round();
    EXPECT_EQ(postman.taken.size(), 6u);
}

TEST_F(NoticesTest, OthersSayThemselvesThatItIsOver) {
    auto hangs = crash_loop();
    hangs.kind = "not_measured";
    notice(hangs);
    round();
    round();
    EXPECT_EQ(postman.taken.size(), 2u) << "a record that is well does not show it";

    home.wait(notices->is_over("not_measured", hangs.server));
    home.wait(notices->is_over("not_measured", hangs.server));
    home.wait(notices->is_over("up_too_long", hangs.server));
    round();

    EXPECT_EQ(postman.taken.size(), 4u);
}

TEST_F(NoticesTest, WhatADeletedServerHadIsOver) {
    auto hangs = crash_loop();
    hangs.kind = "not_measured";
    notice(hangs);
    round();
    const auto record = home.record("castle");
    ASSERT_TRUE(home.wait(home.store.remove(record.uid, record.version)));

    round();

    EXPECT_TRUE(stored()[0].over_at.has_value());
}

TEST_F(NoticesTest, WhatNobodyIsToldOfIsKeptAllTheSame) {
    to.clear();
    restart();
    fail_castle();
    notice(crash_loop());
    round();

    EXPECT_TRUE(postman.taken.empty());
    EXPECT_EQ(stored().size(), 1u);
}

TEST_F(NoticesTest, ADamagedStoreBeginsAnewAndStillTells) {
    ASSERT_TRUE(home.wait(home.ledger.set_fact("incidents", "[{", no_keeper)));
    fail_castle();
    notice(crash_loop());
    round();

    EXPECT_EQ(postman.taken.size(), 2u);
    EXPECT_EQ(stored().size(), 1u);
}

TEST_F(NoticesTest, TheOfficeShowsThoseOfOnesTenantNewestFirst) {
    fail_castle();
    notice(crash_loop());
    home.clock.advance(1s);
    auto other = crash_loop();
    other.kind = "backup_failed";
    notice(other);
    app::Post post({.incidents = store, .random = home.random, .clock = home.clock, .mail = &postman, .people = {"anna@castle.example"}});

    const auto shown = home.wait(post.incidents({.name = "test"}));
    ASSERT_TRUE(shown);
    ASSERT_EQ(shown->size(), 2u);
    EXPECT_EQ(shown->front().kind, "backup_failed");
    EXPECT_TRUE(home.wait(post.incidents({.name = "test", .tenant = "acme"}))->empty());
}

TEST_F(NoticesTest, ATestMailGoesToEachAndSaysWhatWasAnswered) {
    app::Post post(
        {.incidents = store, .random = home.random, .clock = home.clock, .mail = &postman, .people = {"anna@castle.example", "ben@castle.example"}});
    postman.refusals = {{.is_final = true, .detail = "550 no such user"}};

    const auto tried = home.wait(post.test_mail({.name = "test"}, {}));
    ASSERT_TRUE(tried);
    ASSERT_EQ(tried->size(), 2u);
    EXPECT_FALSE((*tried)[0].delivered);
    EXPECT_EQ((*tried)[0].answer, "550 no such user");
    EXPECT_TRUE((*tried)[1].delivered);
    EXPECT_EQ(home.wait(post.test_mail({.name = "test"}, "carl@castle.example"))->front().to, "carl@castle.example");

    app::Post without({.incidents = store, .random = home.random, .clock = home.clock, .mail = nullptr, .people = {}});
    EXPECT_EQ(home.wait(without.test_mail({.name = "test"}, {})).error().code, "no_mail");
    EXPECT_FALSE(home.wait(post.test_mail({.name = "reader", .only_reads = true}, {})));
}

TEST_F(NoticesTest, WhomAServerNamesHearsOfItToo) {
    auto record = home.record("castle");
    record.notify = {"carl@castle.example", "ben@castle.example"};
    ASSERT_TRUE(home.wait(home.store.replace(record)));
    fail_castle();
    notice(crash_loop());
    round();

    EXPECT_EQ(postman.subjects(), (Subjects{"anna@castle.example: Server 'castle': crash_loop", "ben@castle.example: Server 'castle': crash_loop",
                                            "carl@castle.example: Server 'castle': crash_loop"}));
    mend_castle();
    round();
    round();
    EXPECT_EQ(postman.taken.size(), 6u) << "and each hears that it is over";
}

TEST_F(NoticesTest, NewsGoOutEachTimeAndHaveNoEnd) {
    Notice up{.kind = "server_up", .server = home.record("castle").uid, .subject = "Server 'castle' is up", .text = "since now"};
    for (int i = 0; i < 2; ++i) {
        home.wait(notices->news(up));
        round();
        round();
    }
    EXPECT_EQ(postman.taken.size(), 4u);
    EXPECT_EQ(postman.taken[0].subject, "Server 'castle' is up");
    EXPECT_TRUE(events().empty()) << "no incident";
}

class UpDownTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(home.create({.id = "castle", .game = "teeworlds"})); }
    void stand(server::Wanted wanted, server::Phase phase) {
        auto record = home.record("castle");
        record.wanted = wanted;
        record.phase = phase;
        ASSERT_TRUE(home.wait(home.store.replace(record)));
        home.wait(up_down.round());
    }
    Task<void> tell(Notice notice) {
        told.push_back(std::move(notice.kind));
        co_return;
    }

    Household home;
    std::vector<std::string> told;
    app::UpDown up_down{home.store, home.clock, [this](Notice notice) { return tell(std::move(notice)); }, 10s};
};

TEST_F(UpDownTest, WhatChangesIsToldOnceAndWhatIsFoundAtFirstIsNot) {
    using enum server::Phase;
    stand(server::Wanted::running, running);
    EXPECT_TRUE(told.empty()) << "it was so before";
    stand(server::Wanted::running, running);
    stand(server::Wanted::paused, pausing);
    EXPECT_TRUE(told.empty()) << "on its way";
    stand(server::Wanted::paused, paused);
    stand(server::Wanted::paused, paused);
    stand(server::Wanted::running, starting);
    stand(server::Wanted::running, running);
    EXPECT_EQ(told, (std::vector<std::string>{"server_asleep", "server_up"}));
}

TEST_F(UpDownTest, OneThatIsSeenOnItsWayIsToldWhenItArrives) {
    using enum server::Phase;
    stand(server::Wanted::running, starting);
    stand(server::Wanted::running, running);
    EXPECT_EQ(told, std::vector<std::string>{"server_up"});
}

TEST_F(UpDownTest, ANewServerWasDownBefore) {
    home.wait(up_down.round());
    ASSERT_TRUE(home.create({.id = "tower", .game = "teeworlds"}));
    home.wait(up_down.round());
    EXPECT_TRUE(told.empty());
    ASSERT_TRUE(home.create({.id = "keep", .game = "teeworlds"}));
    home.bring_up("keep");
    home.wait(up_down.round());
    EXPECT_EQ(told, std::vector<std::string>{"server_up"});
}

TEST_F(UpDownTest, ARestartThatGoesWellIsNoNews) {
    using enum server::Phase;
    stand(server::Wanted::running, running);
    stand(server::Wanted::running, stopping);
    stand(server::Wanted::running, starting);
    stand(server::Wanted::running, running);
    EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace gk::apptest
