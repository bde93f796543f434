#include "programs/cli/cli.hpp"

#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/completion.hpp"
#include "programs/cli/local_commands.hpp"
#include "programs/cli/match_commands.hpp"
#include "programs/cli/match_rules.hpp"
#include "programs/cli/matchmaking_commands.hpp"
#include "programs/cli/place.hpp"
#include "programs/cli/screen.hpp"
#include "programs/cli/syntax.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"
#include "programs/config/config.hpp"
#include "programs/edge/edge.hpp"
#include "programs/manifests/manifests.hpp"
#include "programs/serve/serve.hpp"

namespace gk::programs {
namespace {

constexpr const char* exit_codes = "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 refused, 5 unreachable, 6 time-out.";

// Everything that options write into, and what the chosen command does.
struct CommandLine {
    PlaceWish place;
    Output output;
    std::string format = "table";
    ServerName name;
    CreateWish create;
    VerbWish verb;
    LogWish log;
    std::string text;
    std::string second;
    std::string scope = "admin";
    std::vector<std::string> texts;
    bool flag = false;
    bool no_wait = false;
    std::string patience;
    ServeOptions serve;
    Config::Cluster cluster;
    EdgeWish edge;
    std::string edge_drain = "0s";
    std::string edge_space = "gamekeeper-edge";
    bool makes_edge_keys = false;
    MatchWishes matches;
    MatchmakingWishes matchmaking;
    RulesWish rules;
    TraceWish trace;
    std::function<int()> run;
};

int report(const CommandError& error) {
    fmt::print(stderr, "{} {}\n", screen_of(stderr).painted(Tone::bad, "gamekeeper:"), with_times(error.message));
    for (const auto& detail : error.details) fmt::print(stderr, "  {}\n", detail);
    return error.exit;
}

int finish(const Done& done) { return done ? exit_ok : report(done.error()); }

using Remote = std::function<Done(ApiClient&, const Output&)>;

// A command that talks to the API.
void remote(CLI::App* app, CommandLine& line, Remote run) {
    app->callback([&line, run = std::move(run)] {
        line.run = [&line, run] {
            auto place = find_api(line.place);
            if (!place) return report(place.error());
            ApiClient api(std::move(*place));
            return finish(run(api, line.output));
        };
    });
}

CLI::App* named(CLI::App* parent, CommandLine& line, const char* verb, const char* help) {
    auto* app = parent->add_subcommand(verb, help);
    app->add_option("NAME", line.name.id, "the server's name")->required();
    app->add_option("-n,--namespace", line.name.space, "its namespace")->capture_default_str();
    return app;
}

void waiting(CLI::App* app, CommandLine& line) {
    app->add_flag("--no-wait", line.no_wait, "return at once and leave the operation running");
    app->add_flag("--timings", line.output.timings, "print the milliseconds of every step");
    app->add_option("--timeout", line.patience, "how long to wait, such as 5m (30m)");
}

void add_change(CLI::App* server, CommandLine& line, const char* verb, const char* help, bool may_force) {
    auto* app = named(server, line, verb, help);
    waiting(app, line);
    if (may_force) app->add_flag("--force", line.verb.force, "go on although the world cannot be saved");
    if (std::string_view(verb) == "delete") {
        app->add_flag("--purge", line.verb.purge, "delete its backups too");
        app->add_flag("--yes", line.verb.yes, "do not ask");
    }
    remote(app, line, [&line, verb](ApiClient& api, const Output& output) {
        line.verb.verb = verb;
        line.verb.name = line.name;
        return change_server(api, output, line.verb);
    });
}

// One value each time: the words behind it are not its own.
void repeatable(CLI::Option* option, const char* form) { option->allow_extra_args(false)->type_name(form); }

constexpr auto launch_help = "how it starts: shim, wrapper or init, which its game's definition describes (shim)";
constexpr auto exposure_help = "on a cluster: nodePort, hostPort, loadBalancer, edge or internal; with address=, dns_label=, static_address=";
constexpr auto exposure_form = "TYPE[,NAME=TEXT]";

void sleeping(CLI::App* app, SleepWish& wish) {
    app->add_option("--wake", wish.wake, "who wakes it by knocking while it sleeps: any, allow-list or never");
    repeatable(app->add_option("--allow", wish.allow, "of an allow-list: a player's name, an address or a block; may be said again"), "WHO");
    app->add_option("--idle", wish.idle, "how long without players until it sleeps, such as 10m, or never");
}

void telling(CLI::App* app, std::vector<std::string>& people) {
    repeatable(app->add_option("--notify", people, "who hears of its incidents by mail; may be said again; none: nobody but the installation's own"),
               "ADDRESS");
}

void add_create(CLI::App* server, CommandLine& line) {
    auto* app = named(server, line, "create", "make a new server");
    auto& wish = line.create;
    app->add_option("-g,--game", wish.game, "its game; 'gamekeeper game list' shows them")->required();
    app->add_option("-p,--package", wish.package, "its size; 'gamekeeper package list' shows them (small)");
    app->add_option("--cpu", wish.cpu_millis, "thousandths of a cpu, instead of a package");
    app->add_option("--memory", wish.memory_mib, "MiB of memory, instead of a package");
    app->add_option("--disk", wish.disk_mib, "MiB of disk, instead of a package");
    repeatable(app->add_option("--set", wish.settings, "a setting of the game; may be said again"), "NAME=VALUE");
    repeatable(app->add_option("--label", wish.labels, "a label; may be said again"), "NAME=TEXT");
    app->add_option("--backup-every", wish.backup_every, "how often to save it while it runs, such as 30m");
    app->add_option("--launch", wish.launch, launch_help);
    app->add_option("--exposure", wish.exposure, exposure_help)->type_name(exposure_form);
    sleeping(app, wish.sleep);
    telling(app, wish.notify);
    app->add_option("--world", wish.world, "adopt or fresh: what to do with a world that was kept after a deletion");
    app->add_flag("--start", wish.start, "start it too");
    waiting(app, line);
    remote(app, line, [&line](ApiClient& api, const Output& output) {
        line.create.name = line.name;
        return create_server(api, output, line.create);
    });
}

void add_logs(CLI::App* server, CommandLine& line) {
    auto* app = named(server, line, "logs", "show what the game printed");
    app->add_flag("-f,--follow", line.log.follow, "stay and show what comes");
    app->add_option("--tail", line.log.tail, "how many lines from the end")->capture_default_str();
    app->add_option("--match", line.log.match, "only lines with this text");
    app->add_flag("-t,--times", line.log.times, "each line with the time at which it was printed");
    remote(app, line, [&line](ApiClient& api, const Output& output) {
        line.log.name = line.name;
        return show_logs(api, output, line.log);
    });
}

void add_server(CLI::App& root, CommandLine& line) {
    auto* server = root.add_subcommand("server", "worlds and what can be done with them");
    server->require_subcommand(1);
    add_create(server, line);
    add_change(server, line, "start", "start it, restoring its world if need be", false);
    add_change(server, line, "pause", "save it, stop the game, keep its disk", true);
    add_change(server, line, "stop", "save it, stop the game, free its disk once the snapshot is proven", true);
    add_change(server, line, "restart", "stop the game in order and start it again", false);
    add_change(server, line, "delete", "stop it and remove it; its world is kept for a while", true);
    add_logs(server, line);

    auto* list = server->add_subcommand("list", "all servers");
    list->add_option("-n,--namespace", line.text, "only of this namespace");
    remote(list, line, [&line](ApiClient& api, const Output& output) { return list_servers(api, output, line.text); });
    remote(named(server, line, "show", "everything about one server"), line,
           [&line](ApiClient& api, const Output& output) { return show_server(api, output, line.name); });
    remote(named(server, line, "explain", "why it is as it is"), line,
           [&line](ApiClient& api, const Output& output) { return explain_server(api, output, line.name); });
    auto* set = named(server, line, "set", "change settings, from the next start on");
    set->add_option("SETTING", line.texts, "NAME=VALUE; NAME=null takes it away");
    repeatable(set->add_option("--label", line.create.labels, "a label, or NAME- to take it away; may be said again"), "NAME=TEXT");
    set->add_option("--backup-every", line.text, "how often to save it while it runs, such as 30m");
    set->add_option("--launch", line.create.launch, launch_help);
    set->add_option("--exposure", line.create.exposure, exposure_help)->type_name(exposure_form);
    sleeping(set, line.create.sleep);
    telling(set, line.create.notify);
    remote(set, line, [&line](ApiClient& api, const Output& output) {
        return set_server(api, output,
                          {.name = line.name,
                           .settings = line.texts,
                           .labels = line.create.labels,
                           .backup_every = line.text,
                           .launch = line.create.launch,
                           .exposure = line.create.exposure,
                           .sleep = line.create.sleep,
                           .notify = line.create.notify});
    });
    auto* schedule = named(server, line, "schedule", "what to do by the clock; without LINEs it shows what is scheduled");
    schedule->add_option("LINE", line.texts, "five cron fields (UTC), then backup, restart or command WORDS; replaces what was there");
    schedule->add_flag("--none", line.flag, "nothing by the clock any more");
    remote(schedule, line, [&line](ApiClient& api, const Output& output) {
        return schedule_server(api, output, {.name = line.name, .lines = line.texts, .none = line.flag});
    });
    auto* command = named(server, line, "command", "type a command into the game's console");
    command->add_option("COMMAND", line.texts, "the command and its words")->required();
    remote(command, line, [&line](ApiClient& api, const Output& output) {
        return send_command(api, output, line.name, fmt::format("{}", fmt::join(line.texts, " ")));
    });
    auto* backup = named(server, line, "backup", "take a snapshot now");
    waiting(backup, line);
    remote(backup, line, [&line](ApiClient& api, const Output& output) { return take_snapshot(api, output, line.name); });
    remote(named(server, line, "snapshots", "its snapshots, newest first"), line,
           [&line](ApiClient& api, const Output& output) { return list_snapshots(api, output, line.name); });
    auto* restore = named(server, line, "restore", "go back to a snapshot; what is there now is saved first");
    restore->add_option("SNAPSHOT", line.text, "its id or the beginning of it, or 'latest'");
    restore->add_flag("--undo", line.flag, "go back to what was there before the last restore");
    waiting(restore, line);
    remote(restore, line, [&line](ApiClient& api, const Output& output) -> Done {
        if (line.text.empty() != line.flag) return std::unexpected(CommandError{.exit = exit_usage, .message = "say either a snapshot or --undo"});
        return restore_server(api, output, line.name, line.text, line.flag);
    });
}

// A command that needs no API.
void local(CLI::App* app, CommandLine& line, std::function<Done(const Output&)> run) {
    app->callback([&line, run = std::move(run)] { line.run = [&line, run] { return finish(run(line.output)); }; });
}

void add_catalog(CLI::App& root, CommandLine& line) {
    auto* game = root.add_subcommand("game", "the games that can be run");
    game->require_subcommand(1);
    remote(game->add_subcommand("list", "all games"), line, list_games);
    auto* show = game->add_subcommand("show", "one game and its settings");
    show->add_option("GAME", line.text)->required();
    remote(show, line, [&line](ApiClient& api, const Output& output) { return show_game(api, output, line.text); });
    auto* check = game->add_subcommand("check", "check a definition file");
    check->add_option("FILE", line.text)->required();
    local(check, line, [&line](const Output& output) { return check_game(output, line.text); });
    auto* add = game->add_subcommand("add", "add a definition file; it is there after the next start of serve");
    add->add_option("FILE", line.text)->required();
    local(add, line, [&line](const Output& output) { return add_game(output, line.text, line.place.state); });
    auto* package = root.add_subcommand("package", "the sizes that servers are offered in");
    package->require_subcommand(1);
    remote(package->add_subcommand("list", "all packages"), line, list_packages);
}

void add_nodes(CLI::App& root, CommandLine& line) {
    auto* node = root.add_subcommand("node", "the machines of a cluster");
    node->require_subcommand(1);
    remote(node->add_subcommand("list", "all machines, and the servers on them"), line, list_nodes);
    auto* show = node->add_subcommand("show", "one machine");
    show->add_option("NODE", line.text)->required();
    remote(show, line, [&line](ApiClient& api, const Output& output) { return show_node(api, output, line.text); });
    auto* confirm = node->add_subcommand("confirm-dead", "say that a silent machine is dead, so that its games may start elsewhere");
    confirm->add_option("NODE", line.text)->required();
    confirm->add_flag("--yes", line.flag, "do not ask");
    remote(confirm, line, [&line](ApiClient& api, const Output& output) { return confirm_dead(api, output, line.text, line.flag); });
}

void add_notices(CLI::App& root, CommandLine& line) {
    auto* incident = root.add_subcommand("incident", "what goes wrong, and who has been told");
    incident->require_subcommand(1);
    remote(incident->add_subcommand("list", "all of the last 30 days, newest first"), line, list_incidents);
    auto* mail = root.add_subcommand("mail", "the mails that say so");
    mail->require_subcommand(1);
    auto* test = mail->add_subcommand("test", "send one now, and say what the mail server answers");
    test->add_option("--to", line.text, "to this address alone (everybody in mail.to)");
    remote(test, line, [&line](ApiClient& api, const Output& output) { return test_mail(api, output, line.text); });
}

void add_others(CLI::App& root, CommandLine& line) {
    auto* key = root.add_subcommand("key", "API keys");
    key->require_subcommand(1);
    auto* create = key->add_subcommand("create", "make a key; its text is shown once");
    create->add_option("NAME", line.text)->required();
    create->add_option("--scope", line.scope, "admin or player")->capture_default_str();
    remote(create, line, [&line](ApiClient& api, const Output& output) { return create_key(api, output, line.text, line.scope); });
    remote(key->add_subcommand("list", "all keys, without their texts"), line, list_keys);
    auto* revoke = key->add_subcommand("revoke", "revoke a key, at once");
    revoke->add_option("ID", line.text)->required();
    remote(revoke, line, [&line](ApiClient& api, const Output& output) { return revoke_key(api, output, line.text); });

    auto* operation = root.add_subcommand("operation", "requests that take time");
    operation->require_subcommand(1);
    auto* show = operation->add_subcommand("show", "follow an operation to its end");
    show->add_option("ID", line.text)->required();
    remote(show, line, [&line](ApiClient& api, const Output& output) { return follow_operation(api, output, line.text); });
    auto* list = operation->add_subcommand("list", "operations, newest first");
    list->add_option("--server", line.name.id, "only of this server");
    remote(list, line, [&line](ApiClient& api, const Output& output) { return list_operations(api, output, line.name); });

    auto* vault = root.add_subcommand("vault", "where backups live");
    vault->require_subcommand(1);
    remote(named(vault, line, "show", "how to get a world back with plain restic"), line,
           [&line](ApiClient& api, const Output& output) { return show_vault(api, output, line.name, line.place.state); });

    auto* recover = root.add_subcommand("recover", "rebuild every server from a vault and its recovery key");
    recover->add_option("--vault", line.second, "the folder with the backups, or s3:https://...")->required();
    recover->add_option("--key-file", line.text, "file with the recovery key; else it is asked for");
    local(recover, line, [&line](const Output& output) { return recover_all(output, line.second, line.text, line.place.state); });

    auto* examine = root.add_subcommand("doctor", "what is wrong with this machine or installation, and the cure");
    examine->add_flag("--cluster", line.flag, "the way to a Kubernetes cluster instead, and what Gamekeeper needs there");
    examine->add_option("--kubeconfig", line.cluster.kubeconfig, "path; else as kubectl finds it")->needs("--cluster");
    examine->add_option("--context", line.cluster.context, "of the kubeconfig; else its current one")->needs("--cluster");
    examine->add_option("--storage-class", line.cluster.storage_class, "that worlds are to get; else the default one")->needs("--cluster");
    local(examine, line, [&line](const Output& output) { return line.flag ? cluster_doctor(output, line.cluster) : doctor(output, line.place); });
}

void add_serve(CLI::App& root, CommandLine& line) {
    auto* serve = root.add_subcommand("serve", "run the control plane");
    serve->add_option("--config", line.serve.config_file, "YAML file with any of the keys below");
    serve->add_flag("--check-config", line.serve.check_only, "check the configuration and end");
    for (const auto& key : config_keys()) {
        if (key.name == "state") continue;  // --state stands before every command too.
        serve->add_option_function<std::string>(
            "--" + std::string(key.name),
            [&line, name = std::string(key.name)](const std::string& text) { line.serve.said[name] = {text, "--" + name}; }, std::string(key.help));
    }
    serve->callback([&line] {
        line.run = [&line] {
            if (!line.place.state.empty()) line.serve.said["state"] = {line.place.state, "--state"};
            return serve_main(line.serve);
        };
    });
}

// Names for completion; none when the API does not answer.
std::vector<std::string> names_from_api(NameKind kind, const std::map<std::string, std::string>& said) {
    const auto of = [&said](const char* option) { return said.contains(option) ? said.at(option) : std::string(); };
    std::vector<std::string> out;
    auto place = find_api({.socket = of("--socket"), .url = of("--url"), .key = of("--key"), .authorities = of("--ca"), .state = of("--state")});
    if (!place) return out;
    ApiClient api(std::move(*place));
    const auto* list = kind == NameKind::server ? "/v1/servers" : kind == NameKind::game ? "/v1/games" : "/v1/packages";
    const auto reply = api.call({.path = list + std::string("?limit=1000"), .patience = std::chrono::seconds(1)});
    if (!reply) return out;
    for (const auto& item : items_of(reply->body)) out.push_back(text_at(item, kind == NameKind::server ? "id" : "name"));
    return out;
}

void add_completion(CLI::App& root, CommandLine& line) {
    auto* app = root.add_subcommand("completion", "shell code for completion: gamekeeper completion bash > /etc/bash_completion.d/gamekeeper");
    app->add_option("SHELL", line.text, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    app->callback([&line] {
        line.run = [&line] {
            fmt::print("{}", completion_script(line.text));
            return static_cast<int>(exit_ok);
        };
    });
}

void add_manifests(CLI::App& root, CommandLine& line) {
    auto* app = root.add_subcommand("manifests", "what a Kubernetes cluster needs: gamekeeper manifests | kubectl apply --server-side -f -");
    auto* only_kinds = app->add_flag("--definitions", line.flag, "only the kinds GameServer and Game");
    app->add_flag("--edge-keys", line.makes_edge_keys, "instead: new Secrets by which edges and the control plane know each other")
        ->excludes(only_kinds);
    app->add_option("--namespace", line.cluster.space, "of the control plane, for --edge-keys (gamekeeper-system)");
    app->add_option("--edge-namespace", line.edge_space, "of the edges, for --edge-keys (gamekeeper-edge)");
    app->callback([&line] {
        line.run = [&line] {
            fmt::print("{}", line.makes_edge_keys ? edge_keys(line.cluster.space, line.edge_space) : line.flag ? definitions() : manifests());
            return static_cast<int>(exit_ok);
        };
    });
}

}  // namespace

namespace {

std::vector<std::string> names_below(const CLI::App& app) {
    std::vector<std::string> out;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) out.push_back(command->get_name());
    return out;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known, const std::string& before) {
    const auto close = nearest(word, std::vector<std::string_view>(known.begin(), known.end()));
    return close.empty() ? std::string() : fmt::format("; did you mean '{}{}'?", before, close);
}

// What was typed is no command: says what is wrong with it, or shows what could follow.
int misused(const CLI::App& root, const CLI::ParseError& error, const std::vector<std::string>& words) {
    const auto at = position_behind(root, words);
    const auto below = names_below(*at.command);
    CommandError out{.exit = exit_usage, .message = error.what(), .details = {at.path + " --help   shows how it is used"}};
    if (!at.stranger.empty()) {
        out.message = fmt::format("there is no command '{} {}'{}", at.path, at.stranger, did_you_mean(at.stranger, below, at.path + " "));
    } else if (!at.strange_flag.empty()) {
        out.message = fmt::format("'{}' has no option '{}'{}", at.path, at.strange_flag, did_you_mean(at.strange_flag, flags_of(*at.command), ""));
    } else if (!below.empty() && at.command->get_require_subcommand_min() > 0) {
        const auto outer = at.path.rfind(' ');
        fmt::print(stderr, "{}", at.command->help(outer == std::string::npos ? "" : at.path.substr(0, outer)));
        return exit_usage;
    }
    return report(out);
}

void add_edge(CLI::App& root, CommandLine& line) {
    auto* edge = root.add_subcommand("edge", "relay players to servers, also while they sleep");
    auto* file = edge->add_option("--routes", line.edge.routes, "file with the routes; read again at SIGHUP");
    edge->add_option("--connect", line.edge.connect, "instead: socket of the control plane, or tls://HOST:PORT; with --state, the edge's own folder")
        ->excludes(file);
    edge->add_option("--certificate", line.edge.certificate, "with tls://: PEM file of what the edge shows");
    edge->add_option("--key", line.edge.key, "with tls://: PEM file of its key");
    edge->add_option("--authority", line.edge.authority, "with tls://: PEM file of who signed what the control plane shows");
    edge->add_option("--loops", line.edge.loops, "threads that relay (one for each processor)");
    edge->add_option("--control", line.edge.control, "socket by which another edge takes over from this one (in the folder of --state)");
    edge->add_flag("--takeover", line.edge.takes_over, "take over from the edge that listens at --control, with all who play");
    edge->add_option("--drain", line.edge_drain, "how long SIGTERM waits for players to leave, for example 10m (0s)");
    remote(edge->add_subcommand("routes", "where players come for which server"), line, list_edge_routes);
    remote(edge->add_subcommand("sessions", "who plays through it: routes with how many"), line, list_edge_sessions);
    remote(edge->add_subcommand("stats", "the edges that run, and what they have counted"), line, show_edge_stats);
    remote(edge->add_subcommand("bans", "who is kept out of all games"), line, list_edge_bans);
    auto* ban = edge->add_subcommand("ban", "keep an address, or a block like 203.0.113.0/24, out of all games, from now on");
    ban->add_option("address", line.text)->required()->type_name("ADDRESS");
    ban->add_option("--for", line.second, "how long, like 1h (until it is lifted)")->type_name("DURATION");
    remote(ban, line, [&line](ApiClient& api, const Output& output) { return ban_address(api, output, line.text, line.second); });
    auto* unban = edge->add_subcommand("unban", "let it play again");
    unban->add_option("address", line.text)->required()->type_name("ADDRESS");
    remote(unban, line, [&line](ApiClient& api, const Output& output) { return unban_address(api, output, line.text); });
    edge->require_subcommand(0, 1);
    edge->callback([edge, &line] {
        if (!edge->get_subcommands().empty()) return;
        if (line.edge.routes.empty() && line.edge.connect.empty()) throw CLI::RequiredError("--routes FILE or --connect SOCKET");
        if (!line.edge.connect.empty() && line.place.state.empty()) throw CLI::RequiredError("--state DIR, which goes with --connect,");
        const bool has_keys = !line.edge.certificate.empty() && !line.edge.key.empty() && !line.edge.authority.empty();
        if (line.edge.connect.starts_with("tls://") && !has_keys)
            throw CLI::RequiredError("--certificate FILE, --key FILE and --authority FILE, which go with tls://,");
        line.edge.folder = line.place.state;
        if (line.edge.control.empty() && !line.place.state.empty()) line.edge.control = line.place.state + "/hand-over.sock";
        if (line.edge.takes_over && line.edge.control.empty()) throw CLI::RequiredError("--control SOCKET, which goes with --takeover,");
        const auto drain = parse_duration(line.edge_drain);
        if (!drain) throw CLI::ValidationError("--drain", fmt::format("'{}' is no duration; write for example 10m", line.edge_drain));
        line.edge.drain = *drain;
        line.run = [&line] { return edge_main(line.edge); };
    });
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CommandLine line;
    CLI::App root("Gamekeeper runs dedicated game servers: worlds that are never lost.", "gamekeeper");
    root.set_version_flag("--version", GK_VERSION);
    root.footer(exit_codes);
    root.require_subcommand(1);
    root.fallthrough();
    root.add_option("--socket", line.place.socket, "Unix socket of the API");
    root.add_option("--url", line.place.url, "URL of the API (GK_URL)");
    root.add_option("--ca", line.place.authorities, "PEM file of whom to trust for an https URL (GK_CA)");
    root.add_option("--key", line.place.key, "API key (GK_KEY)");
    root.add_option("--kubeconfig", line.place.kubeconfig, "path: log in with the token that kubectl uses (GK_KUBECONFIG)");
    root.add_option("--context", line.place.context, "of the kubeconfig, likewise (GK_CONTEXT)");
    root.add_option("--state", line.place.state, "state folder (GK_STATE)");
    root.add_option("-o,--output", line.format, "table or json")->check(CLI::IsMember({"table", "json"}));
    add_server(root, line);
    add_catalog(root, line);
    add_nodes(root, line);
    add_notices(root, line);
    add_others(root, line);
    add_serve(root, line);
    add_edge(root, line);
    add_manifests(root, line);
    add_matchmaking_commands(root, line.matchmaking, [&line](CLI::App* app, Remote run) { remote(app, line, std::move(run)); });
    add_queue_trace(root, line.trace, [&line](CLI::App* app, Remote run) { remote(app, line, std::move(run)); });
    add_match_rules(root, line.rules, [&line](CLI::App* app, auto run) { local(app, line, std::move(run)); });
    add_match_commands(root, line.matches, line.place, line.format, line.run);
    add_completion(root, line);
    if (argc > 1 && std::string_view(argv[1]) == "__complete") {
        for (const auto& candidate : completions(root, {argv + 2, argv + argc}, names_from_api)) fmt::print("{}\n", candidate);
        return exit_ok;
    }
    try {
        root.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return error.get_exit_code() == 0 ? root.exit(error) : misused(root, error, {argv + 1, argv + argc});
    }
    line.output.screen = screen_of(stdout);
    line.output.json = line.format == "json";
    line.output.wait = !line.no_wait;
    if (!line.patience.empty()) {
        const auto patience = parse_duration(line.patience);
        if (!patience)
            return report({.exit = exit_usage, .message = fmt::format("--timeout '{}' is no duration; write for example 5m", line.patience)});
        line.output.patience = *patience;
    }
    return line.run();
}

}  // namespace gk::programs
