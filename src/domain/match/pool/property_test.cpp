// What always holds, whatever comes and goes: no match breaks a rule, no set that the rules allow is left waiting, of two that are the same to the
// rules the older one goes first, and the same calls give the same matches. The rules are read again here, slowly and by other means.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/match/pool/pool.hpp"
#include "domain/match/pool/testing.hpp"

namespace gk::match {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint32_t below(std::uint32_t limit) {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>((state_ >> 33) % limit);
    }
    bool chance(std::uint32_t percent) { return below(100) < percent; }

private:
    std::uint64_t state_;
};

// The rules of a case, as plain numbers.
struct Case {
    struct Limits {
        Milliseconds from{};
        std::uint32_t least = 1;
        std::uint32_t most = 1;
        double spread = 0;
        double latency = 0;
    };
    std::uint32_t teams = 1;
    bool has_mode = false;
    bool has_spread = false;
    bool has_latency = false;
    std::optional<Window> window;
    bool is_by_oldest = false;
    std::vector<Limits> limits;
};

Case case_of(Random& random) {
    Case out{.teams = 1 + random.below(3), .has_mode = random.chance(40), .has_spread = random.chance(50), .has_latency = random.chance(30)};
    if (!out.has_spread && random.chance(50)) out.window = Window{.attribute = "skill", .base = 5, .growth = 5, .most = 40.0};
    out.is_by_oldest = random.chance(50);
    const auto most = 1 + random.below(out.teams == 1 ? 5 : 3);
    Case::Limits limits{.from = 0ms, .least = most, .most = most, .spread = 10, .latency = 50};
    out.limits.push_back(limits);
    for (std::uint32_t i = 1; i <= random.below(3); ++i) {
        limits.from += 3s;
        limits.least -= limits.least > 1 && random.chance(50) ? 1 : 0;
        limits.most += random.chance(20) ? 1 : 0;
        limits.spread += random.below(20);
        limits.latency += random.below(50);
        out.limits.push_back(limits);
    }
    if (out.teams * most < 2) out.limits.front().least = out.limits.front().most = 2;
    for (auto& one : out.limits) one.most = std::max(one.most, out.limits.front().most);
    for (auto& one : out.limits) one.least = std::min(one.least, out.limits.front().least);
    return out;
}

std::vector<Stage> stages_of(const Case& wanted) {
    std::vector<Stage> stages;
    for (const auto& limits : wanted.limits) {
        auto rules = rules_of({{.name = "team", .least = limits.least, .most = limits.most, .quantity = wanted.teams}});
        if (wanted.has_mode) rules.rules.push_back(same_mode());
        if (wanted.has_spread) rules.rules.push_back(skill_within(limits.spread));
        if (wanted.has_latency) rules.rules.push_back(latency_at_most(limits.latency));
        if (wanted.window) rules.rules.push_back({.name = "Near", .body = *wanted.window});
        rules.algorithm.expansion_age = wanted.is_by_oldest ? Algorithm::Age::oldest : Algorithm::Age::newest;
        stages.push_back({.from = limits.from, .rules = rules});
    }
    return stages;
}

using Group = std::vector<const Join*>;

bool fit_into_teams(const Group& group, std::size_t next, std::vector<std::uint32_t>& teams, const Case::Limits& limits) {
    if (next == group.size()) return std::ranges::all_of(teams, [&](std::uint32_t players) { return players >= limits.least; });
    for (auto& team : teams) {
        if (team + group[next]->players > limits.most) continue;
        team += group[next]->players;
        const bool fits = fit_into_teams(group, next + 1, teams, limits);
        team -= group[next]->players;
        if (fits) return true;
    }
    return false;
}

double window_of(const Join& join, const Window& window, Milliseconds now) {
    return std::min(window.base + window.growth * static_cast<double>((now - join.at).count()) / 1000, *window.most);
}

bool may_meet(const Join& a, const Join& b, const Case& rules, const Case::Limits& limits, Milliseconds now) {
    const auto distance = std::abs(a.skill - b.skill);
    const auto blocks = [](const Join& who, const Join& whom) { return std::ranges::find(who.blocked, whom.player) != who.blocked.end(); };
    return (!rules.has_mode || a.mode == b.mode) && (!rules.has_spread || distance <= limits.spread) && !blocks(a, b) && !blocks(b, a) &&
           (!rules.window || distance <= std::min(window_of(a, *rules.window, now), window_of(b, *rules.window, now)));
}

// Whether the rules allow this match now.
bool is_allowed(const Group& group, const Case& rules, Milliseconds now) {
    const auto joined = [](const Join* join) { return join->at; };
    const auto age = now - (rules.is_by_oldest ? std::ranges::min(group, {}, joined)->at : std::ranges::max(group, {}, joined)->at);
    auto limits = rules.limits.front();
    for (const auto& one : rules.limits) {
        if (one.from <= age) limits = one;
    }
    for (std::size_t i = 0; i < group.size(); ++i) {
        for (std::size_t j = i + 1; j < group.size(); ++j) {
            if (!may_meet(*group[i], *group[j], rules, limits, now)) return false;
        }
    }
    const auto is_near = [&](const char* region) {
        return std::ranges::all_of(
            group, [&](const Join* join) { return join->latencies.contains(region) && join->latencies.at(region) <= limits.latency; });
    };
    if (rules.has_latency && !is_near("east") && !is_near("west")) return false;
    std::vector<std::uint32_t> teams(rules.teams);
    return fit_into_teams(group, 0, teams, limits);
}

std::string names_of(const Group& group) {
    std::string out;
    for (const auto* join : group) out += join->player + " ";
    return out;
}

// A queue under random calls, with what it should know of who waits.
class World {
public:
    World(std::uint64_t seed, std::uint32_t most)
        : random_(seed),
          rules_(case_of(random_)),
          most_(most),
          pool_(*plain_rules(stages_of(rules_)), {}) {}

    void step() {
        now_ += Milliseconds(random_.below(1500));
        const auto joins = random_.below(5);
        for (std::uint32_t i = 0; i < joins && waiting_.size() < most_; ++i) join();
        if (!waiting_.empty() && random_.chance(20)) cancel();
        pass();
    }
    const std::string& digest() const { return digest_; }

private:
    void join() {
        Join join{.player = std::to_string(next_++), .skill = 1500.0 + random_.below(40), .mode = random_.chance(70) ? "duel" : "race", .at = now_};
        join.players = random_.chance(25) ? std::min(1 + random_.below(3), rules_.limits.front().most) : 1;
        join.latencies = {{"east", 20 + random_.below(80)}, {"west", 20 + random_.below(80)}};
        join.priority = random_.chance(10) ? 1 : 0;
        if (random_.chance(20)) join.at -= Milliseconds(random_.below(4000));  // Back from a match that failed.
        if (random_.chance(15) && next_ > 1) join.blocked.push_back(std::to_string(next_ - 1 - random_.below(std::min(next_, 5U))));
        std::erase(join.blocked, join.player);
        const auto handle = pool_.add(ticket_of(join));
        ASSERT_TRUE(handle) << handle.error();
        waiting_[*handle] = join;
    }
    void cancel() {
        const auto victim = std::next(waiting_.begin(), random_.below(static_cast<std::uint32_t>(waiting_.size())));
        pool_.remove(victim->first);
        waiting_.erase(victim);
    }
    void pass() {
        const auto proposals = pool_.pass(start + now_);
        for (const auto& proposal : proposals) check(proposal);
        check_nothing_is_left();
        for (const auto& proposal : proposals) settle(proposal);
        ASSERT_EQ(pool_.waiting(), waiting_.size());
    }
    void check(const Proposal& proposal) {
        Group group;
        std::vector<std::uint32_t> teams(rules_.teams);
        for (const auto& [handle, team] : proposal.placed) {
            ASSERT_TRUE(waiting_.contains(handle)) << "proposed twice, or gone";
            taken_[handle] = waiting_.at(handle);
            waiting_.erase(handle);
            group.push_back(&taken_.at(handle));
            teams[team] += group.back()->players;
        }
        for (const auto players : teams) ASSERT_TRUE(players >= rules_.limits.back().least && players <= rules_.limits.back().most);
        digest_ += names_of(group) + "| ";
        ASSERT_TRUE(is_allowed(group, rules_, now_)) << names_of(group);
    }
    void check_nothing_is_left() {
        std::vector<const Join*> left;
        for (const auto& [handle, join] : waiting_) left.push_back(&join);
        for (std::uint32_t set = 1; set < 1U << left.size(); ++set) {
            Group group;
            for (std::size_t i = 0; i < left.size(); ++i) {
                if ((set >> i & 1U) != 0) group.push_back(left[i]);
            }
            ASSERT_FALSE(is_allowed(group, rules_, now_)) << "left waiting: " << names_of(group);
        }
        for (const auto* old : left) {
            for (const auto& [handle, young] : taken_) ASSERT_FALSE(is_passed_over(*old, young)) << old->player << " by " << young.player;
        }
    }
    static bool is_passed_over(const Join& old, const Join& young) {
        return old.at < young.at && old.skill == young.skill && old.mode == young.mode && old.players == young.players &&
               old.priority == young.priority && old.latencies == young.latencies && old.blocked.empty() && young.blocked.empty();
    }
    // The store takes a match, or refuses it; then some of its tickets are gone and the others wait again.
    void settle(const Proposal& proposal) {
        const bool is_refused = random_.chance(20);
        for (const auto& [handle, team] : proposal.placed) {
            if (is_refused && random_.chance(70)) {
                pool_.release(handle);
                waiting_[handle] = taken_.at(handle);
            } else {
                pool_.remove(handle);
            }
            taken_.erase(handle);
        }
    }

    Random random_;
    Case rules_;
    std::size_t most_;
    Pool pool_;
    Milliseconds now_{};
    std::uint32_t next_ = 0;
    std::map<Handle, Join> waiting_;
    std::map<Handle, Join> taken_;
    std::string digest_;
};

TEST(PoolProperties, HoldForRandomRulesAndTickets) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed, 8);
        for (int i = 0; i < 25 && !HasFatalFailure(); ++i) world.step();
        ASSERT_FALSE(HasFatalFailure());
    }
}

TEST(PoolProperties, TheSameCallsGiveTheSameMatches) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World first(seed, 8);
        World second(seed, 8);
        for (int i = 0; i < 20; ++i) first.step();
        for (int i = 0; i < 20; ++i) second.step();
        EXPECT_EQ(first.digest(), second.digest());
    }
}

// Written down once: it is the same on every machine, and changes only with what the engine decides.
TEST(PoolProperties, TheMatchesAreThoseThatAreWrittenDown) {
    std::string digests;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        World world(seed, 8);
        for (int i = 0; i < 20; ++i) world.step();
        digests += world.digest();
    }

    EXPECT_EQ(hash_of(digests, 0), 617538741884879772ULL);
}

}  // namespace
}  // namespace gk::match
