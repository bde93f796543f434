#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "domain/match/rules/rule_set.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/matchmaking_commands.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace gk::programs {

// What the options of `match rules` write into.
struct RulesWish {
    std::vector<std::string> files;
    std::string trace;          // JSON lines; else arrivals are made up.
    std::string arrivals;       // "20/s"
    std::string players;        // As read_population() takes it.
    std::string length = "10m"; // How long made up ones arrive.
    std::uint64_t seed = 1;
    std::string until;
    std::string ticket_ttl = "5m";
    std::string between_looks = "50ms";
    std::string measure;        // An attribute.
    std::string write_trace;
    std::string plot;
};
// And those of `queue trace`.
struct TraceWish {
    std::string queue;
    std::string since = "1h";
    bool with_names = false;
};

struct RulesFile {
    std::string name;  // The file's, without folder and ending.
    std::vector<match::Stage> stages;
};
// A file holds rules, or a queue with them, as `queue put` takes it. Everything that is wrong stands in the error's details.
Result<RulesFile, CommandError> read_rules_file(const std::string& file);

Done check_rules(const Output& output, const RulesWish& wish);
Done simulate_rules(const Output& output, const RulesWish& wish);
// Lines for simulate_rules(), of who really came.
Done trace_queue(ApiClient& api, const TraceWish& wish);

// Makes `run` what a command does without the API.
using AsLocal = std::function<void(CLI::App* command, std::function<Done(const Output&)> run)>;
// Adds `rules` below `match`, which is there.
void add_match_rules(CLI::App& root, RulesWish& wish, const AsLocal& local);
// Adds `trace` below `queue`, which is there.
void add_queue_trace(CLI::App& root, TraceWish& wish, const AsRemote& remote);

}  // namespace gk::programs
