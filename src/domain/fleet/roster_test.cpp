// Plans are made from orders that follow each change. Here every rule is read again, by a walk over all servers, and must come to the same.
#include "domain/fleet/roster.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace gk::fleet {
namespace {
using namespace std::chrono_literals;

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

ServerUid uid_of(std::uint32_t number) {
    UuidBits bits{};
    bits[0] = static_cast<std::uint8_t>(number * 37);  // Not in the order of their coming.
    bits[1] = static_cast<std::uint8_t>(number >> 8);
    bits[2] = static_cast<std::uint8_t>(number);
    return ServerUid(bits);
}

// What stands in the rules, for each server by itself.
struct Slow {
    const Fleet& fleet;
    const std::map<ServerUid, Server>& servers;
    std::uint32_t beginning;
    Time now;

    bool is_silent(const Server& server, Milliseconds time) const { return server.silent_since && *server.silent_since + time <= now; }
    bool is_old(const Server& server) const { return server.generation != fleet.generation; }
    bool is_useless(const Server& server) const {
        if (server.state == ServerState::ready) return is_silent(server, replaced_after);
        return server.state == ServerState::starting && (is_old(server) || server.since + fleet.start_limit <= now);
    }
    template <class Wanted>
    std::uint32_t count(Wanted wanted) const {
        return static_cast<std::uint32_t>(std::ranges::count_if(servers, [&](const auto& one) { return wanted(one.second); }));
    }
    std::uint32_t ready() const {
        return count([&](const Server& s) { return s.state == ServerState::ready && !is_old(s) && !is_silent(s, silent_after); });
    }
    std::uint32_t starting() const {
        return beginning + count([&](const Server& s) { return s.state == ServerState::starting && !is_useless(s); });
    }
    std::uint32_t all() const { return static_cast<std::uint32_t>(servers.size()) + beginning; }

    std::vector<ServerUid> newest(bool old, std::size_t most) const {
        std::vector<const Server*> found;
        for (const auto& [uid, server] : servers) {
            if (server.state == ServerState::ready && is_old(server) == old && !is_useless(server)) found.push_back(&server);
        }
        std::ranges::sort(found, [](const Server* a, const Server* b) { return std::pair(b->since, b->uid) < std::pair(a->since, a->uid); });
        std::vector<ServerUid> out;
        for (std::size_t i = 0; i < std::min(most, found.size()); ++i) out.push_back(found[i]->uid);
        return out;
    }
    std::vector<ServerUid> stop() const {
        std::vector<ServerUid> out;
        for (const auto& [uid, server] : servers) {
            if (is_useless(server)) out.push_back(uid);
        }
        const auto wanted = fleet.ready;
        const bool is_full = all() >= fleet.most && ready() + starting() < wanted;
        const auto room = is_full && starting() == 0 ? std::max(1U, wanted / 4) : 0U;
        std::ranges::copy(newest(true, wanted == 0 ? all() : ready() + room), std::back_inserter(out));
        std::ranges::copy(newest(false, ready() > wanted ? ready() - wanted : 0), std::back_inserter(out));
        return out;
    }
    std::uint32_t start() const {
        const auto less = [](std::uint32_t a, std::uint32_t b) { return a > b ? a - b : 0U; };
        return std::min({less(fleet.ready, ready() + starting()), less(fleet.most, all()), less(fleet.starting_most, starting())});
    }
    std::optional<Time> next() const {
        std::vector<Time> due;
        if (beginning > 0) due.push_back(now + fleet.start_limit);
        for (const auto& [uid, server] : servers) {
            if (server.state == ServerState::starting) due.push_back(server.since + fleet.start_limit);
            if (server.state != ServerState::ready || !server.silent_since) continue;
            due.push_back(*server.silent_since + silent_after);
            due.push_back(*server.silent_since + replaced_after);
        }
        std::erase_if(due, [&](Time at) { return at <= now; });
        return due.empty() ? std::nullopt : std::optional(std::ranges::min(due));
    }
    std::optional<ServerUid> oldest() const {
        const Server* best = nullptr;
        for (const auto& [uid, server] : servers) {
            if (server.state != ServerState::ready || server.silent_since) continue;
            if (best == nullptr || std::pair(server.since, uid) < std::pair(best->since, best->uid)) best = &server;
        }
        return best != nullptr ? std::optional(best->uid) : std::nullopt;
    }
};

class Life {
public:
    explicit Life(std::uint64_t seed) : random_(seed) {
        fleet_.start_limit = 45s;
        fleet_.generation = 2;
    }

    void change() {
        now_ += Milliseconds(random_.below(3000));
        if (random_.chance(10)) fleet_.ready = random_.below(20);
        if (random_.chance(10)) fleet_.most = 1 + random_.below(60);
        if (random_.chance(5)) ++fleet_.generation;
        fleet_.starting_most = 1 + random_.below(10);
        beginning_ = random_.below(3);
        const auto uid = uid_of(random_.below(60));
        if (random_.chance(20)) {
            servers_.erase(uid);
            roster_.remove(uid);
            return;
        }
        Server server{.uid = uid,
                      .state = static_cast<ServerState>(random_.below(4)),
                      .generation = fleet_.generation - random_.below(3),
                      .since = now_ - Milliseconds(random_.below(90) * 1000),
                      .silent_since = {}};
        if (random_.chance(30)) server.silent_since = now_ - Milliseconds(random_.below(40) * 1000);
        servers_[uid] = server;
        roster_.put(server);
    }

    void compare() const {
        const Slow slow{fleet_, servers_, beginning_, now_};
        const auto quick = plan(fleet_, roster_, beginning_, {}, now_);
        auto stop = quick.stop;
        auto slow_stop = slow.stop();
        std::ranges::sort(stop);
        std::ranges::sort(slow_stop);
        EXPECT_EQ(stop, slow_stop);
        EXPECT_EQ(quick.start, slow.start());
        EXPECT_EQ(quick.next, slow.next());
        EXPECT_EQ(roster_.oldest_ready(), slow.oldest());
        EXPECT_EQ(roster_.size(), servers_.size());
        for (const auto state : {ServerState::starting, ServerState::ready, ServerState::allocated, ServerState::ending})
            EXPECT_EQ(roster_.count(state), slow.count([&](const Server& server) { return server.state == state; }));
    }

private:
    Random random_;
    Fleet fleet_;
    Roster roster_;
    std::map<ServerUid, Server> servers_;
    std::uint32_t beginning_ = 0;
    Time now_{Milliseconds(1'800'000'000'000)};
};

TEST(Roster, PlansAreThoseOfAWalkOverAllServers) {
    for (std::uint64_t seed = 1; seed <= 200 && !testing::Test::HasFailure(); ++seed) {
        Life life(seed);
        for (int step = 0; step < 200 && !testing::Test::HasFailure(); ++step) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << step);
            life.change();
            life.compare();
        }
    }
}

}  // namespace
}  // namespace gk::fleet
