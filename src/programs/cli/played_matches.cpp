#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/cli/matchmaking_parts.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

std::string players_text(const Value& match) {
    std::string out;
    for (const auto& one : *member(match, "members").as_array()) out += fmt::format("{}{}", out.empty() ? "" : ", ", text_at(one, "player"));
    return out;
}

std::string server_text(const Value& match) {
    const auto& server = member(match, "server");
    const auto port = number_at(server, "port");
    return port ? fmt::format("{}:{}", text_at(server, "host"), *port) : std::string();
}

Done list_matches(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    std::string path = wishes.live ? "/v1/matches?live=true" : "/v1/matches?live=false";
    if (!wishes.queue.empty()) path += "&queue=" + net::percent_encoded(wishes.queue);
    if (!wishes.player.empty()) path += "&player=" + net::percent_encoded(wishes.player);
    TRY(matches, api.all(path));
    if (output.json) return print_list(std::move(matches));
    Table table({"MATCH", "QUEUE", "STATE", "PLAYERS", "SERVER", "END"});
    for (const auto& match : matches) {
        table.add({text_at(match, "id"), text_at(match, "queue"), text_at(match, "state"), players_text(match), server_text(match),
                   text_at(match, "end_reason")});
    }
    fmt::print("{}", table.text("no matches", output.screen));
    return Success{};
}

std::string_view standing_of(const Value& member_of_match) {
    if (!text_at(member_of_match, "left_at").empty()) return ", has left";
    const auto* accepted = member(member_of_match, "accepted").as_bool();
    if (accepted == nullptr) return "";
    return *accepted ? ", has accepted" : ", has declined";
}

Done show_match(ApiClient& api, const Output& output, const std::string& id) {
    TRY(reply, api.call({.path = path_of("matches", id)}));
    if (output.json) return print_json(reply.body);
    const auto& match = reply.body;
    fmt::print("match    {}\nqueue    {}\nstate    {}\n", text_at(match, "id"), text_at(match, "queue"), text_at(match, "state"));
    if (const auto server = server_text(match); !server.empty()) fmt::print("server   {} ({})\n", server, text_at(member(match, "server"), "name"));
    if (text_at(match, "state") == "accepting") fmt::print("answers  until {}\n", text_at(match, "deadline"));
    for (const auto& one : *member(match, "members").as_array())
        fmt::print("player   {} in {}{}\n", text_at(one, "player"), text_at(one, "team"), standing_of(one));
    if (const auto open = number_at(match, "open_slots").value_or(0); open > 0) fmt::print("open     to {} more\n", open);
    if (const auto reason = text_at(match, "end_reason"); !reason.empty()) fmt::print("ended    {}\n", reason);
    return Success{};
}

Done end_one(ApiClient& api, const std::string& id) {
    TRY_OK(api.call({.method = "POST", .path = path_of("matches", id) + "/end", .body = Value::object()}));
    return Success{};
}

Done end_matches(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    if (wishes.name.empty() == !wishes.all)
        return std::unexpected(CommandError{.exit = exit_usage, .message = "name a match, or say --all for every one that lives"});
    if (!wishes.all) return end_one(api, wishes.name);
    TRY(matches, api.all("/v1/matches?live=true"));
    for (const auto& match : matches) TRY_OK(end_one(api, text_at(match, "id")));
    if (!output.json) fmt::print("{} matches ended\n", matches.size());
    return Success{};
}

Done explain_ticket(ApiClient& api, const Output& output, const std::string& id) {
    TRY(reply, api.call({.path = path_of("tickets", id) + "/explain"}));
    if (output.json) return print_json(reply.body);
    const auto state = text_at(reply.body, "state");
    const auto& queues = *member(reply.body, "queues").as_array();
    fmt::print("ticket {} is {}\n", id, state);
    if (queues.empty()) fmt::print("{}\n", state == "queued" ? "who makes the matches has not looked at it yet" : "it does not wait for a match");
    for (const auto& queue : queues) {
        fmt::print("queue {}:\n", text_at(queue, "queue"));
        for (const auto& sentence : *member(queue, "words").as_array()) fmt::print("  {}\n", *sentence.as_string());
    }
    return Success{};
}

Done answer_match(ApiClient& api, const Output& output, const std::string& id, std::string_view word) {
    TRY(reply, api.call({.method = "POST", .path = fmt::format("{}/{}", path_of("matches", id), word), .body = Value::object()}));
    if (output.json) return print_json(reply.body);
    fmt::print("match {} is {}\n", id, text_at(reply.body, "state"));
    return Success{};
}

Done leave_match(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    auto body = Value::object();
    if (!wishes.player.empty()) body.set("players", Value::array({Value(wishes.player)}));
    TRY(reply, api.call({.method = "POST", .path = path_of("matches", wishes.name) + "/leave", .body = std::move(body)}));
    if (output.json) return print_json(reply.body);
    fmt::print("{} has left match {}\n", wishes.player.empty() ? "the player of this key" : wishes.player, wishes.name);
    return Success{};
}

Done fill_match(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    auto body = Value::object({{"size", std::int64_t{wishes.size}}});
    TRY(reply, api.call({.method = "POST", .path = path_of("matches", wishes.name) + "/backfill", .body = std::move(body)}));
    if (output.json) return print_json(reply.body);
    fmt::print("match {} takes {} others in\n", wishes.name, count_at(reply.body, "open_slots"));
    return Success{};
}

}  // namespace

void add_matches(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote) {
    auto* match = root.add_subcommand("match", "players who play together, and why others still wait");
    match->require_subcommand(1);
    auto* list = match->add_subcommand("list", "matches, the newest first");
    list->add_flag("--live", wishes.live, "only those that are not over");
    list->add_option("--queue", wishes.queue, "of this queue");
    list->add_option("--player", wishes.player, "of this player");
    remote(list, [&wishes](ApiClient& api, const Output& output) { return list_matches(api, output, wishes); });
    auto* show = match->add_subcommand("show", "one match");
    show->add_option("MATCH", wishes.name)->required();
    remote(show, [&wishes](ApiClient& api, const Output& output) { return show_match(api, output, wishes.name); });
    auto* end = match->add_subcommand("end", "end a match for all its players");
    end->add_option("MATCH", wishes.name);
    end->add_flag("--all", wishes.all, "every match that lives");
    remote(end, [&wishes](ApiClient& api, const Output& output) { return end_matches(api, output, wishes); });
    for (const auto* word : {"accept", "decline"}) {
        auto* answer = match->add_subcommand(word, word == std::string_view("accept") ? "say yes to a match, with a player's token as the key"
                                                                                      : "say no to a match, with a player's token as the key");
        answer->add_option("MATCH", wishes.name)->required();
        remote(answer, [&wishes, word](ApiClient& api, const Output& output) { return answer_match(api, output, wishes.name, word); });
    }
    auto* leave = match->add_subcommand("leave", "a player plays no more, the match goes on");
    leave->add_option("MATCH", wishes.name)->required();
    leave->add_option("PLAYER", wishes.player, "who; without, the player whose token is the key");
    remote(leave, [&wishes](ApiClient& api, const Output& output) { return leave_match(api, output, wishes); });
    auto* fill = match->add_subcommand("backfill", "keep a running match at so many players");
    fill->add_option("MATCH", wishes.name)->required();
    fill->add_option("SIZE", wishes.size, "others are taken in while it has fewer; 0: no longer")->required();
    remote(fill, [&wishes](ApiClient& api, const Output& output) { return fill_match(api, output, wishes); });
    auto* queue = match->add_subcommand("queue", "how a queue does");
    queue->require_subcommand(1);
    add_queue_statistics(*queue, wishes, remote);
    auto* explain = match->add_subcommand("explain", "why a ticket still waits");
    explain->add_option("TICKET", wishes.name)->required();
    remote(explain, [&wishes](ApiClient& api, const Output& output) { return explain_ticket(api, output, wishes.name); });
}

}  // namespace gk::programs
