#include "wire/kubernetes/election.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <gtest/gtest.h>

namespace gk::wire::kubernetes {
namespace {
using namespace std::chrono_literals;

constexpr Time start{Milliseconds(1'800'000'000'000)};

// A lease as the API keeps it: every write has a version, and one on top of another version is refused.
struct ApiLease {
    std::optional<LeaseRecord> record;
    std::int64_t version = 0;

    bool write(const LeaseRecord& next, const std::string& on_top_of) {
        if (record.has_value() != !on_top_of.empty()) return false;
        if (record && on_top_of != std::to_string(version)) return false;
        record = next;
        ++version;
        return true;
    }
};

// Does what next() says against the lease, all at once. Returns what it was.
std::string drive(Election& election, ApiLease& api, Time now, double luck = 0, bool reply_lost = false) {
    const auto next = election.next(now, luck);
    if (std::holds_alternative<Election::Lost>(next)) return "lost";
    if (const auto* wait = std::get_if<Election::Wait>(&next)) return "wait " + duration_text(wait->until - now);
    if (std::holds_alternative<Election::Read>(next)) {
        if (reply_lost) election.failed();
        else if (api.record) election.read(*api.record, std::to_string(api.version), now);
        else election.absent();
        return "read";
    }
    const auto* create = std::get_if<Election::Create>(&next);
    const auto* update = std::get_if<Election::Update>(&next);
    const bool done = create != nullptr ? api.write(create->record, "") : api.write(update->record, update->version);
    if (done && !reply_lost) election.written(std::to_string(api.version), now);
    else election.failed();
    return create != nullptr ? "create" : "update";
}

class ElectionTest : public testing::Test {
protected:
    std::string a() { return drive(first, api, now); }
    std::string b() { return drive(second, api, now); }
    void lead_with_first() {
        EXPECT_EQ(a(), "read");
        EXPECT_EQ(a(), "create");
        EXPECT_TRUE(first.leads(now));
    }

    Election first{{.me = "a"}};
    Election second{{.me = "b"}};
    ApiLease api;
    Time now = start;
};

TEST_F(ElectionTest, TheFirstOneCreatesTheLeaseAndRenewsItWithoutReading) {
    lead_with_first();
    EXPECT_EQ(first.epoch(), 1);
    EXPECT_EQ(api.record->renewed, "2027-01-15T08:00:00.000000Z");

    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(a(), "wait 2s");
        now += 2s;
        EXPECT_EQ(a(), "update");
    }
    EXPECT_TRUE(first.leads(now));
    EXPECT_EQ(api.record->transitions, 0);
    EXPECT_EQ(api.record->acquired, "2027-01-15T08:00:00.000000Z");
    EXPECT_EQ(api.record->renewed, "2027-01-15T08:00:10.000000Z");
}

TEST_F(ElectionTest, AnotherOneWaitsForTheWholeLeaseSinceItSawItChange) {
    lead_with_first();
    now += 9s;

    EXPECT_EQ(b(), "read");
    EXPECT_EQ(b(), "wait 2s");
    const auto seen = now;
    while (now < seen + 15s) {
        EXPECT_FALSE(second.leads(now));
        if (b() != "read") now += 500ms;
    }
    while (!second.leads(now)) {
        if (b().starts_with("wait")) now += 500ms;
    }

    EXPECT_LE(now, seen + 18s);
    EXPECT_EQ(second.epoch(), 2);
    EXPECT_EQ(api.record->holder, "b");
    EXPECT_FALSE(first.leads(now));
    EXPECT_EQ(a(), "lost");
}

TEST_F(ElectionTest, WhoComesAfterTheDeadOfItsOwnHouseholdWaitsForNothing) {
    Election died({.me = "house-1", .household = "house-"});
    EXPECT_EQ(drive(died, api, now), "read");
    EXPECT_EQ(drive(died, api, now), "create");
    now += 1s;

    Election heir({.me = "house-2", .household = "house-"});
    EXPECT_EQ(b(), "read");
    EXPECT_EQ(b(), "wait 2s") << "of another household it may live";
    EXPECT_EQ(drive(heir, api, now), "read");
    EXPECT_EQ(drive(heir, api, now), "update");

    EXPECT_TRUE(heir.leads(now));
    EXPECT_EQ(heir.epoch(), 2) << "what the dead one has sent may still arrive";
}

TEST_F(ElectionTest, ALeaderThatCannotRenewGivesUpInTimeAndForGood) {
    lead_with_first();
    const auto last = now;
    while (now < last + 10s) {
        EXPECT_TRUE(first.leads(now));
        const auto next = first.next(now, 0);
        if (!std::holds_alternative<Election::Wait>(next)) first.failed();
        else now = std::get<Election::Wait>(next).until;
    }

    EXPECT_EQ(now, last + 10s);
    EXPECT_FALSE(first.leads(now));
    EXPECT_EQ(a(), "lost");
    EXPECT_EQ(a(), "lost");
}

TEST_F(ElectionTest, ALeaderThatSleptKnowsItBeforeItDoesAnything) {
    lead_with_first();

    now += 60s;

    EXPECT_FALSE(first.leads(now));
    EXPECT_EQ(a(), "lost");
}

TEST_F(ElectionTest, TheDeadlineCountsFromWhenTheWriteWasSent) {
    EXPECT_EQ(a(), "read");
    const auto next = first.next(now, 0);
    ASSERT_TRUE(std::holds_alternative<Election::Create>(next));
    const auto sent = now;
    now += 4s;

    first.written("1", sent);

    EXPECT_TRUE(first.leads(sent + 10s - 1ms));
    EXPECT_FALSE(first.leads(sent + 10s));
}

TEST_F(ElectionTest, NoCallOutlivesTheLeadership) {
    EXPECT_EQ(first.call_limit(now), 5s);
    lead_with_first();
    EXPECT_EQ(first.call_limit(now), 5s);
    EXPECT_EQ(first.call_limit(now + 7s), 3s);
    EXPECT_EQ(first.call_limit(now + 11s), 5s);
}

TEST_F(ElectionTest, AConflictIsLookedAtOnceAndThenWaitsItsTurn) {
    lead_with_first();
    EXPECT_EQ(a(), "wait 2s");
    now += 2s;
    ++api.version;  // Somebody else put a label on the lease.

    EXPECT_EQ(a(), "update");
    EXPECT_EQ(a(), "read");
    EXPECT_EQ(a(), "update");
    EXPECT_EQ(a(), "wait 2s");

    now += 2s;
    ++api.version;
    EXPECT_EQ(a(), "update");
    EXPECT_EQ(a(), "read");
    ++api.version;
    EXPECT_EQ(a(), "update");
    EXPECT_EQ(a(), "wait 2s");
}

TEST_F(ElectionTest, AWriteWhoseReplyWasLostIsFoundAsOnesOwn) {
    EXPECT_EQ(a(), "read");
    EXPECT_EQ(drive(first, api, now, 0, true), "create");
    EXPECT_FALSE(first.leads(now));
    EXPECT_EQ(a(), "wait 2s");
    now += 2s;

    EXPECT_EQ(a(), "read");
    EXPECT_EQ(a(), "update");
    EXPECT_TRUE(first.leads(now));
    EXPECT_EQ(first.epoch(), 1);
}

TEST_F(ElectionTest, WhoeverGivesTheLeaseBackLeavesNobodyWaiting) {
    lead_with_first();
    EXPECT_EQ(b(), "read");

    const auto last_word = first.release(now);
    ASSERT_TRUE(last_word);
    EXPECT_TRUE(api.write(last_word->record, last_word->version));
    EXPECT_FALSE(first.leads(now));
    EXPECT_FALSE(first.release(now));
    now += 2s;

    EXPECT_EQ(b(), "wait 2s");
    now += 2s;
    EXPECT_EQ(b(), "read");
    EXPECT_EQ(b(), "update");
    EXPECT_TRUE(second.leads(now));
    EXPECT_EQ(second.epoch(), 2);
}

TEST_F(ElectionTest, ACandidateThatHearsOfALeaseGivenBackLeadsAtOnce) {
    lead_with_first();
    EXPECT_EQ(b(), "read");
    EXPECT_EQ(b(), "wait 2s");
    const auto last_word = first.release(now);
    EXPECT_TRUE(api.write(last_word->record, last_word->version));

    second.look_now();

    EXPECT_EQ(b(), "read");
    EXPECT_EQ(b(), "update");
    EXPECT_TRUE(second.leads(now));
}

TEST_F(ElectionTest, WhoeverLeadsIsNotHurriedByWhatIsHeard) {
    lead_with_first();
    EXPECT_EQ(a(), "wait 2s");

    first.look_now();

    EXPECT_EQ(a(), "wait 2s");
}

TEST_F(ElectionTest, EpochsGoOnWhenTheLeaseWasDeleted) {
    lead_with_first();
    api.record->transitions = 6;
    EXPECT_EQ(b(), "read");
    api.record.reset();
    now += 20s;

    EXPECT_EQ(b(), "wait 2s");
    now += 2s;
    EXPECT_EQ(b(), "read");
    EXPECT_EQ(b(), "create");
    EXPECT_EQ(second.epoch(), 8);
}

TEST_F(ElectionTest, LuckSpreadsCandidates) {
    lead_with_first();
    EXPECT_EQ(drive(second, api, now, 0.5), "read");
    EXPECT_EQ(drive(second, api, now, 0.5), "wait 3s200ms");
}

// R13: three processes that stop and go on, lose calls and lose replies, never lead two at a time, epochs grow, and somebody leads in the end.
TEST(Election, NeverHasTwoLeaders) {
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        ApiLease api;
        Time now = start;
        struct Process {
            Election election;
            Time asleep_until;
        };
        int names = 0;
        const auto born = [&] { return Process{.election = Election({.me = std::to_string(names++)}), .asleep_until = {}}; };
        std::array<Process, 3> processes{born(), born(), born()};
        std::int64_t epoch = 0;
        for (int step = 0; step < 4000; ++step) {
            now += Milliseconds(random() % 200);
            const bool is_healed = step > 3000;
            auto& process = processes[random() % processes.size()];
            if (now < process.asleep_until) continue;
            if (!is_healed && random() % 200 == 0) process.asleep_until = now + Milliseconds(random() % 40'000);
            const bool reply_lost = !is_healed && random() % 5 == 0;
            const double luck = static_cast<double>(random() % 100) / 100;
            if (drive(process.election, api, now, luck, reply_lost) == "lost") process = born();
            int leaders = 0;
            for (const auto& each : processes) {
                if (!each.election.leads(now)) continue;
                ++leaders;
                ASSERT_GE(each.election.epoch(), epoch) << "seed " << seed;
                epoch = each.election.epoch();
            }
            ASSERT_LE(leaders, 1) << "seed " << seed << " step " << step;
        }
        const auto leads = [&](const Process& process) { return process.election.leads(now); };
        EXPECT_TRUE(std::ranges::any_of(processes, leads)) << "seed " << seed;
    }
}

TEST(Lease, ReadsWhatItWrites) {
    const LeaseRecord record{.holder = "a", .seconds = 15, .acquired = micro_time(start), .renewed = micro_time(start + 1ms), .transitions = 3};

    const auto document = lease_document({"games", "keeper"}, record, "7");

    EXPECT_EQ(lease_of(document), record);
    EXPECT_EQ(version_of(document), "7");
    EXPECT_EQ(key_of(document), (ObjectKey{"games", "keeper"}));
    EXPECT_EQ(micro_time(start + 1ms), "2027-01-15T08:00:00.001000Z");
    EXPECT_EQ(lease_of(Value()), LeaseRecord());
}

}  // namespace
}  // namespace gk::wire::kubernetes
