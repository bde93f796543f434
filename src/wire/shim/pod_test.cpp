#include "wire/shim/pod.hpp"

#include <map>

#include <gtest/gtest.h>

#include "wire/shim/log_source.hpp"

namespace gk::wire::shim {
namespace {

TEST(ShimPod, ReadsBackWhatItWroteAndRefusesEveryPrefix) {
    const LogQuery query{.cursor = 77, .lines_max = 5};
    const LogPart part{.lines = {{.cursor = 5, .at = Time(Milliseconds(9)), .text = "hello"}, {.cursor = 9, .at = {}, .text = ""}}};
    const PodUse use{.at = Time(Milliseconds(1)), .cpu_ns = 2, .memory_bytes = 3, .disk_bytes = 4, .disk_bytes_max = 5};

    EXPECT_EQ(log_query_from(to_text(query)), query);
    EXPECT_EQ(log_part_from(to_text(part)), part);
    EXPECT_EQ(pod_use_from(to_text(use)), use);
    const auto text = to_text(part);
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(log_part_from(text.substr(0, size))) << size;
    EXPECT_FALSE(log_query_from(to_text(query) + "x"));
}

// Files in memory, named by the cursor of their first byte.
class Files : public LogSource {
public:
    explicit Files(std::map<std::uint64_t, std::string> all) : all_(std::move(all)) {}
    std::vector<File> files() const override {
        std::vector<File> out;
        for (const auto& [base, text] : all_) out.push_back({base, text.size()});
        return out;
    }
    std::string part(std::uint64_t base, std::uint64_t from, std::size_t size_max) const override { return all_.at(base).substr(from, size_max); }

private:
    std::map<std::uint64_t, std::string> all_;
};

std::string texts(const std::vector<LogLine>& lines) {
    std::string out;
    for (const auto& line : lines) out += line.text + "|";
    return out;
}

TEST(LogSource, ReadsOnWhereACursorSays) {
    const Files log({{100, "one\ntwo\n"}, {108, "three\nhal"}});

    EXPECT_EQ(texts(lines_from(log, 0, 9, 1000)), "one|two|three|");
    EXPECT_EQ(texts(lines_from(log, 0, 2, 1000)), "one|two|");
    EXPECT_EQ(texts(lines_from(log, lines_from(log, 0, 2, 1000).back().cursor, 9, 1000)), "three|");
    EXPECT_EQ(texts(lines_from(log, 102, 9, 1000)), "two|three|") << "from the middle of a line";
    EXPECT_EQ(texts(lines_from(log, 114, 9, 1000)), "") << "a line that is only half there";
    EXPECT_EQ(texts(lines_from(log, 100, 9, 6)), "one|") << "as many as fit";
}

TEST(LogSource, FindsTheLastLines) {
    const Files log({{100, "one\ntwo\n"}, {108, "three\n"}});

    EXPECT_EQ(start_of_last(log, 0), 114);
    EXPECT_EQ(start_of_last(log, 1), 108);
    EXPECT_EQ(start_of_last(log, 2), 104);
    EXPECT_EQ(start_of_last(log, 99), 100);
    EXPECT_EQ(start_of_last(Files({}), 3), 0);
}

}  // namespace
}  // namespace gk::wire::shim
