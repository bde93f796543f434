#pragma once

#include <string>
#include <string_view>

#include "api/context.hpp"
#include "api/match/match_context.hpp"
#include "app/files/world_files.hpp"
#include "net/http/router.hpp"

// The routes of the first two originals (facts in docs/guide/from-the-originals.md), each with its own replies and errors. They are translations
// of our use cases: what they do, and what they refuse, is decided where it is for everybody.
namespace gk::api::compat {

// Configuration keys compat.*.
struct Options {
    bool anonymous = false;                            // Lets in who sends no key, as the originals did; on this machine only.
    Milliseconds wait = std::chrono::seconds(120);     // How long calls wait that block in the original.
    bool health_of_matchmaking = false;                // GET /health speaks for the second original's matchmaking instead of the first one.
    std::string queue;                                 // Of the second original's players.
    std::string_view keeps_matches_in = "sqlite";      // Or "postgres": `source` of the second original's sessions.
    std::string game = "minecraft-java";               // What a server is of that names no game.
    bool eula_accepted = false;                        // The operator has read the games' licences and accepts them for servers made here.
};

// Made by the program, outlives every request.
struct Compat {
    Context& api;
    app::WorldFiles& files;
    MatchContext* matches = nullptr;  // Null: no queue is configured for the second original's players.
    Options options;
    Value description;  // api/originals.yaml, for GET /openapi-originals.json.
};

// `compat` must outlive the router.
void add_routes(net::Router& router, Compat& compat);

// Each original adds its own; add_routes() calls them all.
void add_seed000_server_routes(net::Router& router, Compat& compat);
void add_seed000_file_routes(net::Router& router, Compat& compat);
void add_seed000_other_routes(net::Router& router, Compat& compat);
void add_seed001_routes(net::Router& router, Compat& compat);
void add_seed002_routes(net::Router& router, Compat& compat);

}  // namespace gk::api::compat
