#include "domain/ports/choice.hpp"

#include <set>

#include <gtest/gtest.h>

namespace gk {
namespace {

constexpr PortRange ten{.first = Port{30000}, .last = Port{30009}};
const PortQuestion nobody = [](Protocol, Port) { return false; };

PortQuestion only(std::set<int> numbers, Protocol protocol) {
    return [=](Protocol asked, Port port) { return asked == protocol && numbers.contains(std::to_underlying(port)); };
}

std::vector<int> numbers(const Result<std::vector<server::PortBinding>, PortShortage>& chosen) {
    std::vector<int> all;
    if (!chosen) return {-1};
    for (const auto& binding : *chosen) all.push_back(std::to_underlying(binding.open));
    return all;
}

TEST(PortChoice, TakesTheLowestFreeNumbers) {
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true}, {.role = "web", .tcp = true}};

    const auto chosen = choose_ports(ten, wishes, only({30000, 30002}, Protocol::udp), nobody);

    EXPECT_EQ(numbers(chosen), (std::vector{30001, 30000}));
}

TEST(PortChoice, GivesBothProtocolsTheSameNumber) {
    const std::vector<PortWish> wishes = {{.role = "game", .tcp = true, .udp = true}};

    const auto chosen = choose_ports(ten, wishes, only({30000}, Protocol::tcp), only({30001}, Protocol::udp));

    ASSERT_EQ(numbers(chosen), (std::vector{30002, 30002}));
    EXPECT_EQ(chosen->front().protocol, Protocol::tcp);
    EXPECT_EQ(chosen->back().protocol, Protocol::udp);
}

TEST(PortChoice, KeepsTheDistancesOfAGroup) {
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true, .group = 1, .offset = 0},
                                          {.role = "rcon", .tcp = true, .internal = true},
                                          {.role = "query", .udp = true, .group = 1, .offset = 1}};

    const auto chosen = choose_ports(ten, wishes, only({30001}, Protocol::udp), nobody);

    ASSERT_EQ(numbers(chosen), (std::vector{30002, 30003, 30000}));
    EXPECT_TRUE(chosen->back().internal);
}

TEST(PortChoice, NeverGivesTwoWishesOneNumber) {
    const std::vector<PortWish> wishes(10, PortWish{.role = "game", .udp = true});

    const auto chosen = choose_ports(ten, wishes, nobody, nobody);

    const auto all = numbers(chosen);
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), 10u);
}

TEST(PortChoice, SaysWithNumbersWhyNothingIsLeft) {
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true}};
    const auto reserved = only({30000, 30001, 30002, 30003, 30004, 30005, 30006, 30007}, Protocol::udp);

    const auto chosen = choose_ports(ten, wishes, reserved, only({30008, 30009}, Protocol::udp));

    ASSERT_FALSE(chosen);
    EXPECT_NE(chosen.error().detail.find("for game in the range 30000-30009: of 10 numbers 8 are reserved"), std::string::npos)
        << chosen.error().detail;
    EXPECT_NE(chosen.error().detail.find("2 are used by other programs"), std::string::npos);
}

TEST(PortChoice, KeepsAGroupWithinTheRange) {
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true, .group = 1}, {.role = "far", .udp = true, .group = 1, .offset = 10}};

    EXPECT_FALSE(choose_ports(ten, wishes, nobody, nobody));
}

}  // namespace
}  // namespace gk
