#include <fmt/format.h>

#include "base/text.hpp"
#include "net/http/target.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/server_words.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

constexpr std::size_t label_width = 15;

// "what           text", and what follows under the text.
class Sheet {
public:
    explicit Sheet(const Screen& screen) : screen_(screen) {}
    void line(std::string_view what, std::string_view text, Tone tone = Tone::plain) const {
        if (text.empty()) return;
        fmt::print("{}{}\n", screen_.painted(Tone::faint, fmt::format("{:<{}}", what, label_width)), screen_.painted(tone, printable(text)));
    }

private:
    const Screen& screen_;
};

const Value::Array& array_at(const Value& object, std::string_view key) {
    static const Value::Array none;
    const auto* found = member(object, key).as_array();
    return found != nullptr ? *found : none;
}

std::string scalar_text(const Value& value) { return value.as_string() != nullptr ? *value.as_string() : to_json(value); }

// The state, and what else is to be known of it when it is not the plain case.
std::string state_text(const Value& server) {
    const auto state = text_at(server, "state");
    const auto phase = text_at(server, "phase");
    const auto wanted = text_at(server, "wanted");
    std::string more;
    if (phase != state) more += fmt::format("phase {}", plain(phase));
    if (wanted != state) more += fmt::format("{}wanted {}", more.empty() ? "" : ", ", wanted);
    return more.empty() ? state : fmt::format("{} ({})", state, more);
}

std::string exit_text(const Value& exit) {
    if (exit.as_object() == nullptr) return {};
    auto out = fmt::format("{} at {}", plain(text_at(exit, "cause")), when(text_at(exit, "at")));
    if (const auto code = number_at(exit, "code")) out += fmt::format(", exit code {}", *code);
    if (const auto signal = number_at(exit, "signal")) out += fmt::format(", signal {}", *signal);
    return out;
}

void show_players(const Sheet& sheet, const Value& server) {
    const auto& players = member(server, "players");
    if (!number_at(players, "online")) return;
    std::string names;
    for (const auto& name : array_at(players, "names")) names += (names.empty() ? ": " : ", ") + scalar_text(name);
    sheet.line("players", players_text(server) + names);
}

void show_settings(const Sheet& sheet, const Value& server) {
    std::string_view what = "settings";
    for (const auto& [name, value] : member(server, "settings").as_object() != nullptr ? *member(server, "settings").as_object() : Value::Object()) {
        sheet.line(what, fmt::format("{} = {}", name, scalar_text(value)));
        what = "";
    }
    std::string pending;
    for (const auto& name : array_at(server, "pending")) pending += (pending.empty() ? "" : ", ") + scalar_text(name);
    if (!pending.empty()) sheet.line("pending", pending + ": from the next start on", Tone::busy);
}

void show_backups(const Sheet& sheet, const Value& server) {
    const auto every = text_at(server, "backup_every");
    if (!every.empty()) sheet.line("backup", "every " + every);
    std::string_view what = "schedules";
    for (const auto& schedule : array_at(server, "schedules")) {
        sheet.line(what, fmt::format("{}  {} {}", text_at(schedule, "at"), text_at(schedule, "do"), text_at(schedule, "command")));
        what = "";
    }
    sheet.line("next schedule", when(text_at(server, "next_schedule")));
    sheet.line("last snapshot", short_id(text_at(server, "last_snapshot")));
}

void show_sleep(const Sheet& sheet, const Value& server) {
    sheet.line("started by", started_by_text(member(server, "started_by")));
    const auto& awake = member(server, "awake");
    const auto source = text_at(server, "source");
    sheet.line("source", source == "hidden" ? "hidden: the game sees the edge's address, not those of players" : source);
    sheet.line("awake", text_at(awake, "because"));
    sheet.line("sleeps at", when(text_at(awake, "sleeps_at")));
    sheet.line("sleeps", idle_text(member(server, "idle")));
    sheet.line("woken", wake_text(member(server, "wake")));
    std::string people;
    for (const auto& address : array_at(server, "notify")) people += (people.empty() ? "" : ", ") + scalar_text(address);
    sheet.line("notices to", people);
}

void show_labels(const Sheet& sheet, const Value& server) {
    const char* what = "labels";
    for (const auto& [name, text] : *member(server, "labels").as_object()) {
        sheet.line(what, fmt::format("{}={}", name, *text.as_string()));
        what = "";
    }
}

void print_sheet(const Value& server, const Screen& screen) {
    const Sheet sheet(screen);
    const auto package = text_at(server, "package");
    const auto state = text_at(server, "state");
    sheet.line("name", text_at(server, "id"));
    if (const auto space = text_at(server, "namespace"); space != "default") sheet.line("namespace", space);
    sheet.line("game", text_at(server, "game"));
    sheet.line("state", state_text(server), tone_of(state));
    sheet.line("why", with_times(text_at(server, "message")));
    sheet.line("address", endpoints_text(server));
    show_players(sheet, server);
    sheet.line("size", resources_text(member(server, "resources")) + (package.empty() ? "" : fmt::format(" (package {})", package)));
    if (state == "running") sheet.line("used", resources_text(member(server, "usage")));
    show_sleep(sheet, server);
    show_settings(sheet, server);
    show_labels(sheet, server);
    show_backups(sheet, server);
    sheet.line("last exit", exit_text(member(server, "last_exit")));
    sheet.line("created", when(text_at(server, "created_at")));
    sheet.line("uid", text_at(server, "uid"));
}

}  // namespace

std::string path_of(const ServerName& name, std::string_view below) {
    return fmt::format("/v1/servers/{}{}?namespace={}", net::percent_encoded(name.id), below, net::percent_encoded(name.space));
}

std::string endpoints_text(const Value& server) {
    std::string out;
    for (const auto& endpoint : array_at(server, "endpoints")) {
        if (!out.empty()) out += ", ";
        const auto host = text_at(endpoint, "host");
        // An IPv6 address has colons of its own.
        const auto shown = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
        out += fmt::format("{}:{}/{}", shown, number_at(endpoint, "port").value_or(0), text_at(endpoint, "protocol"));
    }
    return out;
}

std::string players_text(const Value& server) {
    const auto& players = member(server, "players");
    const auto online = number_at(players, "online");
    const auto most = number_at(players, "max");
    if (!online) return "-";
    return most ? fmt::format("{}/{}", *online, *most) : fmt::format("{}", *online);
}

Done list_servers(ApiClient& api, const Output& output, const std::string& space) {
    TRY(all, api.all("/v1/servers" + (space.empty() ? std::string() : "?namespace=" + net::percent_encoded(space))));
    if (output.json) return print_list(std::move(all));
    Table table({"NAME", "GAME", "STATE", "PLAYERS", "ADDRESS", "WHY"});
    for (const auto& server : all) {
        const auto name_space = text_at(server, "namespace");
        const auto state = text_at(server, "state");
        table.add({name_space == "default" ? text_at(server, "id") : name_space + "/" + text_at(server, "id"),
                   text_at(server, "game"),
                   {state, tone_of(state)},
                   players_text(server),
                   endpoints_text(server),
                   with_times(text_at(server, "message"))});
    }
    fmt::print("{}", table.text("no servers; make one with: gamekeeper server create NAME --game minetest --start", output.screen));
    return Success{};
}

Done show_server(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(reply, api.call({.path = path_of(name)}));
    if (output.json) return print_json(reply.body);
    print_sheet(reply.body, output.screen);
    return Success{};
}

Done explain_server(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(reply, api.call({.path = path_of(name, "/explain")}));
    if (output.json) return print_json(reply.body);
    for (const auto& line : array_at(reply.body, "lines")) fmt::print("{}\n", with_times(printable(scalar_text(line))));
    return Success{};
}

Done list_snapshots(ApiClient& api, const Output& output, const ServerName& name) {
    TRY(all, api.all(path_of(name, "/snapshots")));
    if (output.json) return print_list(std::move(all));
    Table table({"ID", "TAKEN", "STATUS", "WORLD", "BECAUSE OF", "SIZE", "FILES", "WHY"});
    for (const auto& item : all) {
        const auto status = text_at(item, "status");
        table.add({short_id(text_at(item, "id")),
                   when(text_at(item, "created_at")),
                   {status, tone_of(status)},
                   plain(text_at(item, "consistency")),
                   plain(text_at(item, "trigger")),
                   size_text(static_cast<std::uint64_t>(number_at(item, "bytes").value_or(0))),
                   std::to_string(number_at(item, "files").value_or(0)),
                   text_at(item, "reason")});
    }
    fmt::print("{}", table.text("no snapshots yet; take one with: gamekeeper server backup " + name.id, output.screen));
    return Success{};
}

}  // namespace gk::programs
