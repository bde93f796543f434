#include "programs/cli/match_rules.hpp"

#include <filesystem>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/game.hpp"
#include "domain/match/rules/advice.hpp"
#include "domain/match/rules/native.hpp"
#include "programs/cli/document_file.hpp"

namespace gk::programs {
namespace {

using match::RuleSet;
using match::Stage;

// Where that stands, or where the nearest thing around it does: a missing member has no place of its own.
Mark mark_at(const Value& document, std::string_view pointer) {
    const auto* at = &document;
    auto mark = at->mark();
    for (auto part : split(pointer.substr(pointer.empty() ? 0 : 1), '/')) {
        const Value* next = nullptr;
        if (const auto* items = at->as_array()) {
            for (std::size_t i = 0; i < items->size() && next == nullptr; ++i) {
                if (pointer_to("", i).substr(1) == part) next = &(*items)[i];
            }
        } else if (const auto* members = at->as_object()) {
            for (const auto& [name, value] : *members) {
                if (pointer_to("", name).substr(1) == part) next = &value;
            }
        }
        if (next == nullptr) return mark;
        at = next;
        mark = at->mark();
    }
    return mark;
}

CommandError faults(const std::string& file, const Value& document, std::vector<FieldError> errors) {
    CommandError out{.exit = exit_failed, .message = fmt::format("{} is not a right rule set", file)};
    for (auto& error : errors) {
        if (error.mark.line == 0) error.mark = mark_at(document, error.pointer);
        out.details.push_back(catalog::error_line(file, error));
    }
    return out;
}

std::string players_text(std::uint32_t least, std::uint32_t most) {
    return least == most ? fmt::format("{}", most) : fmt::format("{} to {}", least, most);
}

std::string sizes_text(const std::vector<Stage>& stages) {
    std::string out;
    std::string before;
    for (const auto& [from, rules] : stages) {
        auto text = players_text(match::players_least(rules), match::players_most(rules));
        if (text == before) continue;
        out += out.empty() ? text : fmt::format("; from {} on {}", duration_text(from), text);
        before = std::move(text);
    }
    return out;
}

// Empty where there is but one: then the players of a match say it all.
std::string teams_text(const RuleSet& rules) {
    std::vector<std::string> parts;
    for (const auto& team : rules.teams) {
        const auto times = team.quantity == 1 ? std::string() : fmt::format("{} times ", team.quantity);
        parts.push_back(fmt::format("{}{} of {}", times, team.name, players_text(team.least, team.most)));
    }
    return parts.size() == 1 && rules.teams.front().quantity == 1 ? "no teams" : joined(parts);
}

std::string attributes_text(const RuleSet& rules) {
    std::vector<std::string> parts;
    for (const auto& [name, type, fallback] : rules.attributes) {
        std::string kind(name_of(type));
        std::ranges::replace(kind, '_', ' ');
        parts.push_back(fmt::format("{} ({}{})", name, kind, fallback ? ", else " + to_json(*fallback) : ", always"));
    }
    return parts.empty() ? "nothing" : joined(parts);
}

std::string rules_text(const RuleSet& rules) {
    std::vector<std::string> names;
    for (const auto& rule : rules.rules) {
        if (!rule.is_part) names.push_back(rule.name);
    }
    return names.empty() ? "none: whoever comes first plays first" : joined(names);
}

std::string relaxes_text(const std::vector<Stage>& stages) {
    std::vector<std::string> out;
    for (const auto& rule : stages.front().rules.rules) {
        const auto* window = std::get_if<match::Window>(&rule.body);
        if (window != nullptr && window->growth > 0) out.push_back(fmt::format("{} with each second", rule.name));
    }
    for (const auto& stage : stages) {
        if (stage.from.count() != 0) out.push_back("after " + duration_text(stage.from));
    }
    return out.empty() ? "never" : joined(out);
}

std::string engine_text(const std::vector<std::string>& needs_search) {
    return needs_search.empty() ? "sorted lines: any number of players may wait"
                                : "search, one ticket after another, because of: " + joined(needs_search);
}

Value names_value(const std::vector<std::string>& names) { return Value::Array(names.begin(), names.end()); }

Value summary_value(const RulesFile& rules, const std::vector<match::Advice>& advice) {
    const auto needs_search = match::what_needs_search(rules.stages);
    Value::Array stages;
    for (const auto& stage : rules.stages) {
        stages.push_back(Value::object({{"from", duration_text(stage.from)},
                                        {"players_least", std::int64_t{match::players_least(stage.rules)}},
                                        {"players_most", std::int64_t{match::players_most(stage.rules)}}}));
    }
    Value::Array advices;
    for (const auto& [about, text] : advice) advices.push_back(Value::object({{"about", about}, {"detail", text}}));
    std::vector<std::string> names;
    for (const auto& rule : rules.stages.front().rules.rules) names.push_back(rule.name);
    return Value::object({{"stages", std::move(stages)},
                          {"rules", names_value(names)},
                          {"engine", needs_search.empty() ? "lines" : "search"},
                          {"needs_search", names_value(needs_search)},
                          {"advice", std::move(advices)}});
}

void print_summary(const std::string& file, const RulesFile& rules, const std::vector<match::Advice>& advice, const Screen& screen) {
    const auto& first = rules.stages.front().rules;
    fmt::print("{} is fine\nteams    {}\nplayers  {}\nrules    {}\nrelaxes  {}\nreads    {}\nengine   {}\n", file, teams_text(first),
               sizes_text(rules.stages), rules_text(first), relaxes_text(rules.stages), attributes_text(first),
               engine_text(match::what_needs_search(rules.stages)));
    for (const auto& [about, text] : advice) fmt::print("{} {}: {}\n", screen.painted(Tone::busy, "look at"), about, text);
}

}  // namespace

Result<RulesFile, CommandError> read_rules_file(const std::string& file) {
    TRY(document, read_document(file));
    const auto* of_queue = document.find("ruleLanguageVersion") == nullptr ? document.find("rules") : nullptr;
    Errors errors;
    auto stages = match::read_either_rules(of_queue != nullptr ? *of_queue : document, errors);
    if (!stages) {
        auto wrong = errors.take();
        for (auto& error : wrong) error.pointer.insert(0, of_queue != nullptr ? "/rules" : "");
        return std::unexpected(faults(file, document, std::move(wrong)));
    }
    return RulesFile{.name = std::filesystem::path(file).stem().string(), .stages = std::move(*stages)};
}

Done check_rules(const Output& output, const RulesWish& wish) {
    const auto ttl = parse_duration(wish.ticket_ttl);
    if (!ttl)
        return std::unexpected(
            CommandError{.exit = exit_usage, .message = fmt::format("--ticket-ttl '{}' is no duration such as 5m", wish.ticket_ttl)});
    TRY(rules, read_rules_file(wish.files.front()));
    const auto advice = match::advice_on(rules.stages, *ttl);
    if (output.json) return print_json(summary_value(rules, advice));
    print_summary(wish.files.front(), rules, advice, output.screen);
    return Success{};
}

void add_match_rules(CLI::App& root, RulesWish& wish, const AsLocal& local) {
    auto* rules = root.get_subcommand("match")->add_subcommand("rules", "try rules before players do");
    rules->require_subcommand(1);
    auto* check = rules->add_subcommand("check", "what is wrong with a rule set, and what it does");
    check->add_option("FILE", wish.files, "rules or a queue, YAML or JSON; -: standard input")->required()->expected(1);
    check->add_option("--ticket-ttl", wish.ticket_ttl, "how long the queue's tickets wait")->capture_default_str();
    local(check, [&wish](const Output& output) { return check_rules(output, wish); });

    auto* simulate = rules->add_subcommand("simulate", "who would wait how long, and for what matches; several rule sets are compared");
    simulate->add_option("FILE", wish.files, "rules or a queue, YAML or JSON")->required()->expected(1, 6);
    auto* trace = simulate->add_option("--trace", wish.trace, "who came when, as 'queue trace' and --write-trace write it");
    auto* arrivals =
        simulate->add_option("--arrivals", wish.arrivals, "made up instead: tickets in a second, minute or hour, as 20/s")->excludes(trace);
    simulate
        ->add_option("--players", wish.players,
                     "what they are like: skill=normal(1500,300),mode=pick(a:3,b:1),latency.eu=uniform(20,90),party=pick(1:8,2:1)")
        ->needs(arrivals);
    simulate->add_option("--for", wish.length, "how long they come")->capture_default_str()->needs(arrivals);
    simulate->add_option("--seed", wish.seed, "of all that is left to chance")->capture_default_str();
    simulate->add_option("--until", wish.until, "when to stop looking (when the last one has come)");
    simulate->add_option("--ticket-ttl", wish.ticket_ttl, "how long a ticket waits")->capture_default_str();
    simulate->add_option("--between-looks", wish.between_looks, "how often the queue is looked at")->capture_default_str();
    simulate->add_option("--measure", wish.measure, "the number by which matches are measured (the one that the rules read first)");
    simulate->add_option("--write-trace", wish.write_trace, "write who came when to this file");
    simulate->add_option("--plot", wish.plot, "draw wait against spread of each match into this SVG file");
    local(simulate, [&wish](const Output& output) { return simulate_rules(output, wish); });
}

}  // namespace gk::programs
