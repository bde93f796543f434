#include "adapters/kubernetes/store/server_index.hpp"

#include <gtest/gtest.h>

#include "adapters/kubernetes/objects/game_server.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::ObjectKey;
using wire::kubernetes::ObjectPtr;

const ObjectKey castle_key{.space = "default", .name = "castle"};

server::Record record_of_number(std::uint8_t number) {
    server::Record record;
    record.uid = ServerUid(uuid_from_random({number}));
    record.id = "castle";
    record.game = "toy";
    record.package = "small";
    return record;
}

// The object with that uid of the cluster, at that version; a record only when a number is given.
ObjectPtr object(std::string uid, std::string version, std::optional<std::uint8_t> number = {}) {
    const auto record = record_of_number(number.value_or(0));
    auto out = game_server_for(record);
    auto metadata = *out.find("metadata");
    metadata.set("uid", std::move(uid));
    metadata.set("resourceVersion", std::move(version));
    out.set("metadata", std::move(metadata));
    if (number) out.set("status", status_of({}, record, Time()));
    return std::make_shared<const Value>(std::move(out));
}

TEST(ServerIndex, KnowsWhereAServerLives) {
    ServerIndex index;
    const auto uid = record_of_number(1).uid;

    EXPECT_EQ(index.saw({.key = castle_key, .before = nullptr, .after = object("a", "1", 1)}), std::vector{uid});

    EXPECT_EQ(index.key_of(uid), castle_key);
    EXPECT_EQ(index.saw({.key = castle_key, .before = object("a", "1", 1), .after = nullptr}), std::vector{uid});
    EXPECT_FALSE(index.key_of(uid));
}

TEST(ServerIndex, OurOwnWriteIsNotUndoneByOldNews) {
    ServerIndex index;
    index.saw({.key = castle_key, .before = nullptr, .after = object("a", "5", 1)});
    EXPECT_TRUE(index.wrote(object("a", "9", 1)));

    EXPECT_TRUE(index.saw({.key = castle_key, .before = object("a", "5", 1), .after = object("a", "7", 1)}).empty());
    EXPECT_EQ(index.find(castle_key)->record->version.text, "9");
    EXPECT_TRUE(index.saw({.key = castle_key, .before = object("a", "7", 1), .after = object("a", "9", 1)}).empty()) << "known already";
    EXPECT_FALSE(index.wrote(object("a", "9", 1)));
    EXPECT_EQ(index.saw({.key = castle_key, .before = object("a", "9", 1), .after = object("a", "10", 1)}).size(), 1U);
}

TEST(ServerIndex, WhatWeTookAwayDoesNotComeBack) {
    ServerIndex index;
    index.saw({.key = castle_key, .before = nullptr, .after = object("a", "5", 1)});
    index.removed(castle_key, "a");

    EXPECT_TRUE(index.saw({.key = castle_key, .before = object("a", "5", 1), .after = object("a", "6", 1)}).empty());
    EXPECT_EQ(index.find(castle_key), nullptr);

    EXPECT_TRUE(index.wrote(object("b", "8", 2))) << "the name is free again";
    EXPECT_TRUE(index.saw({.key = castle_key, .before = object("a", "6", 1), .after = nullptr}).empty());
    EXPECT_EQ(index.key_of(record_of_number(2).uid), castle_key);
}

TEST(ServerIndex, ANameThatPassesToAnotherServerConcernsBoth) {
    ServerIndex index;
    index.saw({.key = castle_key, .before = nullptr, .after = object("a", "5", 1)});

    const auto concerned = index.saw({.key = castle_key, .before = object("a", "5", 1), .after = object("b", "8", 2)});

    EXPECT_EQ(concerned, (std::vector{record_of_number(1).uid, record_of_number(2).uid}));
    EXPECT_FALSE(index.key_of(record_of_number(1).uid));
}

}  // namespace
}  // namespace gk::kubernetes
