#include "adapters/mail/account.hpp"

#include <gtest/gtest.h>

namespace gk::mail {
namespace {

TEST(MailPlace, IsAHostAndPerhapsAPort) {
    const auto bare = parse_place("mail.castle.example");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->host, "mail.castle.example");
    EXPECT_EQ(bare->port, std::nullopt);
    EXPECT_EQ(parse_place("mail.castle.example:2525")->port, 2525);
    const auto address = parse_place("[2001:db8::1]:25");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->host, "2001:db8::1");
    EXPECT_EQ(address->port, 25);
}

TEST(MailPlace, NothingElseIs) {
    for (const auto* bad : {"", ":25", "mail:", "mail:0", "mail:70000", "mail:25x", "smtp://mail", "mail/x", "user@mail", "2001:db8::1",
                            "[2001:db8::1", "[]:25", "mail\r\n"})
        EXPECT_FALSE(parse_place(bad)) << bad;
}

TEST(MailPlace, PortsAreThoseOfTheKindOfConnection) {
    EXPECT_EQ(usual_port(Security::starttls), 587);
    EXPECT_EQ(usual_port(Security::implicit), 465);
    EXPECT_EQ(usual_port(Security::none), 25);
}

}  // namespace
}  // namespace gk::mail
