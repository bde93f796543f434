#include "shim/ending.hpp"

#include <gtest/gtest.h>

namespace gk::shim {
namespace {

using wire::shim::Cause;

struct CauseCase {
    const char* name;
    Ending ending;
    Cause cause;
};

TEST(Ending, HasTheCauseThatExplainsIt) {
    const std::vector<CauseCase> cases{
        {"it exits by itself", {}, Cause::crashed},
        {"it dies by itself", {.signal = 11}, Cause::crashed},
        {"it was asked", {.asked = true}, Cause::asked},
        {"it was asked and died of the signal", {.asked = true, .signal = 15}, Cause::asked},
        {"it did not listen and was killed", {.asked = true, .killed_by_us = true, .signal = 9}, Cause::asked},
        {"it never became ready", {.start_timed_out = true, .killed_by_us = true, .signal = 9}, Cause::start_timeout},
        {"somebody else killed it", {.signal = 9}, Cause::crashed},
        {"the kernel killed it", {.signal = 9, .memory_kills = 1}, Cause::out_of_memory},
        {"the kernel killed its worker, and it gave up", {.memory_kills = 1}, Cause::out_of_memory},
        {"the kernel killed it while it was stopping", {.asked = true, .signal = 9, .memory_kills = 1}, Cause::out_of_memory},
        {"the kernel killed it while it was starting", {.start_timed_out = true, .signal = 9, .memory_kills = 1}, Cause::out_of_memory},
        {"the kernel killed a worker, and we the game when it was asked to stop",
         {.asked = true, .killed_by_us = true, .signal = 9, .memory_kills = 1},
         Cause::asked},
    };
    for (const auto& row : cases) EXPECT_EQ(cause_of(row.ending), row.cause) << row.name;
}

TEST(Tail, KeepsTheLastLinesWithinItsBounds) {
    Tail tail;
    EXPECT_EQ(tail.text(), "");
    for (std::size_t i = 0; i < wire::shim::tail_lines_max + 5; ++i) tail.add(std::to_string(i));

    EXPECT_TRUE(tail.text().starts_with("5\n6\n")) << tail.text().substr(0, 20);
    EXPECT_TRUE(tail.text().ends_with("\n" + std::to_string(wire::shim::tail_lines_max + 4)));

    for (int i = 0; i < 20; ++i) tail.add(std::string(8192, 'x'));
    EXPECT_LE(tail.text().size(), wire::shim::tail_bytes_max);
    EXPECT_GT(tail.text().size(), wire::shim::tail_bytes_max - 8193 - 1);
}

}  // namespace
}  // namespace gk::shim
