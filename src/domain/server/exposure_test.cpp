#include "domain/server/exposure.hpp"

#include <gtest/gtest.h>

namespace gk::server {
namespace {

std::string wrong_with(const Exposure& exposure) {
    Errors errors;
    check(exposure, "/exposure", errors);
    return errors.empty() ? std::string() : errors.list().front().pointer;
}

TEST(Exposure, IsReadAsItWasWritten) {
    const Exposure exposure{.kind = Exposure::Kind::load_balancer, .address = "a.example", .dns_label = "castle", .static_address = "192.0.2.1"};

    Errors errors;
    Exposure read;
    ASSERT_TRUE(decode(to_value(exposure), "", errors, read));

    EXPECT_EQ(read, exposure);
}

TEST(Exposure, OnlyAPortOfTheNodeIsPartOfThePod) {
    using enum Exposure::Kind;
    const auto way = [](Exposure::Kind kind) { return std::optional(Exposure{.kind = kind, .address = {}, .dns_label = {}, .static_address = {}}); };
    for (const auto kind : {node_port, load_balancer, internal}) {
        EXPECT_FALSE(needs_restart(std::nullopt, way(kind))) << name_of(kind);
        EXPECT_TRUE(needs_restart(way(host_port), way(kind))) << name_of(kind);
        EXPECT_TRUE(needs_restart(way(kind), way(host_port))) << name_of(kind);
    }
    EXPECT_FALSE(needs_restart(way(host_port), way(host_port)));
}

TEST(Exposure, RefusesWhatCannotBe) {
    using enum Exposure::Kind;
    struct Row {
        Exposure exposure;
        std::string pointer;  // Empty: all is well.
    };
    const Row rows[] = {
        {{}, ""},
        {{.kind = internal, .address = "play.example.org"}, ""},
        {{.address = "2001:db8::1"}, ""},
        {{.address = "a b"}, "/exposure/address"},
        {{.address = std::string(254, 'a')}, "/exposure/address"},
        {{.dns_label = "castle"}, "/exposure/dns_label"},
        {{.kind = host_port, .static_address = "192.0.2.1"}, "/exposure/static_address"},
        {{.kind = load_balancer, .dns_label = "castle-1", .static_address = "192.0.2.1"}, ""},
        {{.kind = load_balancer, .dns_label = "Castle"}, "/exposure/dns_label"},
        {{.kind = load_balancer, .dns_label = "1st"}, "/exposure/dns_label"},
        {{.kind = load_balancer, .dns_label = "castle-"}, "/exposure/dns_label"},
        {{.kind = load_balancer, .dns_label = "ab"}, "/exposure/dns_label"},
    };
    for (const auto& row : rows) EXPECT_EQ(wrong_with(row.exposure), row.pointer) << name_of(row.exposure.kind) << " " << row.exposure.dns_label;
}

}  // namespace
}  // namespace gk::server
