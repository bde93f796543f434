#include <algorithm>
#include <charconv>
#include <functional>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/match/simulate/population.hpp"
#include "domain/match/simulate/report.hpp"
#include "net/json/json.hpp"
#include "programs/cli/document_file.hpp"
#include "programs/cli/match_plot.hpp"
#include "programs/cli/match_rules.hpp"
#include "programs/cli/table.hpp"

// `gamekeeper match rules simulate`.
namespace gk::programs {
namespace {

using match::Arrival;
using match::Figures;
using match::Report;

std::unexpected<CommandError> misuse(std::string message) { return std::unexpected(CommandError{.exit = exit_usage, .message = std::move(message)}); }

Result<Milliseconds, CommandError> duration_of(std::string_view flag, const std::string& text) {
    if (const auto duration = parse_duration(text)) return *duration;
    return misuse(fmt::format("{} '{}' is no duration; write for example 5m", flag, text));
}

// "20/s" -> 20 in a second.
Result<double, CommandError> rate_of(const std::string& text) {
    double count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, text.data() + text.size());
    const double seconds = unit == "/s" ? 1 : unit == "/m" ? 60 : unit == "/h" ? 3600 : 0;
    if (error == std::errc() && seconds > 0 && count > 0) return count / seconds;
    return misuse(fmt::format("--arrivals '{}' is no number of tickets in a second, minute or hour: write 20/s, 90/m or 500/h", text));
}

constexpr std::size_t faults_most = 10;

Result<std::vector<Arrival>, CommandError> read_trace(const std::string& file) {
    TRY(text, read_file(file));
    std::vector<Arrival> out;
    CommandError wrong{.exit = exit_failed, .message = fmt::format("{} is not a right trace", file)};
    const auto lines = split(text, '\n');
    for (std::size_t i = 0; i < lines.size() && wrong.details.size() < faults_most; ++i) {
        if (trimmed(lines[i]).empty()) continue;
        const auto place = fmt::format("{}:{}", file, i + 1);
        const auto value = net::parse_json(lines[i]);
        if (!value) {
            wrong.details.push_back(fmt::format("{}:{}: {}", place, value.error().column, value.error().message));
            continue;
        }
        Errors errors;
        Arrival arrival;
        if (!decode(*value, "", errors, arrival)) {
            for (const auto& error : errors.list()) wrong.details.push_back(fmt::format("{}: {}: {}", place, error.pointer, error.detail));
        } else if (!out.empty() && arrival.at < out.back().at) {
            wrong.details.push_back(fmt::format("{}: /at: lines stand in the order of their times", place));
        } else {
            out.push_back(std::move(arrival));
        }
    }
    if (!wrong.details.empty()) return std::unexpected(std::move(wrong));
    if (out.empty()) return std::unexpected(CommandError{.exit = exit_failed, .message = fmt::format("nobody comes in {}", file)});
    return out;
}

Result<std::vector<Arrival>, CommandError> arrivals_of(const RulesWish& wish) {
    if (!wish.trace.empty()) return read_trace(wish.trace);
    if (wish.arrivals.empty()) return misuse("say who comes: --trace FILE, or --arrivals 20/s with --players skill=normal(1500,300)");
    TRY(rate, rate_of(wish.arrivals));
    TRY(length, duration_of("--for", wish.length));
    const auto population = match::read_population(wish.players);
    if (!population) return misuse("--players: " + population.error());
    auto out = match::make_up(*population, {.each_second = rate, .duration = length, .seed = wish.seed});
    if (out.empty()) return misuse(fmt::format("at {} nobody comes within {}; raise --arrivals or --for", wish.arrivals, wish.length));
    return out;
}

Result<match::SimulationOptions, CommandError> options_of(const RulesWish& wish) {
    match::SimulationOptions out;
    out.engine.seed = wish.seed;
    TRY(ttl, duration_of("--ticket-ttl", wish.ticket_ttl));
    TRY(looks, duration_of("--between-looks", wish.between_looks));
    if (looks.count() == 0) return misuse("--between-looks 0s: time would stand still; the matchmaker's own is 50ms");
    out.ticket_ttl = ttl;
    out.between_looks = looks;
    if (!wish.until.empty()) {
        TRY(until, duration_of("--until", wish.until));
        out.until = until;
    }
    return out;
}

std::string trace_text(const std::vector<Arrival>& arrivals) {
    std::string out;
    for (const auto& arrival : arrivals) {
        append_json(out, to_value(arrival));
        out += '\n';
    }
    return out;
}

std::string seconds_text(double milliseconds) { return fmt::format("{:.{}f} s", milliseconds / 1000, milliseconds < 10'000 ? 2 : 1); }

std::string sizes_text(const Report& report) {
    if (report.sizes.empty()) return "";
    const auto usual = std::ranges::max_element(report.sizes, {}, [](const auto& size) { return size.second; })->first;
    const auto least = report.sizes.begin()->first;
    const auto most = report.sizes.rbegin()->first;
    return least == most ? fmt::format("{}", most) : fmt::format("{} to {}, mostly {}", least, most, usual);
}

struct Simulated {
    std::string name;
    Report report;
};

// The figures of all rule sets, one beside the other. What is said of none of them is left out.
class Comparison {
public:
    explicit Comparison(const std::vector<Simulated>& all) : all_(all), table_(header()) {}

    std::string text(const Screen& screen) {
        add_counts();
        add("players of a match", sizes_text);
        add_figures("wait", &Report::waits, seconds_text);
        add("wait, longest", [](const Report& report) { return report.waits.count == 0 ? std::string() : seconds_text(report.waits.most); });
        const auto plain = [](double number) { return fmt::format("{:.{}f}", number, number < 10 ? 1 : 0); };
        const auto by = all_.front().report.measured_by;
        if (!by.empty()) {
            add_mean("spread of " + by, &Report::spreads, plain);
            add_mean("gap between teams", &Report::gaps, plain);
            add_groups(by);
        }
        add_figures("latency", &Report::latencies, [](double ms) { return fmt::format("{:.0f} ms", ms); });
        return table_.text("", screen);
    }

private:
    std::vector<std::string> header() const {
        std::vector<std::string> out{""};
        for (const auto& one : all_) out.push_back(one.name);
        return out;
    }
    void add(std::string what, const std::function<std::string(const Report&)>& text) {
        std::vector<Cell> row{std::move(what)};
        bool is_said = false;
        for (const auto& one : all_) {
            row.emplace_back(text(one.report));
            is_said = is_said || !row.back().text.empty();
        }
        if (is_said) table_.add(std::move(row));
    }
    void add_count(std::string what, std::size_t Report::* count) {
        if (std::ranges::any_of(all_, [&](const Simulated& one) { return one.report.*count != 0; }))
            add(std::move(what), [&](const Report& report) { return fmt::format("{}", report.*count); });
    }
    void add_counts() {
        add_count("players", &Report::players);
        add_count("matched", &Report::matched);
        add_count("still waiting", &Report::waiting);
        add_count("expired", &Report::expired);
        add_count("left by themselves", &Report::cancelled);
        add_count("refused", &Report::unfit);
        add("matches", [](const Report& report) { return fmt::format("{}", report.matches); });
    }
    using Text = std::function<std::string(double)>;
    void add_figure(std::string what, Figures Report::* figures, double Figures::* one, const Text& text) {
        add(std::move(what), [&](const Report& report) { return (report.*figures).count == 0 ? std::string() : text(report.*figures.*one); });
    }
    void add_figures(const std::string& what, Figures Report::* figures, const Text& text) {
        add_figure(what + " p50", figures, &Figures::p50, text);
        add_figure(what + " p95", figures, &Figures::p95, text);
        add_figure(what + " p99", figures, &Figures::p99, text);
    }
    void add_mean(const std::string& what, Figures Report::* figures, const Text& text) {
        add_figure(what + ", mean", figures, &Figures::mean, text);
        add_figure(what + " p95", figures, &Figures::p95, text);
    }
    // Each with all its waits, those without a match too.
    void add_groups(const std::string& by) {
        std::size_t place = 0;
        for (const auto* who : {"the lowest tenth", "those between", "the highest tenth"}) {
            add(fmt::format("wait p95, {} by {}", who, by),
                [&](const Report& report) { return place < report.groups.size() ? seconds_text(report.groups[place].waits.p95) : std::string(); });
            ++place;
        }
    }

    const std::vector<Simulated>& all_;
    Table table_;
};

void print_starved(const Simulated& one) {
    const auto& report = one.report;
    if (!report.unfit_example.empty()) fmt::print("\n{} refuses players: {}\n", one.name, report.unfit_example);
    if (report.starved.empty()) return;
    fmt::print("\nlongest without a match by {}:\n", one.name);
    for (const auto& starved : report.starved) {
        const auto number = starved.measured ? fmt::format(" ({} {:.0f})", report.measured_by, *starved.measured) : std::string();
        fmt::print("  {}{}: {} and {}", joined(starved.players), number, duration_text(starved.waited), name_of(starved.how));
        const auto& [looked_at, rules, next, estimate] = starved.explanation;
        for (const auto& [rule, kept_out] : rules) {
            if (kept_out != 0) fmt::print("; '{}' keeps out {} of {}", rule, kept_out, looked_at);
        }
        fmt::print("{}\n", looked_at == 0 ? "; nobody else waits" : "");
    }
}

Done draw(const RulesWish& wish, const std::vector<PlotSeries>& series, const std::optional<match::Yardstick>& by) {
    if (wish.plot.empty()) return Success{};
    if (!by) return misuse("--plot needs a number to measure matches by: players bring none; name one with --measure");
    return write_file(wish.plot, match_plot(series, by->attribute));
}

Done print_all(const Output& output, const RulesWish& wish, const std::vector<Simulated>& all) {
    if (output.json) {
        Value::Array items;
        for (const auto& one : all) {
            auto report = match::to_value(one.report);
            report.as_object()->insert(report.as_object()->begin(), {"name", one.name});
            items.push_back(std::move(report));
        }
        return print_list(std::move(items));
    }
    fmt::print("{}", Comparison(all).text(output.screen));
    for (const auto& one : all) print_starved(one);
    const auto is_waiting = [](const Simulated& one) { return one.report.waiting != 0; };
    if (wish.until.empty() && std::ranges::any_of(all, is_waiting))
        fmt::print("\nThis ends when the last one has come ({}); --until goes on.\n", duration_text(all.front().report.ended_at));
    return Success{};
}

}  // namespace

Done simulate_rules(const Output& output, const RulesWish& wish) {
    std::vector<RulesFile> files;
    std::vector<std::vector<match::Stage>> rule_sets;
    for (const auto& file : wish.files) {
        TRY(read, read_rules_file(file));
        rule_sets.push_back(read.stages);
        files.push_back(std::move(read));
    }
    TRY(options, options_of(wish));
    TRY(arrivals, arrivals_of(wish));
    if (!wish.write_trace.empty()) TRY_OK(write_file(wish.write_trace, trace_text(arrivals)));
    const auto by = wish.measure.empty() ? match::yardstick_for(rule_sets, arrivals) : std::optional(match::yardstick_named(wish.measure, rule_sets));

    std::vector<Simulated> all;
    std::vector<PlotSeries> series;
    for (const auto& file : files) {
        const auto simulation = match::simulate(arrivals, file.stages, options);
        all.push_back({.name = file.name, .report = match::report_of(simulation, arrivals, by)});
        if (by) series.push_back({.name = file.name, .points = match::points_of(simulation, arrivals, *by)});
    }
    TRY_OK(draw(wish, series, by));
    return print_all(output, wish, all);
}

}  // namespace gk::programs
