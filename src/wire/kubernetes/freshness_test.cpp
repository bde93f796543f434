#include "wire/kubernetes/freshness.hpp"

#include <gtest/gtest.h>

#include "wire/kubernetes/token_file.hpp"

namespace gk::wire::kubernetes {
namespace {
using namespace std::chrono_literals;

const ObjectKey key{"games", "castle"};

Value object(const char* version, const char* uid = "u1") {
    return Value::object({{"metadata", Value::object({{"resourceVersion", version}, {"uid", uid}})}});
}

TEST(Freshness, WhatNobodyWroteIsFresh) { EXPECT_TRUE(Freshness().is_fresh(key)); }

TEST(Freshness, AWriteIsSeenWithItsVersionOrALaterOne) {
    struct Row {
        const char* shown;
        bool fresh;
    };
    for (const auto& [shown, fresh] :
         {Row{"9", false}, Row{"99", false}, Row{"100", true}, Row{"101", true}, Row{"1000", true}, Row{"x200", false}}) {
        Freshness freshness;
        freshness.wrote(key, "100");
        const auto seen = object(shown);

        freshness.saw(key, &seen, shown);

        EXPECT_EQ(freshness.is_fresh(key), fresh) << shown;
    }
}

TEST(Freshness, OnlyTheLastWriteCounts) {
    Freshness freshness;
    freshness.wrote(key, "100");
    freshness.wrote(key, "120");
    const auto seen = object("110");

    freshness.saw(key, &seen, "130");

    EXPECT_FALSE(freshness.is_fresh(key));
    EXPECT_EQ(freshness.pending(), 1u);
}

TEST(Freshness, AnAbsenceFromBeforeTheWriteIsNoAbsence) {
    Freshness freshness;
    freshness.wrote(key, "100");

    freshness.saw(key, nullptr, "90");
    EXPECT_FALSE(freshness.is_fresh(key));
    freshness.saw(key, nullptr, "101");
    EXPECT_TRUE(freshness.is_fresh(key));
}

TEST(Freshness, ADeletionIsSeenWhenTheObjectIsGoneOrAnother) {
    for (const bool is_replaced : {false, true}) {
        Freshness freshness;
        freshness.removed(key, "u1");
        const auto old = object("101", "u1");
        freshness.saw(key, &old, "101");
        EXPECT_FALSE(freshness.is_fresh(key));

        const auto next = object("102", "u2");
        freshness.saw(key, is_replaced ? &next : nullptr, "102");

        EXPECT_TRUE(freshness.is_fresh(key));
    }
}

TEST(Freshness, AnObjectThatWasMadeAndDeletedIsNotTakenAsGoneBeforeItCame) {
    Freshness freshness;
    freshness.wrote(key, "100");
    freshness.removed(key, "u1");

    freshness.saw(key, nullptr, "90");
    EXPECT_FALSE(freshness.is_fresh(key));
    freshness.saw(key, nullptr, "103");
    EXPECT_TRUE(freshness.is_fresh(key));
}

TEST(Freshness, AListIsLookedThroughForAllThatWaits) {
    Freshness freshness;
    freshness.wrote(key, "100");
    freshness.wrote({"games", "farm"}, "100");
    freshness.wrote({"games", "mine"}, "300");
    Store store;
    store.replace({std::make_shared<const Value>(
        Value::object({{"metadata", Value::object({{"namespace", "games"}, {"name", "castle"}, {"resourceVersion", "100"}})}}))});

    freshness.saw_list(store, "200");

    EXPECT_TRUE(freshness.is_fresh(key));
    EXPECT_TRUE(freshness.is_fresh({"games", "farm"}));
    EXPECT_FALSE(freshness.is_fresh({"games", "mine"}));
}

TEST(Freshness, AReadOfTheObjectItselfIsFresh) {
    Freshness freshness;
    freshness.wrote(key, "opaque");

    freshness.read(key);

    EXPECT_TRUE(freshness.is_fresh(key));
}

TEST(TokenFile, IsReadOnceAMinuteLessAMargin) {
    constexpr Time start{Milliseconds(1'800'000'000'000)};
    TokenFile file;
    EXPECT_TRUE(file.wants_read(start));

    file.read(Secret("one"), start);

    EXPECT_FALSE(file.wants_read(start + 50s - 1ms));
    EXPECT_TRUE(file.wants_read(start + 50s));
    EXPECT_EQ(file.token(), Secret("one"));
    file.read(Secret("two"), start + 50s);
    EXPECT_FALSE(file.wants_read(start + 99s));
    file.refused();
    EXPECT_TRUE(file.wants_read(start + 99s));
    EXPECT_EQ(file.token(), Secret("two"));
}

}  // namespace
}  // namespace gk::wire::kubernetes
