#include <set>

#include "tests/contract/stores.hpp"

namespace gk::contract {
namespace {

using namespace std::chrono_literals;

class PortMapContract : public StoresTest {};
INSTANTIATE_TEST_SUITE_P(Stores, PortMapContract, testing::ValuesIn(all_stores()), name_of_case);

PortOwner owner(std::uint8_t number) {
    PortOwner out;
    out.uid = numbered<ServerUid>(number);
    return out;
}

const std::vector<PortWish> one_game = {{.role = "game", .udp = true}};

TEST_P(PortMapContract, GivesDifferentServersDifferentPorts) {
    const auto first = wait(ports().reserve(owner(1), one_game, {}));
    const auto second = wait(ports().reserve(owner(2), one_game, {}));

    ASSERT_TRUE(first && second);
    EXPECT_NE(first->front().open, second->front().open);
    EXPECT_EQ(wait(ports().list())->size(), 2u);
}

TEST_P(PortMapContract, GivesAServerTheSamePortsAgain) {
    const std::vector<PortWish> wishes = {{.role = "game", .tcp = true, .udp = true, .group = 1},
                                          {.role = "query", .udp = true, .group = 1, .offset = 1},
                                          {.role = "rcon", .tcp = true, .internal = true}};

    const auto first = wait(ports().reserve(owner(1), wishes, {}));
    const auto again = wait(ports().reserve(owner(1), wishes, {}));

    ASSERT_TRUE(first && again);
    EXPECT_EQ(*first, *again);
    EXPECT_EQ(first->size(), 4u);
}

TEST_P(PortMapContract, KeepsThePortsOfARecordAcrossARestart) {
    auto record = record_named("alpha", 1);
    record.ports = *wait(ports().reserve({.uid = record.uid}, one_game, {}));
    ASSERT_TRUE(wait(servers().create(record)));

    restart();

    EXPECT_EQ(wait(ports().list())->size(), 1u);
    EXPECT_EQ(*wait(ports().reserve({.uid = record.uid}, one_game, {})), record.ports);
    EXPECT_NE(wait(ports().reserve(owner(2), one_game, {}))->front().open, record.ports.front().open);
}

TEST_P(PortMapContract, ForgetsAtARestartWhatNoRecordHolds) {
    const auto before = wait(ports().reserve(owner(1), one_game, {}));

    restart();

    EXPECT_TRUE(wait(ports().list())->empty());
    EXPECT_EQ(wait(ports().reserve(owner(2), one_game, {}))->front().open, before->front().open) << "nobody was ever told of it";
}

TEST_P(PortMapContract, LetsAReleasedPortRestForAMinute) {
    const auto before = wait(ports().reserve(owner(1), one_game, {}));
    ASSERT_TRUE(wait(ports().release(numbered<ServerUid>(1))));
    EXPECT_TRUE(wait(ports().list())->empty());

    clock_.advance(59'999ms);
    const auto during = wait(ports().reserve(owner(2), one_game, {}));
    clock_.advance(1ms);
    const auto after = wait(ports().reserve(owner(3), one_game, {}));

    EXPECT_NE(during->front().open, before->front().open);
    EXPECT_EQ(after->front().open, before->front().open);
}

TEST_P(PortMapContract, GivesAReleasedServerOtherPortsWhenItComesBackSoon) {
    const auto before = wait(ports().reserve(owner(1), one_game, {}));
    ASSERT_TRUE(wait(ports().release(numbered<ServerUid>(1))));

    const auto after = wait(ports().reserve(owner(1), one_game, {}));

    EXPECT_NE(after->front().open, before->front().open);
}

TEST_P(PortMapContract, RemembersTheRestAcrossARestart) {
    const auto before = wait(ports().reserve(owner(1), one_game, {}));
    ASSERT_TRUE(wait(ports().release(numbered<ServerUid>(1))));

    restart();

    EXPECT_NE(wait(ports().reserve(owner(2), one_game, {}))->front().open, before->front().open);

    clock_.advance(60s);
    ASSERT_TRUE(wait(ports().release(numbered<ServerUid>(2))));
    restart();
    EXPECT_EQ(wait(ports().reserve(owner(3), one_game, {}))->front().open, before->front().open) << "it has rested";
}

TEST_P(PortMapContract, GivesBackWhatAServerHadBeforeWhenAllOfItIsFree) {
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true}, {.role = "query", .tcp = true, .udp = true}};
    const std::vector<server::PortBinding> before = {
        {.role = "game", .protocol = Protocol::udp, .open = Port{30040}, .bound = Port{30040}, .internal = false},
        {.role = "query", .protocol = Protocol::tcp, .open = Port{30041}, .bound = Port{30041}, .internal = false},
        {.role = "query", .protocol = Protocol::udp, .open = Port{30041}, .bound = Port{30041}, .internal = false}};
    auto of_another_game = before;
    of_another_game.pop_back();

    const auto first = wait(ports().reserve(owner(1), wishes, before));
    const auto second = wait(ports().reserve(owner(2), wishes, before));
    const auto third = wait(ports().reserve(owner(3), wishes, of_another_game));

    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(*first, before);
    EXPECT_EQ(second->front().open, Port{30000}) << "they are taken";
    EXPECT_EQ(third->size(), 3u) << "they are not what this game wishes";
}

TEST_P(PortMapContract, PassesOverPortsOfOtherPrograms) {
    make({.range = {.first = Port{30000}, .last = Port{30003}}, .foreign = [](Protocol, Port port) { return port != Port{30002}; }});

    const auto chosen = wait(ports().reserve(owner(1), one_game, {}));

    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->front().open, Port{30002});
}

TEST_P(PortMapContract, GivesAllOrNothingAndSaysWhy) {
    make({.range = {.first = Port{30000}, .last = Port{30001}}});
    const std::vector<PortWish> three(3, PortWish{.role = "game", .udp = true});

    const auto refused = wait(ports().reserve(owner(1), three, {}));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, PortMapError::Kind::exhausted);
    EXPECT_NE(refused.error().detail.find("30000-30001"), std::string::npos);
    EXPECT_TRUE(wait(ports().list())->empty());
    EXPECT_TRUE(wait(ports().reserve(owner(2), one_game, {})));
}

TEST_P(PortMapContract, AllowsOneNumberForTwoProtocols) {
    make({.range = {.first = Port{30000}, .last = Port{30000}}});
    const std::vector<PortWish> web = {{.role = "web", .tcp = true}};

    EXPECT_TRUE(wait(ports().reserve(owner(1), one_game, {})));
    EXPECT_TRUE(wait(ports().reserve(owner(2), web, {})));
    EXPECT_FALSE(wait(ports().reserve(owner(3), web, {})));
}

// Invariant I8: a port belongs to at most one living server, and rests before it is given away again.
TEST_P(PortMapContract, NeverGivesAPortTwiceInManyCycles) {
    const int cycles = GetParam().name == "memory" ? 100'000 : 1'000;
    std::map<ServerUid, Port> held;
    std::map<Port, Time> released;
    const server::Version first_version{"1"};
    std::uint64_t dice = 1;
    int refused = 0;

    for (int i = 0; i < cycles; ++i) {
        dice = dice * 6364136223846793005U + 1442695040888963407U;
        const auto number = static_cast<std::uint8_t>((dice >> 33) % 60);
        const auto server = numbered<ServerUid>(number);
        if (const auto mine = held.find(server); mine != held.end()) {
            ASSERT_TRUE(wait(ports().release(server)));
            ASSERT_TRUE(wait(servers().remove(server, first_version)));
            released[mine->second] = clock_.now();
            held.erase(mine);
        } else if (const auto given = wait(ports().reserve({.uid = server}, one_game, {})); given) {
            const auto port = given->front().open;
            for (const auto& [other, theirs] : held) ASSERT_NE(theirs, port) << "cycle " << i;
            if (const auto at = released.find(port); at != released.end()) ASSERT_GE(clock_.now() - at->second, 60s) << "cycle " << i;
            held[server] = port;
            auto record = record_named(std::to_string(number), number);
            record.ports = *given;
            ASSERT_EQ(wait(servers().create(record)), first_version);
        } else {
            ++refused;
        }
        clock_.advance(1500ms);
        if (i % (cycles / 10) == 0) restart();
    }
    EXPECT_LT(refused, cycles / 2);
}

}  // namespace
}  // namespace gk::contract
