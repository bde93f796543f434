#include "domain/watch/incident.hpp"

#include <gtest/gtest.h>

namespace gk::watch {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1'800'000'000s};
const ServerUid castle{UuidBits{1}};
const std::vector<Address> anna_and_ben{{Channel::mail, "anna@example.org"}, {Channel::mail, "ben@example.org"}};
const DeliveryLimits limits;

Incident loop_of(ServerUid server, Time since = start) {
    Incident it;
    it.id = "i-" + server.text();
    it.kind = "crash_loop";
    it.server = server;
    it.subject = "Server 'castle': crash_loop";
    it.since = since;
    return it;
}

Incidents one_open() {
    Incidents all;
    EXPECT_TRUE(raise(all, loop_of(castle), anna_and_ben, limits));
    return all;
}

void deliver_all(Incidents& all, Time now) {
    for (auto due = next_due(all); due.delivery != nullptr; due = next_due(all)) note_delivered(*due.delivery, "250 OK", now);
}

TEST(Incidents, EachPersonGetsOneLetter) {
    auto all = one_open();

    auto due = next_due(all);
    ASSERT_NE(due.delivery, nullptr);
    EXPECT_EQ(due.at, start) << "at once";
    EXPECT_EQ(due.delivery->address, anna_and_ben[0]);
    note_delivered(*due.delivery, "250 OK", start + 1s);
    due = next_due(all);
    ASSERT_NE(due.delivery, nullptr);
    EXPECT_EQ(due.delivery->address, anna_and_ben[1]);
    note_delivered(*due.delivery, "250 OK", start + 1s);

    EXPECT_EQ(next_due(all).delivery, nullptr);
    EXPECT_NE(find_open(all, "crash_loop", castle), nullptr) << "so that nobody is told again";
    EXPECT_EQ(find_open(all, "backup_failed", castle), nullptr);
    EXPECT_EQ(find_open(all, "crash_loop", ServerUid(UuidBits{2})), nullptr);
}

TEST(Incidents, WhoWasToldOfTheBeginningIsToldOfTheEnd) {
    auto all = one_open();
    auto& incident = all.front();
    note_delivered(incident.deliveries[0], "250 OK", start);
    note_failed(incident, incident.deliveries[1], true, "550 no such user", limits, start);

    end(incident, start + 1h);
    end(incident, start + 2h);

    ASSERT_EQ(incident.deliveries.size(), 3u) << "not the one who never could be told, and once";
    const auto due = next_due(all);
    EXPECT_EQ(due.delivery->address, anna_and_ben[0]);
    EXPECT_TRUE(due.delivery->says_over);
    EXPECT_EQ(due.at, start + 1h);
    EXPECT_EQ(find_open(all, "crash_loop", castle), nullptr) << "another one of this kind would be a new incident";
}

TEST(Incidents, TheEndIsToldAfterTheBeginning) {
    Incidents all;
    ASSERT_TRUE(raise(all, loop_of(castle), std::span(anna_and_ben).first(1), limits));
    auto& incident = all.front();
    note_failed(incident, incident.deliveries[0], false, "connection refused", limits, start);
    end(incident, start + 1s);

    auto due = next_due(all);
    EXPECT_FALSE(due.delivery->says_over);
    EXPECT_EQ(due.at, start + 30s);
    note_delivered(*due.delivery, "250 OK", start + 30s);
    due = next_due(all);
    ASSERT_NE(due.delivery, nullptr);
    EXPECT_TRUE(due.delivery->says_over);
}

TEST(Incidents, AFailureIsTriedAgainLaterAndLaterForThreeDays) {
    auto all = one_open();
    auto& incident = all.front();
    auto& letter = incident.deliveries[0];
    auto now = start;
    std::vector<Milliseconds> pauses;
    while (letter.next_at) {
        note_failed(incident, letter, false, "451 try again", limits, now);
        if (!letter.next_at) break;
        pauses.push_back(*letter.next_at - now);
        now = *letter.next_at;
    }

    ASSERT_GT(pauses.size(), 8u);
    EXPECT_EQ(std::vector<Milliseconds>(pauses.begin(), pauses.begin() + 8),
              (std::vector<Milliseconds>{30s, 1min, 2min, 4min, 8min, 16min, 32min, 1h}));
    EXPECT_TRUE(letter.has_failed());
    EXPECT_LT(now, start + limits.give_up);
    EXPECT_GT(now, start + limits.give_up - 2h);
    EXPECT_EQ(letter.answer, "451 try again");
}

TEST(Incidents, WhatIsRefusedForGoodIsNotTriedAgain) {
    auto all = one_open();

    note_failed(all.front(), all.front().deliveries[0], true, "550 no such user", limits, start);

    EXPECT_TRUE(all.front().deliveries[0].has_failed());
    EXPECT_EQ(next_due(all).delivery, &all.front().deliveries[1]);
}

TEST(Incidents, OnlyWhatIsOverMakesRoom) {
    DeliveryLimits few;
    few.kept_most = 2;
    Incidents all;
    ASSERT_TRUE(raise(all, loop_of(ServerUid(UuidBits{1})), anna_and_ben, few));
    ASSERT_TRUE(raise(all, loop_of(ServerUid(UuidBits{2})), anna_and_ben, few));
    EXPECT_FALSE(raise(all, loop_of(ServerUid(UuidBits{3})), anna_and_ben, few));
    EXPECT_EQ(all.size(), 2u);
    end(all[1], start + 1s);

    EXPECT_TRUE(raise(all, loop_of(ServerUid(UuidBits{3})), anna_and_ben, few));

    EXPECT_NE(find_open(all, "crash_loop", ServerUid(UuidBits{1})), nullptr);
    EXPECT_NE(find_open(all, "crash_loop", ServerUid(UuidBits{3})), nullptr);
}

TEST(Incidents, WhatIsOverIsForgottenOnceItIsSettledAndOld) {
    auto all = one_open();
    end(all.front(), start);
    forget_old(all, limits, start + limits.kept_for);
    EXPECT_EQ(all.size(), 1u) << "its letters are still on the way";
    deliver_all(all, start);
    forget_old(all, limits, start + limits.kept_for - 1s);
    EXPECT_EQ(all.size(), 1u);

    forget_old(all, limits, start + limits.kept_for);

    EXPECT_TRUE(all.empty());
}

TEST(Incidents, WhatNobodySeesTheEndOfIsToldAgainAfterAWeek) {
    Incidents all;
    for (const auto* kind : {"vault_damaged", "crash_loop", "not_measured"}) {
        auto it = loop_of(castle);
        it.kind = kind;
        ASSERT_TRUE(raise(all, it, anna_and_ben, limits));
    }
    forget_old(all, limits, start + 8 * 24h);
    EXPECT_EQ(all.size(), 3u) << "nobody has heard of it yet";
    deliver_all(all, start);
    forget_old(all, limits, start + 7 * 24h - 1s);
    EXPECT_EQ(all.size(), 3u);

    forget_old(all, limits, start + 7 * 24h);

    EXPECT_EQ(find_open(all, "vault_damaged", castle), nullptr);
    EXPECT_NE(find_open(all, "crash_loop", castle), nullptr);
    EXPECT_NE(find_open(all, "not_measured", castle), nullptr);
}

TEST(Incidents, WhatIsStoredIsReadBack) {
    auto all = one_open();
    auto& incident = all.front();
    incident.server_id = "castle";
    incident.space = "friends";
    incident.tenant = "acme";
    incident.text = "drei Zeilen\nmit Umlaut: Größe\n";
    note_failed(incident, incident.deliveries[0], false, "451 try again", limits, start);
    note_delivered(incident.deliveries[1], "250 OK", start + 1s);
    end(incident, start + 2s);
    Errors errors;
    Incident read;

    EXPECT_TRUE(decode(to_value(incident), "", errors, read));

    EXPECT_EQ(read, incident);
}

TEST(Incidents, TheRecordShowsThatItIsOver) {
    server::Record record;
    record.phase = server::Phase::failed;
    record.given_up = true;
    EXPECT_FALSE(is_over("crash_loop", record));
    EXPECT_FALSE(is_over("backup_failed", record));
    record.phase = server::Phase::running;
    EXPECT_FALSE(is_over("crash_loop", record)) << "given up is given up";
    record.given_up = false;
    EXPECT_TRUE(is_over("crash_loop", record));
    EXPECT_TRUE(is_over("backup_failed", record));
    record.world_lost = true;
    EXPECT_FALSE(is_over("disk_lost", record));
    record.disk_level = server::DiskLevel::low;
    EXPECT_FALSE(is_over("disk_low", record));
    EXPECT_TRUE(is_over("disk_full", record));
    EXPECT_FALSE(is_over("vault_damaged", record)) << "no record knows";
}

TEST(Incidents, AServersOwnPeopleHearOfItBesideTheInstallationsAndNobodyTwice) {
    server::Record record;
    EXPECT_EQ(people_of(anna_and_ben, record), anna_and_ben);
    record.notify = {"carl@example.org", "Anna@Example.org", "carl@example.org"};
    auto all = anna_and_ben;
    all.push_back({Channel::mail, "carl@example.org"});
    EXPECT_EQ(people_of(anna_and_ben, record), all);
    EXPECT_EQ(people_of({}, record).size(), 2U) << "also where the installation tells nobody";
}

TEST(Incidents, NewsThatWereToldAreForgottenAfterADay) {
    Incidents all;
    auto up = loop_of(castle);
    up.kind = "server_up";
    up.over_at = start;
    ASSERT_TRUE(raise(all, up, anna_and_ben, limits));
    forget_old(all, limits, start + 25h);
    ASSERT_EQ(all.size(), 1U) << "nobody has been told yet";
    deliver_all(all, start);
    forget_old(all, limits, start + 23h);
    EXPECT_EQ(all.size(), 1U);
    forget_old(all, limits, start + 25h);
    EXPECT_TRUE(all.empty());
}

}  // namespace
}  // namespace gk::watch
