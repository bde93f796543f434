#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/error.hpp"
#include "app/game_book.hpp"
#include "app/memory_room.hpp"
#include "domain/fleet/fleet.hpp"
#include "domain/match/match.hpp"
#include "ports/fleet_store.hpp"
#include "ports/port_map.hpp"
#include "ports/random.hpp"
#include "ports/runtime.hpp"

namespace gk::app {

// What a new match server is for.
struct FleetOrder {
    std::string name;
    std::string game;
    std::string package;
    std::map<std::string, Value> settings;
    std::string fleet;             // Empty: for `match`.
    std::string beside{};          // As FleetServer says.
    std::uint64_t generation = 1;
    std::optional<match::Match> match;
};

// Everything that a match server needs of this machine or cluster, from its ports to the last file: begun and removed. Knows no fleets.
class Starter {
public:
    struct Ports {
        Runtime& runtime;
        PortMap& port_map;
        Random& random;
        const GameBook& games;
        std::string public_host;
        std::string api{};  // URL of the API, as match servers reach it; empty: they are not told.
        std::function<std::optional<server::Resources>(const std::string& game, const std::string& package)> resources;
        // How its players reach a server of that game and package; nothing on one machine. The error is a sentence: not in the way that they say.
        using Way = Result<std::optional<server::Exposure>, std::string>;
        std::function<Way(const std::string& game, const std::string& package)> way = [](const auto&, const auto&) -> Way { return std::nullopt; };
        // What else the server of a match finds in its environment; one that waits already is told it with its match.
        using Environment = std::map<std::string, std::string>;
        std::function<Environment(const match::Match&)> more = [](const match::Match&) { return Environment(); };
        MemoryRoom* room = nullptr;  // Of this machine; null: others say what there is room for, as a cluster's scheduler does.
    };
    explicit Starter(Ports ports) : ports_(std::move(ports)) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    struct Prepared {
        FleetServer server;
        std::optional<MemoryRoom::Hold> memory;
    };
    // Takes a uid, memory and ports. Nothing runs yet, and nothing of it is on disk. `exhausted` with the code "no_room" when it does not fit now.
    Answer<Prepared> prepare(FleetOrder order, std::uint32_t slot);
    // At a takeover: what it has already.
    std::optional<MemoryRoom::Hold> hold_memory(const FleetServer& server) const;
    // At a takeover: these servers and no others have the ports that their rows name, whatever was known here of an earlier time.
    Answer<Success> hold_ports(std::vector<FleetServer> servers);
    // Returns when the game has been executed. Again: nothing happens.
    Answer<Success> launch(FleetServer server, FleetOrder order, Epoch epoch);
    // Tells a server that waits which match it has got: one line to its console.
    Answer<Success> tell_match(FleetServer server, const match::Match& match, Epoch epoch);
    // Shows people which match it has, where that can be seen; no player waits for it.
    Answer<Success> show_match(ServerUid uid, MatchId match, Epoch epoch);
    // Where players reach it.
    Answer<match::MatchServer> address(FleetServer server);
    // Everything of a server whose game has ended is removed. May be repeated.
    Answer<Success> remove(ServerUid uid, Epoch epoch);

private:
    Result<server::Record, Error> record_of(const FleetServer& server, const FleetOrder& order) const;

    Ports ports_;
};

// The environment of a match's server: SESSION_ID, and PLAYERS, a JSON list of ids. Requirement S1-10.
std::map<std::string, std::string> match_environment(const match::Match& match);

}  // namespace gk::app
