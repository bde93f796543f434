#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "net/http/endpoint.hpp"
#include "wire/match/referee.hpp"

namespace gk::programs {

// What a match server was told by flags or, where there is none, by the environment; texts as they were given. Empty: nothing was said.
struct MatchServerWish {
    std::string session;         // --session, SESSION_ID
    std::string players;         // --players, PLAYERS: a JSON list of player ids
    std::string fleet;           // --fleet, FLEET
    std::string port;            // --port, PORT
    std::string address;         // --address
    std::string empty_time;      // --empty-time: durations such as 60s
    std::string open_time;       // --open-time
    std::string first_line_time; // --first-line-time
    std::string clients_max;     // --clients-max
    std::string token_key;       // MATCH_TOKEN_KEY
    std::string token_key_file;  // --token-key-file
    bool many = false;           // --many
};

struct MatchServerOptions {
    std::string session;               // Empty with `many`, and of one begun ahead until allocate() says which match.
    std::vector<std::string> players;  // Empty: whoever comes.
    net::Endpoint listen;
    wire::match::RefereeLimits referee;
    std::size_t clients_max = 1000;                         // Of one match.
    Milliseconds first_line_time = std::chrono::seconds(60);  // Whoever says nothing for that long is dropped.
    Secret token_key;                                       // Empty: nobody is asked for a token.
    bool many = false;                                      // Serves any number of matches, and stays when they end.

    // Of all matches, and of those who have not said yet to which they belong.
    std::size_t connections_max() const { return many ? 100'000 : 2 * clients_max + 32; }
};

// The error names the flag or variable, what is wrong with it and what would be right.
Result<MatchServerOptions, std::string> match_server_options(const MatchServerWish& wish);

// "ALLOCATE <id> <JSON list of players>", as app/fleet/starter.cpp says it: the match of a server that waits, and later, of the same match, who plays
// it now that others have come in. The error is a sentence.
Result<Success, std::string> allocate(std::string_view line, MatchServerOptions& options);

// What a match may be called: 1 to 64 letters, digits, '-', '_', '.' and ':'.
bool is_session_name(std::string_view text);

}  // namespace gk::programs
