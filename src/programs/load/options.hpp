#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_names.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "net/http_client/client.hpp"

namespace gk::programs {

// What `gamekeeper load` was told by flags or, where there is none, by the environment; texts as they were given. Empty: nothing was said.
struct LoadWish {
    std::string clients;         // CLIENTS, CLIENTS in the environment
    std::string url;             // --url, TARGET_URL
    std::string match_duration;  // --match-duration, MATCH_DURATION
    std::string spawn_rate;      // --spawn-rate, SPAWN_RATE
    std::string host_override;   // --host-override, GAME_SERVER_HOST_OVERRIDE
    std::string api;             // --api
    std::string queue;           // --queue
    std::string wait;            // --wait
    std::string connections;     // --connections
    std::string rounds;          // --rounds
    std::string match_limit;     // --match-limit
    std::string connect_limit;   // --connect-limit
    std::string errors_max;      // --max-errors
    std::string p99_join;        // --p99-join
    std::string p99_match;       // --p99-match
    std::string p99_connected;   // --p99-connected
    std::string key;             // --key, GK_KEY
    bool many = false;           // --many
    bool verbose = false;        // --verbose
};

enum class LoadApi : std::uint8_t { original, v1 };
inline constexpr auto load_api_names = std::to_array<std::string_view>({"original", "v1"});
constexpr std::span<const std::string_view> names_of(LoadApi) { return load_api_names; }

// poll: players ask again and again. hold: the front holds the answer back until there is one.
enum class LoadWait : std::uint8_t { poll, hold };
inline constexpr auto load_wait_names = std::to_array<std::string_view>({"poll", "hold"});
constexpr std::span<const std::string_view> names_of(LoadWait) { return load_wait_names; }

// What a run has to keep for its exit status to be 0.
struct LoadLimits {
    double errors_max = 0;            // Life cycles that failed ...
    bool errors_are_percent = false;  // ... or how many in a hundred.
    std::optional<Milliseconds> p99_join, p99_match, p99_connected;
};

struct LoadOptions {
    std::size_t clients = 50;
    std::size_t rounds = 1;  // Life cycles of each client, one after the other.
    net::Remote target;
    double match_seconds = 30;
    double spawn_rate = 0;      // Clients that begin in a second; 0: all at once.
    std::string host_override;  // Where match servers are, whatever the front says; empty: as it says.
    LoadApi api = LoadApi::original;
    std::string queue = "demo";
    LoadWait wait = LoadWait::poll;
    std::size_t connections = 200;  // To the front, at the same time.
    Milliseconds match_limit = std::chrono::seconds(60);    // From joining on.
    Milliseconds connect_limit = std::chrono::seconds(60);  // From the match on.
    LoadLimits limits;
    Secret key;
    bool many = false;     // The match server serves many: its lines begin with SESSION.
    bool verbose = false;  // What each client does goes to standard error.
};

// The error names the flag or variable, what is wrong with it and what would be right.
Result<LoadOptions, std::string> load_options(const LoadWish& wish);

}  // namespace gk::programs
