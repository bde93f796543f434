#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/cli/document_file.hpp"
#include "programs/cli/matchmaking_parts.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

Done list_queues(ApiClient& api, const Output& output) {
    TRY(queues, api.all("/v1/queues"));
    if (output.json) return print_list(std::move(queues));
    Table table({"NAME", "GAME", "FLEET", "WAITING", "TICKETS LAST", "SILENCE"});
    for (const auto& queue : queues) {
        table.add({text_at(queue, "name"), text_at(queue, "game"), text_at(queue, "fleet"), count_at(queue, "waiting"), text_at(queue, "ticket_ttl"),
                   text_at(queue, "silence")});
    }
    fmt::print("{}", table.text("no queues; gamekeeper queue put NAME FILE makes one", output.screen));
    return Success{};
}

std::string average(const Value& tally, std::string_view key) {
    const auto number = real_at(tally, key);
    return number ? fmt::format("{:.2f}", *number) : "-";
}

// The rules that count beside those that are tried.
void print_comparison(const Value& comparison, const Screen& screen) {
    const auto spread_of = text_at(comparison, "spread_of");
    Table table({"RULES", "MATCHES", "PLAYERS", "MEAN WAIT", "MEAN QUALITY", spread_of.empty() ? "SPREAD" : fmt::format("SPREAD OF {}", spread_of)});
    for (const auto& [name, key] : {std::pair("that count", "made"), std::pair("tried", "would_make")}) {
        const auto& tally = member(comparison, key);
        const auto wait = text_at(tally, "mean_wait");
        table.add({name, count_at(tally, "matches"), count_at(tally, "players"), wait.empty() ? "-" : wait, average(tally, "mean_quality"),
                   average(tally, "mean_spread")});
    }
    fmt::print("\nother rules are tried since {}; tickets that would wait now by them: {}\n{}", text_at(comparison, "since"),
               count_at(comparison, "would_wait"), table.text("", screen));
}

Done show_queue(ApiClient& api, const Output& output, const std::string& name) {
    TRY(reply, api.call({.path = path_of("queues", name)}));
    if (output.json) return print_json(reply.body);
    const auto& queue = reply.body;
    const auto waiting = count_at(queue, "waiting");
    fmt::print("queue    {}\ngame     {}\nfleet    {}\nwaiting  {}\ntickets  last {}, and {} of silence\nrules    {}\n", text_at(queue, "name"),
               text_at(queue, "game"), text_at(queue, "fleet").empty() ? "none" : text_at(queue, "fleet"),
               waiting.empty() ? "not known here" : waiting, text_at(queue, "ticket_ttl"), text_at(queue, "silence"),
               to_json(member(queue, "rules")));
    const auto& comparison = member(queue, "comparison");
    if (comparison.as_object() != nullptr) print_comparison(comparison, output.screen);
    return Success{};
}

// "start_failed 2, declined 1".
std::string tally_text(const Value& tally) {
    std::string out;
    if (const auto* counts = tally.as_object()) {
        for (const auto& [reason, count] : *counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", reason, count_at(tally, reason));
    }
    return out.empty() ? "-" : out;
}

Done show_statistics(ApiClient& api, const Output& output, const std::string& name) {
    TRY(reply, api.call({.path = path_of("queues", name)}));
    const auto& statistics = member(reply.body, "statistics");
    if (output.json) return print_json(statistics);
    Table table({"LAST", "MATCHES", "GO ON", "FAILED", "EXPIRED", "WAIT P50", "WAIT P95"});
    for (const auto* window : {"5m", "1h"}) {
        const auto& shown = member(statistics, window);
        const auto wait = [&](std::string_view key) { return text_at(shown, key).empty() ? "-" : text_at(shown, key); };
        const auto expired = count_at(shown, "expired");
        table.add({window, count_at(shown, "made"), count_at(shown, "live"), tally_text(member(shown, "failed")), expired.empty() ? "-" : expired,
                   wait("wait_p50"), wait("wait_p95")});
    }
    const auto waiting = count_at(reply.body, "waiting");
    fmt::print("waiting now: {}\n{}", waiting.empty() ? "not known here" : waiting, table.text("", output.screen));
    return Success{};
}

// The file is a queue as the API takes it, or its rules alone.
Done put_queue(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    TRY(document, read_document(wishes.file));
    const bool is_whole = document.find("rules") != nullptr && document.find("ruleLanguageVersion") == nullptr;
    auto path = path_of("queues", wishes.name);
    if (wishes.shadow) path += "/rules?shadow=true";
    auto body = is_whole || wishes.shadow ? std::move(document) : Value::object({{"rules", std::move(document)}});
    TRY(reply, api.call({.method = "PUT", .path = std::move(path), .body = std::move(body)}));
    if (output.json) return print_json(reply.body);
    fmt::print("queue '{}' {}\n", wishes.name, wishes.shadow ? "tries these rules beside its own" : "is there");
    return Success{};
}

Done show_rating(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    TRY(reply, api.call({.path = fmt::format("{}/ratings/{}", path_of("queues", wishes.name), net::percent_encoded(wishes.player))}));
    if (output.json) return print_json(reply.body);
    fmt::print("{} in '{}': {:.1f} give or take {:.1f}, after {} matches ({})\n", wishes.player, wishes.name,
               real_at(reply.body, "value").value_or(0), real_at(reply.body, "deviation").value_or(0), count_at(reply.body, "matches"),
               text_at(reply.body, "model"));
    return Success{};
}

Done end_trial(ApiClient& api, const Output& output, const std::string& name, bool is_promoted) {
    const auto path = path_of("queues", name) + "/rules";
    auto reply =
        is_promoted ? api.call({.method = "PUT", .path = path + "?shadow=false"}) : api.call({.method = "DELETE", .path = path + "?shadow=true"});
    if (!reply) return std::unexpected(std::move(reply.error()));
    if (output.json) return print_json(reply->body);
    fmt::print("queue '{}' {}\n", name, is_promoted ? "has the rules that it tried" : "tries no other rules any more");
    return Success{};
}

}  // namespace

void add_queue_statistics(CLI::App& queue, MatchmakingWishes& wishes, const AsRemote& remote) {
    auto* stats = queue.add_subcommand("stats", "how a queue does: matches, waits and failures of the last five minutes and the last hour");
    stats->add_option("QUEUE", wishes.name)->required();
    remote(stats, [&wishes](ApiClient& api, const Output& output) { return show_statistics(api, output, wishes.name); });
}

void add_queues(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote) {
    auto* queue = root.add_subcommand("queue", "where players wait for a match");
    queue->require_subcommand(1);
    remote(queue->add_subcommand("list", "all queues"), list_queues);
    auto* show = queue->add_subcommand("show", "one queue, and how many wait");
    show->add_option("QUEUE", wishes.name)->required();
    remote(show, [&wishes](ApiClient& api, const Output& output) { return show_queue(api, output, wishes.name); });
    add_queue_statistics(*queue, wishes, remote);
    auto* put = queue->add_subcommand("put", "make or change a queue");
    put->add_option("QUEUE", wishes.name)->required();
    put->add_option("FILE", wishes.file, "YAML or JSON: {game, fleet, rules, ...}, or the rules alone; -: standard input")->required();
    put->add_flag("--shadow", wishes.shadow, "rules that decide beside those that count, without effect");
    remote(put, [&wishes](ApiClient& api, const Output& output) { return put_queue(api, output, wishes); });
    auto* remove = queue->add_subcommand("delete", "remove a queue");
    remove->add_option("QUEUE", wishes.name)->required();
    remote(remove, [&wishes](ApiClient& api, const Output& output) { return remove_one(api, output, "queues", wishes.name); });
    for (const bool is_promoted : {true, false}) {
        auto* trial = queue->add_subcommand(is_promoted ? "promote" : "untry",
                                            is_promoted ? "the rules that a queue tries count from now on" : "try other rules no longer");
        trial->add_option("QUEUE", wishes.name)->required();
        remote(trial, [&wishes, is_promoted](ApiClient& api, const Output& output) { return end_trial(api, output, wishes.name, is_promoted); });
    }
    auto* rating = queue->add_subcommand("rating", "how strong a player is taken to be there");
    rating->add_option("QUEUE", wishes.name)->required();
    rating->add_option("PLAYER", wishes.player)->required();
    remote(rating, [&wishes](ApiClient& api, const Output& output) { return show_rating(api, output, wishes); });
}

}  // namespace gk::programs
