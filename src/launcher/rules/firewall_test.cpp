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
    const InternalPorts ports = {{600'005, Port{28'000}}};

    EXPECT_EQ(firewall_rules(Family::ipv4, example(), ports, false),
              "*filter\n"
              ":GK-600000 - [0:0]\n"
              "-A GK-600000 -d 169.254.169.254/32 -j REJECT\n"
              "-A GK-600000 -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 8080 -j REJECT\n"
              "-A GK-600000 -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 28000 -m owner ! --uid-owner 600005 -j REJECT\n"
              "-A OUTPUT -m owner --uid-owner 600000-600099 -j GK-600000\n"
              "COMMIT\n");
}

TEST(FirewallRules, KeepTheJumpThatIsThere) {
    const auto rules = firewall_rules(Family::ipv6, example(), {}, true);
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
