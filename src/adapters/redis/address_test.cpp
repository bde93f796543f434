#include "adapters/redis/address.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gk::redis {
namespace {

TEST(RedisAddress, SaysHostPortUserAndNumber) {
    const std::pair<std::string, std::string> table[] = {
        {"redis://cache", "cache 6379 default 0 plain"},      {"redis://cache/", "cache 6379 default 0 plain"},
        {"redis://gk@cache:7000/3", "cache 7000 gk 3 plain"}, {"rediss://[::1]:7000", "::1 7000 default 0 tls"},
        {"rediss://[::1]", "::1 6379 default 0 tls"},
    };
    for (const auto& [text, wanted] : table) {
        const auto address = parse_address(text);
        ASSERT_TRUE(address) << text;
        const auto& remote = address->remote;
        EXPECT_EQ(fmt::format("{} {} {} {} {}", remote.host, remote.port, address->user, address->database, remote.is_tls ? "tls" : "plain"), wanted);
    }
    EXPECT_EQ(parse_address("unix:/run/redis.sock")->remote.unix_path, "/run/redis.sock");
}

TEST(RedisAddress, SaysWhatIsWrong) {
    for (const auto* text : {"cache:6379", "http://cache", "redis://", "redis://cache/x", "redis://cache:port", "redis://cache/-1"}) {
        const auto address = parse_address(text);
        ASSERT_FALSE(address) << text;
        EXPECT_NE(address.error().find(text), std::string::npos) << address.error();
    }
    const auto with_password = parse_address("redis://gk:geheim@cache");
    ASSERT_FALSE(with_password);
    EXPECT_EQ(with_password.error().find("geheim"), std::string::npos) << "what is secret is not shown again";
}

}  // namespace
}  // namespace gk::redis
