#include "domain/vault/recovery_key.hpp"

#include <random>

#include <gtest/gtest.h>

namespace gk::vault {
namespace {

RecoveryKeyBits random_bits(std::mt19937& random) {
    RecoveryKeyBits bits{};
    for (auto& byte : bits) byte = static_cast<std::byte>(random());
    return bits;
}

TEST(RecoveryKey, IsEightGroupsOfFive) {
    const auto text = recovery_key_text(RecoveryKeyBits{}).reveal();
    EXPECT_EQ(text.size(), 8u * 5 + 7);
    for (std::size_t i = 5; i < text.size(); i += 6) EXPECT_EQ(text[i], '-');
}

TEST(RecoveryKey, IsReadBackHoweverItIsTyped) {
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) {
        const auto key = recovery_key_text(random_bits(random));
        std::string typed = "  ";
        for (char c : key.reveal()) {
            if (c == '-') c = random() % 2 == 0 ? ' ' : '\n';
            if (c == '1') c = random() % 2 == 0 ? 'l' : 'I';
            if (c == '0') c = 'o';
            typed += static_cast<char>(random() % 2 == 0 ? std::tolower(c) : c);
        }
        EXPECT_EQ(parse_recovery_key(typed), key);
    }
}

TEST(RecoveryKey, EveryWrongCharacterIsFound) {
    std::mt19937 random(2);
    const auto key = recovery_key_text(random_bits(random)).reveal();
    for (std::size_t i = 0; i < key.size(); ++i) {
        for (const char c : std::string_view("0123456789ABCDEFGHJKMNPQRSTVWXYZ")) {
            auto wrong = key;
            wrong[i] = c;
            if (key[i] != '-' && c != key[i]) EXPECT_FALSE(parse_recovery_key(wrong)) << wrong;
        }
    }
}

TEST(RecoveryKey, WhatIsNoKeyIsRefused) {
    const auto key = recovery_key_text(RecoveryKeyBits{}).reveal();
    for (const auto& text : {std::string(), key.substr(1), key + "0", "U" + key.substr(1), std::string("please")}) {
        EXPECT_FALSE(parse_recovery_key(text)) << text;
    }
}

}  // namespace
}  // namespace gk::vault
