#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

// What gk-shim must know to run one game: the file `run/spec`. Written by a host, read once at the start of the shim.
namespace gk::wire::shim {

inline constexpr std::size_t spec_size_max = 256 * 1024;

// direct: the shim executes the game itself. runc: it calls `runc run --detach` and becomes the parent of the container's first process.
enum class Mode : std::uint8_t { direct, runc };
inline constexpr auto mode_names = std::to_array<std::string_view>({"direct", "runc"});
constexpr std::span<const std::string_view> names_of(Mode) { return mode_names; }

enum class Query : std::uint8_t { none, tcp_connect, minetest, teeworlds };
inline constexpr auto query_names = std::to_array<std::string_view>({"none", "tcp", "minetest", "teeworlds"});
constexpr std::span<const std::string_view> names_of(Query) { return query_names; }

// A port of the game as the shim reaches it. `address` is numeric, IPv4 or IPv6.
struct Target {
    Query query = Query::none;
    std::string address = "127.0.0.1";
    Port port{};
    bool operator==(const Target&) const = default;
};

// Mode direct.
struct Program {
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;  // All of it; nothing is inherited.
    std::string working_directory;           // On this machine.
    std::uint32_t files_max = 4096;          // RLIMIT_NOFILE.
    std::uint64_t memory_bytes_max = 0;      // RLIMIT_DATA; 0: no limit.
    bool operator==(const Program&) const = default;
};

// Mode runc: runc --root ROOT run --detach --bundle BUNDLE --pid-file FILE ID. The bundle's process has `terminal: false` in any case: the
// shim hands over pipes or a pseudo-terminal as standard streams.
struct Container {
    std::string runc;  // Path of the program.
    std::string root;
    std::string bundle;
    std::string id;
    std::string cgroup_root;  // Where the hierarchies are mounted ...
    std::string cgroup;       // ... and the game's group below it, made before the shim starts; empty: there is none.
    bool operator==(const Container&) const = default;
};

// Taken for good once the game runs, when the shim was started as root.
struct Identity {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t client_gid = 0;  // The control plane's group.
    bool operator==(const Identity&) const = default;
};

struct Ready {
    std::string log_pattern;  // POSIX extended; empty: not asked.
    Target target;            // Query::none: not asked.
    Milliseconds timeout{60'000};
    bool operator==(const Ready&) const = default;
};

struct Rung {
    enum class Kind : std::uint8_t { command, signal };
    Kind kind = Kind::signal;
    std::string command;
    std::uint8_t signal = 15;
    Milliseconds wait{30'000};
    bool operator==(const Rung&) const = default;
};
constexpr std::span<const std::string_view> names_of(Rung::Kind) {
    static constexpr auto names = std::to_array<std::string_view>({"command", "signal"});
    return names;
}

struct Console {
    enum class Kind : std::uint8_t { none, input, econ };
    Kind kind = Kind::none;
    Target target;  // Of econ.
    std::string password;
    bool operator==(const Console&) const = default;
};
constexpr std::span<const std::string_view> names_of(Console::Kind) {
    static constexpr auto names = std::to_array<std::string_view>({"none", "stdin", "econ"});
    return names;
}

struct Quiesce {
    std::vector<std::string> before;
    std::string confirm_pattern;
    std::vector<std::string> after;
    Milliseconds timeout{30'000};
    bool operator==(const Quiesce&) const = default;
};

struct Players {
    Target target;
    std::string join_pattern;  // The first group is the name.
    std::string leave_pattern;
    Milliseconds every{5'000};  // Between two queries.
    bool operator==(const Players&) const = default;
};

struct Logging {
    std::uint64_t file_bytes = 8 << 20;
    std::uint32_t files = 4;
    bool operator==(const Logging&) const = default;
};

struct Spec {
    Epoch epoch{};  // Of the leader that starts it: commands of older ones are refused from the beginning.
    ServerUid server;
    std::string name;  // For people, in the process list.
    Mode mode = Mode::direct;
    Program program;
    Container container;
    std::optional<Identity> identity;  // Absent: nothing is changed (no root).
    bool terminal = false;
    Ready ready;
    std::vector<Rung> stop;
    Console console;
    Quiesce quiesce;
    Players players;
    Logging log;
    bool operator==(const Spec&) const = default;
};

// not_ours: another kind of file. bad_value: a number outside its range, an unknown enumerator, a list that is too long.
enum class ParseError : std::uint8_t { not_ours, bad_version, bad_length, bad_value };
inline constexpr auto parse_error_names = std::to_array<std::string_view>({"not_ours", "bad_version", "bad_length", "bad_value"});
constexpr std::span<const std::string_view> names_of(ParseError) { return parse_error_names; }

// "GKSP", a version byte, a 32-bit count of the bytes behind it, the fields in the order of the structure.
std::vector<std::byte> encode(const Spec& spec);
// Accepts exactly what encode() writes, at most spec_size_max bytes.
Result<Spec, ParseError> decode_spec(ByteSpan bytes);

}  // namespace gk::wire::shim
