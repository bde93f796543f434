#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.hpp"
#include "domain/wake/doorman.hpp"
#include "domain/wake/reply_merge.hpp"
#include "edge/routes.hpp"
#include "edge/socket.hpp"
#include "wire/probe/teeworlds.hpp"

// All that a relay knows and the table of routes does not say: what one edge hands over to the next (docs/adr/0028). Instants are those of the
// machine's monotonic clock, which all processes share.
namespace gk::edge {

struct UdpCounts {
    std::uint64_t from_players = 0;    // Datagrams.
    std::uint64_t to_players = 0;
    std::uint64_t ignored = 0;         // Junk and knocks that were not believed.
    std::uint64_t answered = 0;        // Questions, while asleep.
    std::uint64_t unanswered = 0;      // For want of budget.
    std::uint64_t refused_full = 0;    // No room for a session.
    std::uint64_t too_many = 0;        // Datagrams, and new sessions, beyond what one player or source may.
    std::uint64_t upstream_lost = 0;   // Sessions whose game refused a datagram.
    std::uint64_t switched = 0;        // Sessions whose game was lost, and another one took its place.
    UdpCounts& operator+=(const UdpCounts& other);
};

// A teeworlds player who got his token from us, while the game slept: `games` is asked of the game in his name, with `own`, his own.
struct TokenExchange {
    wire::probe::teeworlds::Token ours{};
    wire::probe::teeworlds::Token own{};
    std::optional<wire::probe::teeworlds::Token> games;
    std::vector<std::vector<std::byte>> waiting;
    wake::Instant asked{0};
};

struct UdpSessionState {
    Endpoint player;                // Where his datagrams come from.
    Endpoint source;                // Who he is: another one where a proxy speaks for him.
    std::optional<wake::Address> asked{};  // The one of our addresses that he talks to, where we listen at all of them.
    std::vector<std::byte> introduction;  // What tells the game so, before each datagram.
    Descriptor game;  // By which the game knows this player.
    wake::Instant heard{0};  // From the player.
    bool was_answered = false;
    bool is_confirmed = false;  // He said something after an answer, so he is where his datagrams claim.
    std::optional<TokenExchange> exchange;
    wake::Bucket::Level allowance;  // Of datagrams.
    std::vector<Descriptor> copies;  // To the other games that hear him.
    std::optional<wake::ReplyMerge::State> merge;  // When one of those may take the place of his game.
};

// What somebody said who waits for the server.
struct UdpHeld {
    std::vector<std::vector<std::byte>> datagrams;
    std::size_t bytes = 0;
    wake::Instant until{0};
    std::optional<wake::Address> asked{};  // As of a session.
};

struct UdpRelayState {
    Descriptor socket;
    std::string server;
    GameProtocol protocol = GameProtocol::generic;
    UdpCounts counts;
    wake::Doorman::Memory door;
    std::vector<UdpSessionState> sessions;
    std::vector<std::pair<Endpoint, UdpHeld>> held;
};

struct TcpCounts {
    std::uint64_t accepted = 0;
    std::uint64_t refused_full = 0;
    std::uint64_t too_many = 0;         // Beyond what one source may in a second.
    std::uint64_t dropped_waiting = 0;  // Made room for others, or took too long to say what they want.
    std::uint64_t junk = 0;
    std::uint64_t answered = 0;         // Lists, while asleep.
    std::uint64_t upstream_lost = 0;    // The game was not there.
    TcpCounts& operator+=(const TcpCounts& other);
};

enum class TcpStage : std::uint8_t { introducing, opening, answering, held, connecting, relaying, goodbye };

// The player's end of a session, or the game's.
struct TcpSideState {
    Descriptor socket;
    std::vector<std::byte> unsent;  // To this side; the other one is not read while there is any.
    bool has_ended = false;         // Nothing more comes from it.
    bool was_told = false;          // That nothing more goes to it.
};

struct TcpSessionState {
    Endpoint source;                // Who the player is: not the peer of the socket where a proxy speaks for him.
    std::optional<Endpoint> destination;  // Where he came to, as that says.
    TcpStage stage = TcpStage::opening;
    TcpSideState player;
    TcpSideState game;              // Without a socket until there is one.
    std::string host;               // By which its route is found; once it said what it wants.
    std::int32_t protocol = 0;      // Of Minecraft.
    std::vector<std::byte> first;   // Until it is replayed.
    std::uint64_t read_of_first = 0;  // While lists are answered.
    wake::Instant until{0};
    wake::Instant heard{0};
};

struct TcpDoorState {
    std::string server;
    wake::Doorman::Memory door;
};

struct TcpRelayState {
    Descriptor listener;
    StreamProtocol protocol = StreamProtocol::generic;
    TcpCounts counts;
    std::vector<TcpDoorState> doors;
    std::vector<TcpSessionState> sessions;
};

// By the addresses that players come to.
struct ShardState {
    std::map<Endpoint, UdpRelayState> datagrams;
    std::map<Endpoint, TcpRelayState> streams;
};

struct EdgeState {
    SecretHash::Key tokens{};
    std::vector<ShardState> shards;  // One for each loop: each reads sockets of its own.
};

}  // namespace gk::edge
