#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wire/shim/spec.hpp"

// The control protocol between the control plane and one gk-shim, over the Unix stream socket in the server's run folder, or over TCP to a pod,
// sealed (tls/noise). A frame is a 32-bit count of the bytes behind it, a version byte, a type byte and the fields of the message. The client
// sends requests; the shim sends one answer to each, not always in order, and a status at once after `hello` and whenever it changes.
// Shims outlive control planes: what an old one sends must stay readable, so values are added at the end and never to a structure.
namespace gk::wire::shim {

inline constexpr std::size_t frame_size_max = 64 * 1024;  // What a shim sends.
inline constexpr std::size_t request_size_max = spec_size_max + 1024;
inline constexpr std::uint8_t protocol_version = 1;
inline constexpr std::size_t command_size_max = 4096;
inline constexpr std::size_t told_size_max = 60 * 1024;  // A list of many players.
inline constexpr std::size_t tail_lines_max = 200;
inline constexpr std::size_t tail_bytes_max = 40 * 1024;  // Leaves room in a frame.
inline constexpr std::size_t player_names_max = 256;
inline constexpr std::size_t player_name_bytes_max = 64;

// What a request asks for. hello: subscribe to the status; with epoch 0 it only looks, and is never stale. quiesce lasts until resume, the
// definition's timeout, or the end of the connection that asked. acknowledge: the client has recorded the exit, the shim may end; in a pod it
// forgets the run and is idle again.
// Only a shim in a pod knows the others (wire/shim/pod.hpp). run: starts the game of the Spec in `text`; answered once it has been executed.
// files: from the answer on, this connection speaks wire/files. log: a LogQuery, answered by a LogPart. log_start: a number of lines, answered
// by the cursor that starts the last so many. follow: from now on a log that grows is a change of status. usage: answered by a PodUse.
// game_files: from the answer on, this connection brings what the game is made of (wire/shim/game_files.hpp). program: from
// the answer on, it is that of a program (wire/shim/program.hpp).
// tell: as command, but nothing is awaited from the game: answered, without a text, once the line is where the game can read it.
enum class Op : std::uint8_t {
    hello,
    stop,
    kill,
    command,
    quiesce,
    resume,
    acknowledge,
    run,
    files,
    log,
    log_start,
    follow,
    usage,
    game_files,
    program,
    tell,
};
inline constexpr auto op_names = std::to_array<std::string_view>({"hello", "stop", "kill", "command", "quiesce", "resume", "acknowledge", "run",
                                                                  "files", "log", "log_start", "follow", "usage", "game_files", "program", "tell"});
constexpr std::span<const std::string_view> names_of(Op) { return op_names; }

struct Request {
    std::uint32_t id = 0;  // Chosen by the client, repeated in the answer.
    Epoch epoch{};
    Op op = Op::hello;
    std::string text;  // The line of `command` and `tell`, without control characters; an encoded structure where Op says so.
    bool operator==(const Request&) const = default;
};

// What a shim answers to `hello`: which ops it knows. One that is asked for another hangs up.
std::string hello_text();
// Whether the shim that answered this knows `op`. Those from before `tell` said nothing.
bool knows(std::string_view hello_text, Op op);

// stale: the epoch is lower than one the shim has seen. not_found: the game has no such thing (no console, nothing to quiesce), or has
// ended. invalid: the request itself is at fault. unavailable: it did not work this time; `text` says why.
enum class Outcome : std::uint8_t { ok, stale, not_found, invalid, unavailable };
inline constexpr auto outcome_names = std::to_array<std::string_view>({"ok", "stale", "not_found", "invalid", "unavailable"});
constexpr std::span<const std::string_view> names_of(Outcome) { return outcome_names; }

struct Answer {
    std::uint32_t id = 0;
    Outcome outcome = Outcome::ok;
    std::string text;
    bool operator==(const Answer&) const = default;
};

// How the game ended. Intent decides between asked and crashed, not the code. lost: the shim itself had ended before it (only in pods, where
// somebody starts it again).
enum class Cause : std::uint8_t { asked, crashed, out_of_memory, start_timeout, lost };
inline constexpr auto cause_names = std::to_array<std::string_view>({"asked", "crashed", "out_of_memory", "start_timeout", "lost"});
constexpr std::span<const std::string_view> names_of(Cause) { return cause_names; }

struct Exit {
    Cause cause = Cause::crashed;
    std::optional<std::int32_t> signal;
    std::optional<std::int32_t> code;
    Time at{};
    std::string tail;  // The last lines of its log, joined by line feeds.
    std::uint64_t memory_peak_bytes = 0;  // 0: not known.
    bool operator==(const Exit&) const = default;
};

// idle: nothing runs and nothing is left of a run; only in pods.
enum class Phase : std::uint8_t { starting, ready, stopping, exited, idle };
inline constexpr auto phase_names = std::to_array<std::string_view>({"starting", "ready", "stopping", "exited", "idle"});
constexpr std::span<const std::string_view> names_of(Phase) { return phase_names; }

struct Status {
    Phase phase = Phase::starting;
    Epoch epoch{};  // The highest seen.
    Time started_at{};
    std::uint64_t log_end = 0;  // The cursor behind the last line.
    std::optional<std::int32_t> online;  // Absent: not known.
    std::optional<std::int32_t> players_max;
    std::vector<std::string> names;
    bool quiesced = false;
    std::optional<Exit> exit;  // When exited.
    bool operator==(const Status&) const = default;
};

using FromShim = std::variant<Answer, Status>;

std::vector<std::byte> encode(const Request& request);
std::vector<std::byte> encode(const Answer& answer);
std::vector<std::byte> encode(const Status& status);

// Reads the frame at the front of `bytes`. Success: the message and how many bytes it took. An absent message: not all of it is here yet.
// An error: the peer does not speak this protocol, close.
template <class T>
struct Framed {
    std::optional<T> message;
    std::size_t size = 0;
};
Result<Framed<Request>, ParseError> read_request(ByteSpan bytes);
Result<Framed<FromShim>, ParseError> read_from_shim(ByteSpan bytes);

// The file `run/exit`: "GKEX", as a Spec is written.
std::vector<std::byte> encode(const Exit& exit);
Result<Exit, ParseError> decode_exit(ByteSpan bytes);

}  // namespace gk::wire::shim
