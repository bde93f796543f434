#include "programs/cli/match_plot.hpp"

#include <gtest/gtest.h>

namespace gk::programs {
namespace {

std::size_t times(const std::string& text, std::string_view part) {
    std::size_t out = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++out;
    return out;
}

TEST(MatchPlot, DrawsADotForEachMatchAndACrossForEachSeries) {
    const std::vector<PlotSeries> series{{"wide", {{1000, 200}, {2000, 100}}}, {"narrow", {{4000, 50}}}};

    const auto svg = match_plot(series, "skill");

    EXPECT_EQ(times(svg, "class=\"dot\""), 3U);
    EXPECT_EQ(times(svg, "class=\"middle\""), 2U);
    EXPECT_NE(svg.find("spread of skill within a match"), std::string::npos);
    EXPECT_NE(svg.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(MatchPlot, StaysReadableWithManyMatches) {
    PlotSeries series{.name = "many", .points = {}};
    for (int i = 0; i < 100'000; ++i) series.points.push_back({static_cast<double>(i), 1});

    EXPECT_LE(times(match_plot(std::span(&series, 1), "skill"), "class=\"dot\""), 250U);
}

TEST(MatchPlot, ASeriesWithoutAMatchIsSaid) {
    const PlotSeries series{.name = "strict", .points = {}};

    const auto svg = match_plot(std::span(&series, 1), "skill");

    EXPECT_NE(svg.find("no match"), std::string::npos);
    EXPECT_EQ(times(svg, "class=\"middle\""), 0U);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
}

// All alike: no span to scale by.
TEST(MatchPlot, DrawsMatchesWithoutAnySpread) {
    const PlotSeries series{.name = "same", .points = {{0, 0}, {0, 0}}};

    const auto svg = match_plot(std::span(&series, 1), "skill");

    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(MatchPlot, NamesOfFilesAreTextAndNothingElse) {
    const PlotSeries series{.name = "<script>&", .points = {{1000, 1}}};

    const auto svg = match_plot(std::span(&series, 1), "a<b");

    EXPECT_NE(svg.find("&lt;script>&amp;"), std::string::npos);
    EXPECT_EQ(svg.find("<script"), std::string::npos);
}

}  // namespace
}  // namespace gk::programs
