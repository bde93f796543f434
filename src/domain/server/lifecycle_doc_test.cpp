#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "domain/server/lifecycle.hpp"

namespace gk::server {
namespace {

std::string transitions() {
    std::string out = "| phase | event | next phase |\n|---|---|---|\n";
    for (std::size_t i = 0; i < phase_names.size(); ++i) {
        for (const auto& edge : lifecycle) {
            if (edge.from != static_cast<Phase>(i)) continue;
            out += fmt::format("| {} | {} | {} |\n", name_of(edge.from), name_of(edge.on), name_of(edge.to));
        }
    }
    return out;
}

std::string states() {
    std::string out =
        "| phase | wanted running | wanted paused | wanted stopped | wanted deleted | while the game is up |\n|---|---|---|---|---|---|\n";
    for (const auto& row : shown_states) {
        out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", name_of(row.phase), name_of(row.running), name_of(row.paused), name_of(row.stopped),
                           name_of(row.deleted), row.running_while_up ? "running" : "the same");
    }
    return out;
}

std::string document() {
    return "# The life of a server\n\n"
           "Made from the table in `src/domain/server/lifecycle.hpp`; a test compares. After a change there:\n"
           "`GK_WRITE_DOCS=1 build/dev/tests/gk_domain_server_test --gtest_filter='LifecycleDocument.*'`.\n\n"
           "## Which phase follows which\n\nA pair that is not listed does not happen: a request for it is answered with 409 "
           "`illegal_transition`.\n\n" +
           transitions() +
           "\n## When a game crashes\n\nIt is started again after a pause that doubles from one second up to five minutes, and given up at the tenth "
           "crash "
           "within ten minutes\nof play: only time in which the game was up is counted. Pauses, snapshots and starts in between are ours; on the "
           "wall "
           "clock they alone take\nlonger than ten minutes, and no loop would ever end. A start that fails is a crash of a game that was up for no "
           "time "
           "at all. Asking for a start,\na restart or a restore begins the count anew.\n" +
           "\n## The state that people see\n\nFrom the phase and from what is wanted. While the game is up, some phases are shown as `running`: "
           "players notice nothing of\nthe preparations.\n\n" +
           states();
}

// The document is the table, and cannot say anything else.
TEST(LifecycleDocument, IsTheTable) {
    const std::string path = std::string(GK_SOURCE_DIR) + "/docs/formats/lifecycle.md";
    if (std::getenv("GK_WRITE_DOCS") != nullptr) std::ofstream(path) << document();
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();

    EXPECT_EQ(text.str(), document());
}

}  // namespace
}  // namespace gk::server
