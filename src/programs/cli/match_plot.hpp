#pragma once

#include <span>
#include <string>
#include <vector>

#include "domain/match/simulate/report.hpp"

namespace gk::programs {

// The matches that one rule set made.
struct PlotSeries {
    std::string name;
    std::vector<match::MatchPoint> points;
};
inline constexpr std::size_t plot_series_most = 6;

// An SVG of wait against spread: a dot for a match, and for each series a cross from the 5th to the 95th percentile of both, at their medians. Light
// or dark as whoever looks at it prefers. The same text for the same series.
std::string match_plot(std::span<const PlotSeries> series, const std::string& measured_by);

}  // namespace gk::programs
