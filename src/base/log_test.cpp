#include "base/log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gk::log {
namespace {

class KeptLines final : public Sink {
public:
    KeptLines() : before_(set_sink(this)) {}
    ~KeptLines() override { set_sink(before_); }
    void write(const Line& line) noexcept override {
        auto& text = lines.emplace_back(fmt::format("{} {} {}", name_of(line.level), line.module, line.event));
        for (const auto& field : line.fields) {
            std::visit([&](const auto& value) { text += fmt::format(" {}={}", field.name, value); }, field.value.data());
        }
    }
    std::vector<std::string> lines;

private:
    Sink* before_;
};

TEST(Log, HandsLinesWithTheirFieldsToTheSink) {
    KeptLines kept;

    warning("vault", "snapshot failed", {{"files", 3}, {"bytes", std::uint64_t{7}}, {"forced", true}, {"port", Port{30000}}, {"why", "full"}});

    EXPECT_EQ(kept.lines, std::vector<std::string>{"warning vault snapshot failed files=3 bytes=7 forced=true port=30000 why=full"});
}

TEST(Log, NeverShowsASecret) {
    KeptLines kept;

    info("accounts", "key created", {{"key", Secret("gk_abc")}});

    EXPECT_EQ(kept.lines, std::vector<std::string>{"info accounts key created key=[secret]"});
}

TEST(Log, DropsLinesBelowTheLevel) {
    KeptLines kept;

    debug("api", "request refused");

    EXPECT_TRUE(kept.lines.empty());
}

}  // namespace
}  // namespace gk::log
