#include "programs/cli/matchmaking_commands.hpp"

#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/cli/document_file.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

std::string path_of(std::string_view kind, const std::string& name) { return fmt::format("/v1/{}/{}", kind, net::percent_encoded(name)); }

std::string count_at(const Value& object, std::string_view key) {
    const auto number = number_at(object, key);
    return number ? fmt::format("{}", *number) : std::string();
}

Done list_queues(ApiClient& api, const Output& output) {
    TRY(queues, api.all("/v1/queues"));
    if (output.json) return print_list(std::move(queues));
    Table table({"NAME", "GAME", "FLEET", "TICKETS LAST", "SILENCE"});
    for (const auto& queue : queues)
        table.add({text_at(queue, "name"), text_at(queue, "game"), text_at(queue, "fleet"), text_at(queue, "ticket_ttl"), text_at(queue, "silence")});
    fmt::print("{}", table.text("no queues; gamekeeper queue put NAME FILE makes one", output.screen));
    return Success{};
}

// JSON writes a whole number without a point.
std::optional<double> real_at(const Value& object, std::string_view key) {
    const auto& value = member(object, key);
    if (value.as_int() != nullptr) return static_cast<double>(*value.as_int());
    return value.as_double() != nullptr ? std::optional(*value.as_double()) : std::nullopt;
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

Done remove_one(ApiClient& api, const Output& output, std::string_view kind, const std::string& name) {
    TRY_OK(api.call({.method = "DELETE", .path = path_of(kind, name)}));
    if (!output.json) fmt::print("'{}' is gone\n", name);
    return Success{};
}

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

Done list_fleets(ApiClient& api, const Output& output) {
    TRY(fleets, api.all("/v1/fleets"));
    if (output.json) return print_list(std::move(fleets));
    Table table({"NAME", "GAME", "READY", "WANTED", "IN MATCHES", "STARTING", "MAX", "HELD BACK BY"});
    for (const auto& fleet : fleets) {
        const auto& servers = member(fleet, "servers");
        table.add({text_at(fleet, "name"), text_at(fleet, "game"), count_at(servers, "ready"), count_at(fleet, "ready"),
                   count_at(servers, "allocated"), count_at(servers, "starting"), count_at(fleet, "max"), text_at(servers, "limit")});
    }
    fmt::print("{}", table.text("no fleets; gamekeeper fleet put NAME FILE makes one", output.screen));
    return Success{};
}

Done put_fleet(ApiClient& api, const Output& output, const MatchmakingWishes& wishes) {
    TRY(document, read_document(wishes.file));
    TRY(reply, api.call({.method = "PUT", .path = path_of("fleets", wishes.name), .body = std::move(document)}));
    if (output.json) return print_json(reply.body);
    fmt::print("fleet '{}' is there\n", wishes.name);
    return Success{};
}

void add_queues(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote) {
    auto* queue = root.add_subcommand("queue", "where players wait for a match");
    queue->require_subcommand(1);
    remote(queue->add_subcommand("list", "all queues"), list_queues);
    auto* show = queue->add_subcommand("show", "one queue, and how many wait");
    show->add_option("QUEUE", wishes.name)->required();
    remote(show, [&wishes](ApiClient& api, const Output& output) { return show_queue(api, output, wishes.name); });
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
    auto* explain = match->add_subcommand("explain", "why a ticket still waits");
    explain->add_option("TICKET", wishes.name)->required();
    remote(explain, [&wishes](ApiClient& api, const Output& output) { return explain_ticket(api, output, wishes.name); });
}

void add_fleets(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote) {
    auto* fleet = root.add_subcommand("fleet", "match servers that are started ahead");
    fleet->require_subcommand(1);
    remote(fleet->add_subcommand("list", "all fleets, and how many of their servers are ready"), list_fleets);
    auto* put = fleet->add_subcommand("put", "make or change a fleet");
    put->add_option("FLEET", wishes.name)->required();
    put->add_option("FILE", wishes.file, "YAML or JSON: {game, package, ready, max, ...}; -: standard input")->required();
    remote(put, [&wishes](ApiClient& api, const Output& output) { return put_fleet(api, output, wishes); });
    auto* remove = fleet->add_subcommand("delete", "remove a fleet; servers in matches end with them");
    remove->add_option("FLEET", wishes.name)->required();
    remote(remove, [&wishes](ApiClient& api, const Output& output) { return remove_one(api, output, "fleets", wishes.name); });
}

}  // namespace

void add_matchmaking_commands(CLI::App& root, MatchmakingWishes& wishes, const AsRemote& remote) {
    add_queues(root, wishes, remote);
    add_matches(root, wishes, remote);
    add_fleets(root, wishes, remote);
}

}  // namespace gk::programs
