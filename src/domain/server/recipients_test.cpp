#include "domain/server/recipients.hpp"

#include <gtest/gtest.h>

namespace gk::server {
namespace {

TEST(Recipients, OnlyPlainAddressesAreAddresses) {
    for (const auto* good : {"a@b", "anna@castle.example", "anna+gk@mail.castle.example", "o'neil@castle.example"})
        EXPECT_TRUE(is_mail_address(good)) << good;
    for (const auto* bad : {"", "anna", "@castle", "anna@", "a@b@c", "anna@castle\r\nBcc: x@y", "<anna@castle>", "anna castle@x",
                            "anna@castle,ben@castle", "größe@castle.example", "\"a b\"@castle"})
        EXPECT_FALSE(is_mail_address(bad)) << bad;
    EXPECT_FALSE(is_mail_address(std::string(250, 'a') + "@b.example"));
}

TEST(Recipients, WhatIsNoAddressIsNamedWithItsPlace) {
    Errors errors;
    Recipient recipient;
    EXPECT_FALSE(decode(Value("anna"), "/notify/1", errors, recipient));
    ASSERT_EQ(errors.list().size(), 1U);
    EXPECT_EQ(errors.list()[0].pointer, "/notify/1");
    EXPECT_EQ(errors.list()[0].detail, "'anna' is no mail address: write one such as anna@castle.example");
    EXPECT_TRUE(decode(Value("anna@castle.example"), "", errors, recipient));
    EXPECT_EQ(recipient.address, "anna@castle.example");
}

}  // namespace
}  // namespace gk::server
