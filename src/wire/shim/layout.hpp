#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The files of one server on one machine, below <state>/servers/<uid>/. A host makes `run` and `log` and writes `spec`; gk-shim makes the
// rest. Started as root, gk-shim gives both folders to the game's uid and the control plane's group (mode 2750), so that the control plane
// may read logs and exit and connect to the socket, and nobody else may.
//
// A run begins when a host has written `spec` and ends when Host::clean() has removed the folder `run` with everything in it. So: no
// `spec`, nothing runs; `spec` and `exit`, the game has ended; `spec` alone and nobody listens at `shim.sock`, the shim itself was lost.
// In a pod the shim writes `spec` itself, without passwords, and removes it when the end is acknowledged.
namespace gk::wire::shim::layout {

inline constexpr std::string_view run_folder = "run";
inline constexpr std::string_view log_folder = "log";
inline constexpr std::string_view spec_file = "spec";         // encode(Spec), in the run folder. Mode 0600: it holds the console's password.
inline constexpr std::string_view socket_file = "shim.sock";  // Where gk-shim listens, in the run folder.
inline constexpr std::string_view exit_file = "exit";         // encode(Exit), in the run folder; written whole, synced and renamed.
inline constexpr std::string_view epoch_file = "epoch";       // In a pod: the highest epoch seen, as text.
inline constexpr std::string_view world_folder = "data";      // In a pod, beside the log folder on its volume.
inline constexpr std::string_view game_folder = "game";       // Likewise: what was fetched for the game, one folder for each thing.
inline constexpr std::string_view pid_file = "pid";           // Of the shim, as text; the holder of the lock on the run folder.

// gk-shim --dir RUN writes one line to descriptor 3 and closes it: `executed`, or `running` when another shim serves this folder, or
// `error: ` and a sentence, after which it ends with code 1 and has left nothing behind.
inline constexpr int report_descriptor = 3;
inline constexpr std::string_view report_executed = "executed";
inline constexpr std::string_view report_running = "running";
inline constexpr std::string_view report_error = "error: ";

// Log files are named by the cursor of their first byte, 20 digits and ".log". A line is an RFC 3339 time of 24 characters, a blank, the
// text (UTF-8, no control characters) and a line feed. The cursor of a byte is the file's number plus its offset in the file, over all
// runs of a server.
inline constexpr int log_stamp_size = 24;
std::string log_file_name(std::uint64_t base);
// The cursor that a file's name tells; nullopt when it is no log's.
std::optional<std::uint64_t> log_file_base(std::string_view name);

}  // namespace gk::wire::shim::layout
