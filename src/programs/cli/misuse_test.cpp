#include <gtest/gtest.h>

#include "programs/cli/cli.hpp"
#include "programs/exit_code.hpp"

namespace gk::programs {
namespace {

struct Heard {
    int code = 0;
    std::string text;
};

// What somebody reads who has typed these words.
Heard typed(std::vector<std::string> words) {
    words.insert(words.begin(), "gamekeeper");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    testing::internal::CaptureStderr();
    const int code = run_command_line(static_cast<int>(arguments.size()), arguments.data());
    return {.code = code, .text = testing::internal::GetCapturedStderr()};
}

TEST(Misuse, NamesTheWordThatIsWrongAndTheNearestThatIsRight) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"servr"}, "there is no command 'gamekeeper servr'; did you mean 'gamekeeper server'?"},
        {{"server", "strat", "castle"}, "there is no command 'gamekeeper server strat'; did you mean 'gamekeeper server start'?"},
        {{"server", "zzzzzzzz"}, "there is no command 'gamekeeper server zzzzzzzz'"},
        {{"server", "list", "--outptu", "json"}, "'gamekeeper server list' has no option '--outptu'; did you mean '--output'?"},
        {{"server", "list", "-o", "xml"}, "xml not in {table,json}"},
        {{"server", "show"}, "NAME is required"},
    };
    for (const auto& [words, expected] : cases) {
        const auto heard = typed(words);
        EXPECT_EQ(heard.code, exit_usage) << expected;
        EXPECT_NE(heard.text.find(expected), std::string::npos) << heard.text;
        EXPECT_NE(heard.text.find("--help"), std::string::npos) << heard.text;
    }
}

TEST(Misuse, OfACommandThatNeedsAnotherWordShowsThose) {
    const auto heard = typed({"server"});
    EXPECT_EQ(heard.code, exit_usage);
    EXPECT_NE(heard.text.find("gamekeeper server"), std::string::npos) << heard.text;
    EXPECT_NE(heard.text.find("restore"), std::string::npos) << heard.text;
}

}  // namespace
}  // namespace gk::programs
