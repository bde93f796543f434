#include "programs/cli/match_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace gk::programs {
namespace {

constexpr double width = 760, height = 440;
constexpr double left = 64, right = 20, bottom = 52, line_height = 20;
constexpr std::size_t dots_most = 250;  // Of a series: more are a stain.

struct Colours {
    std::string_view on_light, on_dark;
};
// Told apart with any kind of colour vision, after Okabe and Ito.
constexpr auto colours = std::to_array<Colours>(
    {{"#0072b2", "#56b4e9"}, {"#d55e00", "#ff9d4d"}, {"#00855f", "#2fcf9f"}, {"#a8508a", "#e39cc8"}, {"#8a6d00", "#e6c84a"}, {"#555555", "#bbbbbb"}});
static_assert(colours.size() == plot_series_most);

// Waits on a logarithmic axis, spreads on a plain one that begins at 0.
class Axes {
public:
    Axes(std::span<const PlotSeries> series, double top) : top_(top) {
        for (const auto& one : series) {
            for (const auto& point : one.points) {
                least_ = std::min(least_, seconds(point));
                most_ = std::max(most_, seconds(point));
                highest_ = std::max(highest_, point.spread);
            }
        }
        step_ = nice_step(highest_ / 8);
        highest_ = std::ceil(highest_ / step_) * step_;
    }

    static double seconds(const match::MatchPoint& point) { return std::max(point.waited_ms / 1000, 0.01); }
    double x(double wait) const { return left + (width - left - right) * std::log(wait / least_) / std::log(most_ / least_); }
    double y(double spread) const { return height - bottom - (height - bottom - top_) * spread / highest_; }
    double top() const { return top_; }
    double highest() const { return highest_; }
    double step() const { return step_; }
    // 1, 2, 5, 10 ... within the axis.
    std::vector<double> waits() const {
        std::vector<double> out;
        for (int power = -3; power < 6; ++power) {
            for (const double digit : {1.0, 2.0, 5.0}) {
                const auto wait = digit * std::pow(10.0, power);
                if (wait >= least_ && wait <= most_) out.push_back(wait);
            }
        }
        return out;
    }

private:
    static double nice_step(double rough) {
        const auto power = std::pow(10.0, std::floor(std::log10(std::max(rough, 1e-6))));
        for (const double digit : {1.0, 2.0, 5.0}) {
            if (digit * power >= rough) return digit * power;
        }
        return 10 * power;
    }

    double top_;
    double least_ = 0.1, most_ = 1;
    double highest_ = 1e-3;
    double step_ = 1;
};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<') out += "&lt;";
        else if (c == '&') out += "&amp;";
        else out += c;
    }
    return out;
}

std::string style() {
    std::string light, dark;
    for (std::size_t i = 0; i < colours.size(); ++i) {
        fmt::format_to(std::back_inserter(light), " .s{} {{ color: {} }}", i, colours[i].on_light);
        fmt::format_to(std::back_inserter(dark), " .s{} {{ color: {} }}", i, colours[i].on_dark);
    }
    return fmt::format(
        "<style>\n"
        "svg {{ background: #ffffff; font: 13px system-ui, sans-serif }} text {{ fill: #1f2328 }} .faint {{ fill: #59636e }}\n"
        ".grid {{ stroke: #d1d9e0 }} .dot {{ fill: currentColor; opacity: .3 }} .cross {{ stroke: currentColor; stroke-width: 2.5 }}\n"
        ".middle {{ fill: currentColor; stroke: #ffffff; stroke-width: 2 }}{}\n"
        "@media (prefers-color-scheme: dark) {{ svg {{ background: #0d1117 }} text {{ fill: #e6edf3 }} .faint {{ fill: #9198a1 }} "
        ".grid {{ stroke: #30363d }} .middle {{ stroke: #0d1117 }}{} }}\n"
        "</style>\n",
        light, dark);
}

void draw_axes(std::string& out, const Axes& axes, const std::string& measured_by) {
    auto end = std::back_inserter(out);
    for (double spread = 0; spread <= axes.highest() + axes.step() / 2; spread += axes.step()) {
        const auto y = axes.y(spread);
        fmt::format_to(end, "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", left, width - right, y, y);
        fmt::format_to(end, "<text class=\"faint\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}</text>\n", left - 8, y + 4, spread);
    }
    for (const auto wait : axes.waits()) {
        fmt::format_to(end, "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>", axes.x(wait), axes.top(),
                       height - bottom);
        fmt::format_to(end, "<text class=\"faint\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g} s</text>\n", axes.x(wait), height - bottom + 18,
                       wait);
    }
    fmt::format_to(end, "<text class=\"faint\" x=\"{}\" y=\"{}\" text-anchor=\"end\">wait of a match's players</text>\n", width - right, height - 12);
    fmt::format_to(end, "<text class=\"faint\" x=\"{}\" y=\"{:.1f}\">spread of {} within a match</text>\n", left, axes.top() - 10,
                   escaped(measured_by));
}

void draw_dots(std::string& out, const Axes& axes, const PlotSeries& series) {
    auto end = std::back_inserter(out);
    const auto each = series.points.size() / dots_most + 1;
    for (std::size_t i = 0; i < series.points.size(); i += each) {
        const auto& point = series.points[i];
        fmt::format_to(end, "<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\"/>\n", axes.x(Axes::seconds(point)), axes.y(point.spread));
    }
}

struct Middle {
    match::Figures waits, spreads;
};
Middle middle_of(const PlotSeries& series) {
    std::vector<double> waits, spreads;
    for (const auto& point : series.points) {
        waits.push_back(Axes::seconds(point));
        spreads.push_back(point.spread);
    }
    return {.waits = match::figures_of(std::move(waits)), .spreads = match::figures_of(std::move(spreads))};
}

void draw_cross(std::string& out, const Axes& axes, const Middle& middle) {
    auto end = std::back_inserter(out);
    const auto& [waits, spreads] = middle;
    const auto x = axes.x(waits.p50);
    const auto y = axes.y(spreads.p50);
    fmt::format_to(end, "<line class=\"cross\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", axes.x(waits.p5), axes.x(waits.p95), y, y);
    fmt::format_to(end, "<line class=\"cross\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", x, x, axes.y(spreads.p5),
                   axes.y(spreads.p95));
    fmt::format_to(end, "<circle class=\"middle\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\"/>\n", x, y);
}

void draw_legend(std::string& out, std::size_t index, const PlotSeries& series, const Middle& middle) {
    const auto y = 22 + line_height * static_cast<double>(index);
    const auto text = series.points.empty()
                          ? std::string("no match")
                          : fmt::format("half of the matches within {:.2f} s and {:.0f} apart, 95 of 100 within {:.1f} s and {:.0f}",
                                        middle.waits.p50, middle.spreads.p50, middle.waits.p95, middle.spreads.p95);
    fmt::format_to(std::back_inserter(out),
                   "<g class=\"s{0}\"><circle cx=\"{1}\" cy=\"{2}\" r=\"5\" fill=\"currentColor\"/></g>"
                   "<text x=\"{3}\" y=\"{4}\"><tspan font-weight=\"600\">{5}</tspan> <tspan class=\"faint\">{6}</tspan></text>\n",
                   index, left + 5, y - 4, left + 18, y, escaped(series.name), text);
}

}  // namespace

std::string match_plot(std::span<const PlotSeries> series, const std::string& measured_by) {
    const Axes axes(series, 56 + line_height * static_cast<double>(series.size()));
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\">\n"
        "<title>Wait of matches against their spread of {2}</title>\n",
        width, height, escaped(measured_by));
    out += style();
    draw_axes(out, axes, measured_by);
    std::vector<Middle> middles;
    for (std::size_t i = 0; i < series.size(); ++i) {
        out += fmt::format("<g class=\"s{}\">\n", i);
        draw_dots(out, axes, series[i]);
        out += "</g>\n";
        middles.push_back(middle_of(series[i]));
    }
    for (std::size_t i = 0; i < series.size(); ++i) {
        if (series[i].points.empty()) continue;
        out += fmt::format("<g class=\"s{}\">", i);
        draw_cross(out, axes, middles[i]);
        out += "</g>\n";
    }
    for (std::size_t i = 0; i < series.size(); ++i) draw_legend(out, i, series[i], middles[i]);
    return out + "</svg>\n";
}

}  // namespace gk::programs
