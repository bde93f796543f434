#include "launcher/rules/firewall.hpp"

#include <gtest/gtest.h>

namespace gk::launcher {
namespace {

Options example() {
    Options options;
    options.uid_base = 600'000;
    options.uid_count = 100;
    options.closed_ports = {Port{8080}};
    return options;
}

TEST(FirewallRules, CloseMetadataApiAndForeignAdminPorts) {
    const Closed closed = {.ports = {{600'005, Port{28'000}}}, .addresses = {600'005, 600'300}};

    EXPECT_EQ(firewall_rules(Family::ipv4, example(), closed, false),
              "*filter\n"
              ":GK-600000 - [0:0]\n"
              "-A GK-600000 -d 169.254.169.254/32 -j REJECT\n"
              "-A GK-600000 -o lo -p tcp -m tcp --dport 8080 -j REJECT\n"
              "-A GK-600000 -o lo -p tcp -m tcp --dport 28000 -m owner ! --uid-owner 600005 -j REJECT\n"
              "-A GK-600000 -d 127.71.0.5/32 -m owner ! --uid-owner 600005 -j REJECT\n"
              "-A GK-600000 -d 127.71.1.44/32 -m owner ! --uid-owner 600300 -j REJECT\n"
              "-A OUTPUT -m owner --uid-owner 600000-600099 -j GK-600000\n"
              "COMMIT\n");
}

TEST(FirewallRules, KeepTheJumpThatIsThere) {
    const auto rules = firewall_rules(Family::ipv6, example(), {.ports = {}, .addresses = {600'005}}, true);
    EXPECT_EQ(rules.find("127.71"), std::string::npos) << "of IPv4";
    EXPECT_EQ(rules.find("OUTPUT"), std::string::npos);
    EXPECT_NE(rules.find("-d fd00:ec2::254/128 -j REJECT"), std::string::npos);
}

TEST(FirewallRules, GoAsTheyCame) {
    EXPECT_EQ(no_firewall_rules(example()),
              "*filter\n"
              ":GK-600000 - [0:0]\n"
              "-D OUTPUT -m owner --uid-owner 600000-600099 -j GK-600000\n"
              "-X GK-600000\n"
              "COMMIT\n");
}

}  // namespace
}  // namespace gk::launcher
