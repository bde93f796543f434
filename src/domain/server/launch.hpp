#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "domain/server/exposure.hpp"
#include "domain/server/toleration.hpp"
#include "domain/server/types.hpp"

// How one game process is started, watched, asked and stopped. A game definition describes it with placeholders (domain/catalog);
// rendered for one server it is a LaunchSpec, which a runtime hands to the shim.
namespace gk::server {

// Protocols by which a server can be asked whether a player could join, and who plays.
enum class QueryProtocol : std::uint8_t { none, tcp_connect, minetest, teeworlds };
inline constexpr auto query_protocol_names = std::to_array<std::string_view>({"none", "tcp", "minetest", "teeworlds"});
constexpr std::span<const std::string_view> names_of(QueryProtocol) { return query_protocol_names; }

// Ready when the log line was seen *and* the protocol answered; either may be absent, not both.
struct ReadyProbe {
    std::string log_pattern;  // POSIX extended expression, searched in each line after ANSI codes are stripped; empty: not asked.
    QueryProtocol protocol = QueryProtocol::none;
    std::string role = "game";  // Which port is asked.
    Milliseconds timeout = std::chrono::seconds(60);
    bool operator==(const ReadyProbe&) const = default;
};

// The ways to end a game, tried in order; each is given its time before the next. SIGKILL to everything in the sandbox always ends the list.
struct StopRung {
    enum class Kind : std::uint8_t { command, signal };
    Kind kind = Kind::signal;
    std::string command;  // Typed into the console.
    int signal = 15;
    Milliseconds wait = std::chrono::seconds(30);
    bool operator==(const StopRung&) const = default;
};

// The channel for commands.
struct Console {
    enum class Kind : std::uint8_t { none, input, econ, rcon };
    Kind kind = Kind::none;
    std::string role;        // The internal port of econ and rcon.
    std::string secret;      // Name of the record's secret with the password.
    bool operator==(const Console&) const = default;
};
inline constexpr auto console_kind_names = std::to_array<std::string_view>({"none", "stdin", "econ", "rcon"});
constexpr std::span<const std::string_view> names_of(Console::Kind) { return console_kind_names; }

// What makes the files on disk whole while the game runs. `after` is sent whatever happened, also after a crash of ours.
struct Quiesce {
    std::vector<std::string> before;  // Commands, in order; the last one flushes.
    std::string confirm_pattern;      // Log line that says the flush is done; empty: the commands' return is enough.
    std::vector<std::string> after;
    Milliseconds timeout = std::chrono::seconds(30);
    bool operator==(const Quiesce&) const = default;
};

struct PlayerSource {
    QueryProtocol protocol = QueryProtocol::none;
    std::string role = "game";
    std::string join_pattern;   // POSIX extended expressions whose first group is the player's name.
    std::string leave_pattern;
    bool operator==(const PlayerSource&) const = default;
};

// Where a path of the sandbox comes from.
struct ReadOnlyMount {
    std::string source;  // On this machine.
    std::string target;  // In the sandbox.
    bool operator==(const ReadOnlyMount&) const = default;
};

// Where a game of a cluster comes from.
struct Image {
    std::string reference;
    bool has_shim = true;  // Else gk-shim is copied beside it.
    std::optional<std::uint32_t> user = {};  // uid that its files are made for; absent: that of all games.
    bool writable_root = false;              // The game writes beside its world, too; what it writes there goes with the pod.
    std::map<std::string, std::string> node_selector = {};  // Labels of the nodes that it runs on, besides those that the installation asks for.
    std::vector<Toleration> tolerations = {};               // Taints of nodes, besides those that the installation names.
    bool operator==(const Image&) const = default;
};

// A program that runs in a container of its own before the game, with the shared folder and without the world.
struct InitContainer {
    std::string name;
    std::string image;
    std::vector<std::string> argv;
    bool operator==(const InitContainer&) const = default;
};

struct LaunchSpec {
    ServerUid uid;
    std::string name;    // "space/id", for process lists and logs.
    std::uint32_t slot = 0;
    std::vector<std::string> argv;  // Never a shell.
    std::map<std::string, std::string> env;
    std::string working_directory = "/data";
    std::vector<ReadOnlyMount> mounts;  // Besides the system's /usr, /lib, /bin, /etc essentials; the world is at /data.
    bool terminal = false;              // A pseudo-terminal instead of pipes.
    Resources resources;
    std::vector<PortBinding> ports;
    std::string bind_address = "0.0.0.0";
    ReadyProbe ready;
    std::vector<StopRung> stop;
    Console console;
    Secret console_password;
    Quiesce quiesce;
    PlayerSource players;
    std::int64_t log_file_bytes = 8 << 20;  // Rotated at this size ...
    int log_files = 4;                      // ... keeping this many.
    std::optional<Image> image;             // On a cluster.
    std::vector<InitContainer> init;        // Likewise; one after the other.
    std::optional<Exposure> exposure;       // Likewise; absent: as the cluster is configured.
    bool operator==(const LaunchSpec&) const = default;
};

}  // namespace gk::server
