#include "adapters/redis/resp.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gk::redis {
namespace {

using Kind = Reply::Kind;

std::string shown(const Reply& reply) {
    switch (reply.kind) {
    case Kind::text: return "'" + reply.text + "'";
    case Kind::number: return std::to_string(reply.number);
    case Kind::error: return "error " + reply.text;
    case Kind::null: return "null";
    case Kind::list:
    case Kind::push: break;
    }
    std::string all = reply.kind == Kind::push ? "push[" : "[";
    for (const auto& item : reply.items) all += (all.ends_with('[') ? "" : " ") + shown(item);
    return all + "]";
}

std::string read(std::string_view bytes) {
    const auto taken = take_reply(bytes);
    if (!taken) return "wrong: " + taken.error();
    return *taken ? shown(**taken) + (bytes.empty() ? "" : " and more") : "more";
}

TEST(Resp, RepliesOfEveryType) {
    const std::pair<std::string, std::string> table[] = {
        {"+OK\r\n", "'OK'"},
        {"-ERR no such thing\r\n", "error ERR no such thing"},
        {":-12\r\n", "-12"},
        {"$5\r\nhe\r\no\r\n", "'he\r\no'"},
        {"$0\r\n\r\n", "''"},
        {"$-1\r\n", "null"},
        {"*-1\r\n", "null"},
        {"_\r\n", "null"},
        {"#t\r\n", "'t'"},
        {",1.5\r\n", "'1.5'"},
        {"(12345678901234567890\r\n", "'12345678901234567890'"},
        {"!8\r\nERR a\r\nb\r\n", "error ERR a\r\nb"},
        {"=7\r\ntxt:abc\r\n", "'abc'"},
        {"*2\r\n:1\r\n*1\r\n+x\r\n", "[1 ['x']]"},
        {"%1\r\n+key\r\n:7\r\n", "['key' 7]"},
        {"~1\r\n+a\r\n", "['a']"},
        {">2\r\n+message\r\n+hello\r\n", "push['message' 'hello']"},
        {"+OK\r\n+QUEUED\r\n", "'OK' and more"},
    };
    for (const auto& [bytes, wanted] : table) EXPECT_EQ(read(bytes), wanted) << bytes;
}

TEST(Resp, AReplyThatHasNotComeWholeTakesNothing) {
    const std::string whole = "*2\r\n$3\r\nabc\r\n%1\r\n+k\r\n:1\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::string_view bytes(whole.data(), size);
        const auto taken = take_reply(bytes);
        ASSERT_TRUE(taken) << taken.error();
        EXPECT_FALSE(*taken) << size;
        EXPECT_EQ(bytes.size(), size);
    }
    EXPECT_EQ(read(whole), "['abc' ['k' 1]]");
}

TEST(Resp, WhatIsNoReplyIsRefused) {
    for (const auto* bytes : {"?\r\n", "\r\n", ":1x\r\n", "$-2\r\n", "$x\r\n", "$3\r\nabcde", "*9999999\r\n", "$99999999999\r\n"})
        EXPECT_TRUE(read(bytes).starts_with("wrong: ")) << bytes << ": " << read(bytes);
    std::string deep;
    for (int i = 0; i < 10; ++i) deep += "*1\r\n";
    EXPECT_TRUE(read(deep + ":1\r\n").starts_with("wrong: "));
    EXPECT_TRUE(read(std::string(100'000, 'x')).starts_with("wrong: ")) << "a line without an end";
    EXPECT_TRUE(read("+" + std::string(100'000, 'x') + "\r\n").starts_with("wrong: ")) << "a line that has come whole";
}

TEST(Resp, CommandsAreWrittenOneBehindTheOther) {
    Commands commands;
    commands.add({"SET", "a key", "line\r\nline"});
    commands.add(std::vector<std::string>{"PING"});
    EXPECT_EQ(commands.text(), "*3\r\n$3\r\nSET\r\n$5\r\na key\r\n$10\r\nline\r\nline\r\n*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(commands.count(), 2u);
}

}  // namespace
}  // namespace gk::redis
