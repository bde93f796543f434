#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/shim/protocol.hpp"

// What only a shim in a pod is asked for (gk-shim --pod): the texts of some requests and answers, encoded as the frames around them. The volume,
// whose log only this shim reads, has the folders `data` (the world, at /data for the game) and `log` (wire/shim/layout.hpp); the run folder, an
// emptyDir that outlives containers, has what layout.hpp says, and `epoch`.
namespace gk::wire::shim {

// What both sides say before anything else (noise::Session), so that no other stream with the same key is taken for one of these.
inline constexpr std::string_view pod_purpose = "gamekeeper gk-shim 1";

inline constexpr std::size_t log_lines_max = 4096;  // In one part.

struct LogQuery {
    std::uint64_t cursor = 0;
    std::uint32_t lines_max = 1000;
    bool operator==(const LogQuery&) const = default;
};

struct LogLine {
    std::uint64_t cursor = 0;  // Of the line behind this one.
    Time at{};
    std::string text;
    bool operator==(const LogLine&) const = default;
};

// Oldest first; fewer than asked for when they would not fit a frame. None: nothing is behind the cursor yet.
struct LogPart {
    std::vector<LogLine> lines;
    bool operator==(const LogPart&) const = default;
};

// Of the whole container: the game, the shim and whoever reads files.
struct PodUse {
    Time at{};  // By the shim's clock ...
    std::uint64_t cpu_ns = 0;  // ... and of processor time since the container was started: two answers make a rate.
    std::uint64_t memory_bytes = 0;  // Without caches that the kernel takes back by itself.
    std::uint64_t disk_bytes = 0;
    std::uint64_t disk_bytes_max = 0;
    bool operator==(const PodUse&) const = default;
};

std::string to_text(const LogQuery& query);
std::string to_text(const LogPart& part);
std::string to_text(const PodUse& use);
// nullopt: no such thing.
std::optional<LogQuery> log_query_from(std::string_view text);
std::optional<LogPart> log_part_from(std::string_view text);
std::optional<PodUse> pod_use_from(std::string_view text);

}  // namespace gk::wire::shim
