#include "domain/server/toleration.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::server {
namespace {

TEST(Toleration, IsReadAsATaintIsWritten) {
    EXPECT_EQ(*parse_toleration("games=yes:NoSchedule"), (Toleration{"games", "yes", "NoSchedule"}));
    EXPECT_EQ(*parse_toleration("spot"), (Toleration{"spot", std::nullopt, ""}));
    EXPECT_EQ(*parse_toleration("edge:NoExecute"), (Toleration{"edge", std::nullopt, "NoExecute"}));
    EXPECT_EQ(*parse_toleration("games="), (Toleration{"games", "", ""})) << "a taint without a text is another one than any taint";
    EXPECT_EQ(parse_toleration("kubernetes.azure.com/scalesetpriority=spot:PreferNoSchedule")->key, "kubernetes.azure.com/scalesetpriority");
}

TEST(Toleration, RefusesWhatTheApiServerWouldRefuse) {
    const std::vector<std::string> refused = {"",
                                              "=yes",
                                              ":NoSchedule",
                                              "games:Never",
                                              "games:",
                                              "ga mes",
                                              "games=yes/no",
                                              "games=" + std::string(64, 'a'),
                                              std::string(318, 'a'),
                                              {"games\0", 6}};
    for (const auto& text : refused) {
        const auto read = parse_toleration(text);
        ASSERT_FALSE(read) << text;
        EXPECT_NE(read.error().find("is no taint; write KEY, KEY=VALUE or KEY=VALUE:EFFECT"), std::string::npos) << read.error();
    }
}

}  // namespace
}  // namespace gk::server
