#include "programs/cli/match_commands.hpp"

#include <cstdlib>

#include <CLI/CLI.hpp>

#include "programs/load/load.hpp"
#include "programs/match_server/match_server.hpp"

namespace gk::programs {
namespace {

void add_match_server(CLI::App& root, MatchServerWish& wish, std::function<int()>& run) {
    auto* app = root.add_subcommand("match-server", "serve one match by the line protocol, until it is over");
    app->add_option("--session", wish.session, "which match this is")->envname("SESSION_ID");
    app->add_option("--players", wish.players, "JSON list of who plays; without, whoever comes")->envname("PLAYERS");
    app->add_option("--fleet", wish.fleet, "begun ahead: standard input says which match it gets, as ALLOCATE ID PLAYERS")->envname("FLEET");
    app->add_option("--port", wish.port, "where to listen (8080); 0: any that is free")->envname("PORT");
    app->add_option("--address", wish.address, "on which address (0.0.0.0)");
    app->add_option("--empty-time", wish.empty_time, "how long it stays open without anybody (60s)");
    app->add_option("--open-time", wish.open_time, "how long it stays open with somebody who does not begin it (10m)");
    app->add_option("--first-line-time", wish.first_line_time, "how long somebody may say nothing (60s; 10s with --many or tokens)");
    app->add_option("--clients-max", wish.clients_max, "connections at most (as many as there are players, else 1000)");
    app->add_option("--token-key-file", wish.token_key_file, "let in only players with a join token that this key has made (MATCH_TOKEN_KEY)");
    app->add_flag("--many", wish.many, "serve any number of matches, whose lines begin with SESSION ID; ends by a signal only");
    app->callback([&wish, &run] {
        run = [&wish] {
            // Not an option: command lines are seen by everybody on the machine.
            if (const char* key = std::getenv("MATCH_TOKEN_KEY")) wish.token_key = key;
            return match_server_main(wish);
        };
    });
}

CLI::App* load_options_of(CLI::App& root, LoadWish& wish) {
    auto* app = root.add_subcommand("load", "play: clients that join, wait, connect, play and end, with figures at the end");
    app->add_option("CLIENTS", wish.clients, "how many (50)")->envname("CLIENTS");
    app->add_option("--url", wish.url, "whom to join (http://localhost:8080)")->envname("TARGET_URL");
    app->add_option("--match-duration", wish.match_duration, "seconds to play, or for example 2m (30)")->envname("MATCH_DURATION");
    app->add_option("--spawn-rate", wish.spawn_rate, "clients that begin in a second (0: all at once)")->envname("SPAWN_RATE");
    app->add_option("--host-override", wish.host_override, "where match servers are, whatever the front says")->envname("GAME_SERVER_HOST_OVERRIDE");
    app->add_option("--api", wish.api, "routes to use: original (/api/match) or v1 (/v1/tickets) (original)");
    app->add_option("--queue", wish.queue, "with --api v1: which queue to join (demo)");
    app->add_option("--wait", wish.wait, "poll: ask each half a second; hold: the answer is held back (poll; with --api v1 hold)");
    app->add_option("--connections", wish.connections, "HTTP connections at most (200; with --wait hold one for each client)");
    app->add_option("--rounds", wish.rounds, "life cycles of each client, one after the other (1)");
    app->add_option("--match-limit", wish.match_limit, "how long to wait for a match (60s)");
    app->add_option("--connect-limit", wish.connect_limit, "how long to try to reach its server (60s)");
    return app;
}

void add_load(CLI::App& root, LoadWish& wish, const PlaceWish& place, const std::string& format, std::function<int()>& run) {
    auto* app = load_options_of(root, wish);
    app->add_option("--max-errors", wish.errors_max, "life cycles that may fail, or how many in a hundred, such as 1% (0)");
    app->add_option("--p99-join", wish.p99_join, "limit for the time to join, such as 100ms");
    app->add_option("--p99-match", wish.p99_match, "limit for the time to a match");
    app->add_option("--p99-connected", wish.p99_connected, "limit for the time until connected to its server");
    app->add_flag("--many", wish.many, "match servers serve many: name the match first");
    app->add_flag("-v,--verbose", wish.verbose, "print what every client does");
    app->callback([&wish, &place, &format, &run] {
        run = [&wish, &place, &format] {
            const char* key = std::getenv("GK_KEY");
            wish.key = !place.key.empty() || key == nullptr ? place.key : key;
            return load_main(wish, {.json = format == "json", .authorities = place.authorities});
        };
    });
}

}  // namespace

void add_match_commands(CLI::App& root, MatchWishes& wishes, const PlaceWish& place, const std::string& format, std::function<int()>& run) {
    add_match_server(root, wishes.server, run);
    add_load(root, wishes.load, place, format, run);
}

}  // namespace gk::programs
