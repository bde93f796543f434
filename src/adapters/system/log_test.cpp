#include "adapters/system/log.hpp"

#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace gk::system {
namespace {

const Time moment = *parse_rfc3339("2026-11-21T03:04:05.678Z");

std::string json(std::initializer_list<log::Field> fields) {
    return json_line(
        {.level = log::Level::info, .module = "keeper", .event = "server \"stopped\"", .fields = std::span(fields.begin(), fields.size())}, moment);
}

TEST(LogSink, WritesOneJsonObjectALine) {
    EXPECT_EQ(json({{"server", "default/alpha"}, {"took_ms", 12}, {"forced", false}, {"load", 0.5}}),
              R"({"at":"2026-11-21T03:04:05.678Z","level":"info","module":"keeper","event":"server \"stopped\"","server":"default/alpha",)"
              R"("took_ms":12,"forced":false,"load":0.5})");
}

TEST(LogSink, KeepsHostileTextOnOneLine) {
    const auto line = json({{"name", "a\nb\x1b[31m"}, {"bytes", "\xff\xfe"}});

    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_NE(line.find(R"("bytes":"??")"), std::string::npos) << line;
}

TEST(LogSink, NeverShowsASecret) {
    EXPECT_NE(json({{"key", Secret("sesame")}}).find(R"("key":"[secret]")"), std::string::npos);
    EXPECT_EQ(json({{"key", Secret("sesame")}}).find("sesame"), std::string::npos);
}

TEST(LogSink, WritesTextForPeople) {
    const std::array<log::Field, 1> fields = {log::Field{.name = "server", .value = "alpha"}};

    EXPECT_EQ(text_line({.level = log::Level::error, .module = "vault", .event = "snapshot failed", .fields = fields}, moment),
              "2026-11-21T03:04:05.678Z error   vault: snapshot failed server=\"alpha\"");
}

TEST(LogSink, AppendsToAFile) {
    std::string path = testing::TempDir() + "gk-log-XXXXXX";
    const int file = mkstemp(path.data());
    ASSERT_GE(file, 0);
    close(file);

    {
        const auto sink = LogSink::open(LogSink::Form::json, path);
        ASSERT_TRUE(sink);
        auto* before = log::set_sink(sink->get());
        log::info("test", "line written");
        log::set_sink(before);
    }

    std::ifstream written(path);
    std::string line;
    std::getline(written, line);
    EXPECT_NE(line.find(R"("event":"line written")"), std::string::npos) << line;
    unlink(path.c_str());
}

TEST(LogSink, SaysWhyAFileCannotBeWritten) {
    const auto sink = LogSink::open(LogSink::Form::json, "/proc/nowhere/log");

    ASSERT_FALSE(sink);
    EXPECT_NE(sink.error().find("/proc/nowhere/log"), std::string::npos);
}

}  // namespace
}  // namespace gk::system
