#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/enum_names.hpp"
#include "base/result.hpp"

// What the control plane and the process that serves one world's files say to each other, over a stream socket of their own: frames of a
// length (4 bytes, big-endian) and a body, a request and its reply in turn. Both sides distrust the other: the server runs with the rights of a
// game's user, whose files are hostile.
//
//     request  version 1 byte, operation 1, flags 1 (bit 0: recursive), size_max 8, path 2 + n, content 4 + n
//     reply    version 1 byte, status 1, detail 2 + n, content 4 + n, entries 4, each: name 2 + n, type 1, mode 4, size 8, modified (ms) 8
namespace gk::wire::files {

inline constexpr std::uint8_t version = 1;
inline constexpr std::size_t content_size_max = 64u << 20;
inline constexpr std::size_t entries_max = 65'536;
inline constexpr std::size_t path_size_max = 4096;
inline constexpr std::size_t frame_size_max = content_size_max + (1u << 20);
inline constexpr std::size_t length_size = 4;

enum class Operation : std::uint8_t { list, read, write, remove };
inline constexpr std::uint8_t operation_count = 4;

// done, or why not; the others are named as in ports/files.hpp.
enum class Status : std::uint8_t { done, not_found, escapes, exists, not_a_file, not_a_directory, too_large, no_space, unavailable };
inline constexpr std::uint8_t status_count = 9;

enum class EntryType : std::uint8_t { file, directory, link, other };
inline constexpr std::uint8_t entry_type_count = 4;

struct Request {
    Operation operation = Operation::list;
    bool recursive = false;
    std::uint64_t size_max = 0;
    std::string path;
    std::vector<std::byte> content;
    bool operator==(const Request&) const = default;
};

struct Entry {
    std::string name;
    EntryType type = EntryType::file;
    std::uint32_t mode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ms = 0;
    bool operator==(const Entry&) const = default;
};

struct Reply {
    Status status = Status::done;
    std::string detail;
    std::vector<std::byte> content;
    std::vector<Entry> entries;
    bool operator==(const Reply&) const = default;
};

enum class ParseError : std::uint8_t { truncated, bad_version, bad_value, too_long, trailing_bytes };
inline constexpr auto parse_error_names = std::to_array<std::string_view>({"truncated", "bad_version", "bad_value", "too_long", "trailing_bytes"});
constexpr std::span<const std::string_view> names_of(ParseError) { return parse_error_names; }

// Whole frames, with their length. Paths and contents must keep to the limits above.
std::vector<std::byte> to_frame(const Request& request);
std::vector<std::byte> to_frame(const Reply& reply);
// The size of the body that follows these four bytes.
Result<std::size_t, ParseError> parse_length(ByteSpan four_bytes);
Result<Request, ParseError> parse_request(ByteSpan body);
Result<Reply, ParseError> parse_reply(ByteSpan body);

}  // namespace gk::wire::files
