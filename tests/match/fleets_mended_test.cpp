// What the simulator of matchmaking found in fleets (tests/sim/match/README.md), each as the shortest story in which it shows.

#include <algorithm>

#include "async/wait_queue.hpp"
#include "tests/match/fleets_rig.hpp"

namespace gk::app {
namespace {

// Another store, whose writes of servers wait as long as a test says.
class HeldStore final : public FleetStore {
public:
    explicit HeldStore(FleetStore& inner) : inner_(inner) {}

    void hold() { is_held_ = true; }
    void let_go() {
        is_held_ = false;
        changed_.wake_all();
    }

    Answer<Success> put(fleet::Fleet fleet) override { return inner_.put(std::move(fleet)); }
    Answer<Success> remove_fleet(std::string name) override { return inner_.remove_fleet(std::move(name)); }
    Answer<std::vector<fleet::Fleet>> fleets() override { return inner_.fleets(); }
    Answer<Success> put(FleetServer server, Epoch by) override {
        while (is_held_) co_await changed_.wait();
        co_return co_await inner_.put(std::move(server), by);
    }
    Answer<Success> remove(ServerUid server, Epoch by) override { return inner_.remove(server, by); }
    Answer<std::vector<FleetServer>> servers() override { return inner_.servers(); }
    std::shared_ptr<void> watch(std::function<void()> changed) override { return inner_.watch(std::move(changed)); }

private:
    FleetStore& inner_;
    bool is_held_ = false;
    async::WaitQueue changed_;
};

class FleetsMendedTest : public FleetsRig {
protected:
    void begin_with_held() {
        fleets = std::make_unique<Fleets>(io.get_executor(), Fleets::Ports{held, arena, clock, starter});
        tasks.spawn("fleets", fleets->work(shift));
        settle();
    }
    using Taken = std::optional<Result<std::optional<match::MatchServer>, MatchServers::Refusal>>;
    static Task<void> note_taken(MatchServers::Answer<std::optional<match::MatchServer>> taking, std::shared_ptr<Taken> out) {
        out->emplace(co_await std::move(taking));
    }
    std::shared_ptr<Taken> begin_to_take(const match::Match& match) {
        auto out = std::make_shared<Taken>();
        auto taking = fleets->take(match, queue("duels"));
        tasks.spawn("take", note_taken(std::move(taking), out));
        settle();
        return out;
    }

    HeldStore held{store};
};

// It was stored once more behind its removal, and its slot was given away twice (seed 200).
TEST_F(FleetsMendedTest, AServerThatEndsWhileItIsHandedOutIsNotStoredBehindItsRemoval) {
    begin_with_held();
    put(1, 2);
    const auto first = arena.games.begin()->first;
    held.hold();
    const auto taken = begin_to_take(new_match());
    ASSERT_FALSE(*taken);

    arena.become(first, Seen::Process::exited);
    settle();
    held.let_go();
    settle();

    ASSERT_TRUE(*taken);
    EXPECT_FALSE(arena.games.contains(first));
    const auto left = wait(store.servers()).value();
    EXPECT_TRUE(std::ranges::none_of(left, [&](const FleetServer& server) { return server.uid == first; }));
}

// It asked for the next one, and the next, for ever.
TEST_F(FleetsMendedTest, WhoIsSupersededHandsOutNothingAndAsksForNoOtherServer) {
    begin_with_held();
    put(2, 2);
    matches->epoch = Epoch{2};

    const auto taken = begin_to_take(new_match());

    ASSERT_TRUE(*taken);
    ASSERT_FALSE(**taken);
    EXPECT_EQ((**taken).error().code, "not_stored");
    EXPECT_TRUE(shift.is_over());
}

}  // namespace
}  // namespace gk::app
