#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "wire/shim/spec.hpp"

// The protocol between the control plane and the launcher (root), over one connected stream socket that both inherited. Requests name
// servers by uid and slot; paths below the state directory are derived by the launcher. Replies come in any order, matched by `id`.
// A frame is a 32-bit length, big-endian, and that many bytes; a descriptor travels with the first byte of its reply's frame.
namespace gk::wire::launcher {

inline constexpr std::size_t request_size_max = 4 << 20;
inline constexpr std::size_t output_size_max = 16 << 20;                  // Of a confined program's standard output ...
inline constexpr std::size_t errors_size_max = 64 << 10;                  // ... and its standard error, from the end.
inline constexpr std::size_t reply_size_max = output_size_max + (1 << 20);
inline constexpr std::uint8_t version = 1;

enum class Disk : std::uint8_t { live, staged };
inline constexpr auto disk_names = std::to_array<std::string_view>({"live", "staged"});
constexpr std::span<const std::string_view> names_of(Disk) { return disk_names; }

struct SeeDisks {
    ServerUid server;
};
struct CreateDisk {
    ServerUid server;
    Disk disk = Disk::live;
    std::uint32_t slot = 0;
    std::uint32_t mebibytes = 0;
    bool in_memory = false;
};
struct RemoveDisk {
    ServerUid server;
    Disk disk = Disk::live;
};
struct SwitchDisk {
    ServerUid server;
};
struct OwnDisk {
    ServerUid server;
    Disk disk = Disk::live;
    std::uint32_t slot = 0;
};

struct Mount {
    std::string source;
    std::string target;
    bool operator==(const Mount&) const = default;
};
// `spec` is a Spec of mode direct whose program is the game inside the sandbox. The launcher turns it into mode runc with a bundle of its
// own making; container, identity and cgroup of the request are not looked at.
struct Launch {
    ServerUid server;
    std::uint32_t slot = 0;
    shim::Spec spec;
    std::vector<Mount> mounts;
    std::uint32_t cpu_millis = 0;
    std::uint32_t memory_mebibytes = 0;
    std::vector<Port> internal_ports;  // Closed to every other server.
};
struct Kill {
    ServerUid server;
};
struct Clean {
    ServerUid server;
};
struct Forget {
    ServerUid server;
};
struct ListServers {};
// Of a world that is a plain folder, whose files only root can see; a disk's use is seen by everybody.
struct MeasureWorld {
    ServerUid server;
};
// As ports/workbench.hpp says of Workbench::Job; secrets are part of the environment.
struct RunConfined {
    ServerUid server;
    Disk disk = Disk::live;
    bool needs_world = true;
    bool may_write_world = false;
    std::string folder;
    bool may_write_folder = false;
    bool needs_network = false;
    std::string host_name;  // Empty: the machine's.
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;
    std::string input;
    std::map<std::string, std::string> extra_files;
    Milliseconds time_limit{};
};
struct OpenFiles {
    ServerUid server;
};
// What only root can find.
struct FindShortcomings {};
// Ends the program of an earlier RunConfined, whose reply then says so. Has a reply of its own.
struct Cancel {
    std::uint64_t request = 0;
};

// Starts `gamekeeper edge` of this installation, as the control plane's user with the right to speak from players' addresses (docs/adr/0031).
// Answered when it relays, by the routes that it has kept. It stays when the launcher ends.
struct StartEdge {
    std::uint32_t loops = 0;  // 0: one for each processor.
};

using Order = std::variant<SeeDisks, CreateDisk, RemoveDisk, SwitchDisk, OwnDisk, Launch, Kill, Clean, Forget, ListServers, MeasureWorld, RunConfined,
                           OpenFiles, FindShortcomings, Cancel, StartEdge>;
struct Request {
    std::uint64_t id = 0;
    Order order;
};

struct Done {};
struct DisksSeen {
    bool live = false;
    bool staged = false;
};
struct Servers {
    std::vector<ServerUid> uids;
};
struct Measured {
    std::uint64_t bytes = 0;
};
struct ProgramEnded {
    std::int32_t code = 0;
    std::string output;
    std::string errors;
};
struct DescriptorFollows {};
struct Texts {
    std::vector<std::string> texts;
};
struct Failure {
    // The same words as RuntimeError::Kind, in its order.
    enum class Kind : std::uint8_t { unavailable, refused, not_found, exhausted, invalid };
    Kind kind = Kind::unavailable;
    std::string text;
};
inline constexpr auto failure_kind_names = std::to_array<std::string_view>({"unavailable", "refused", "not_found", "exhausted", "invalid"});
constexpr std::span<const std::string_view> names_of(Failure::Kind) { return failure_kind_names; }

using Outcome = std::variant<Done, DisksSeen, Servers, Measured, ProgramEnded, DescriptorFollows, Texts, Failure>;
struct Reply {
    std::uint64_t id = 0;
    Outcome outcome;
};

enum class ParseError : std::uint8_t { bad_version, unknown_kind, bad_value, trailing_bytes };
inline constexpr auto parse_error_names = std::to_array<std::string_view>({"bad_version", "unknown_kind", "bad_value", "trailing_bytes"});
constexpr std::span<const std::string_view> names_of(ParseError) { return parse_error_names; }

// With the length in front.
std::vector<std::byte> encode(const Request& request);
std::vector<std::byte> encode(const Reply& reply);
// Of a frame without its length. Ranges are checked here only as far as the types go; the launcher checks what the values mean.
Result<Request, ParseError> decode_request(ByteSpan frame);
Result<Reply, ParseError> decode_reply(ByteSpan frame);

// Cuts a byte stream into frames.
class Frames {
public:
    explicit Frames(std::size_t size_max) : size_max_(size_max) {}
    void append(ByteSpan bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
    // The next whole frame; nullopt while bytes are missing.
    std::optional<std::vector<std::byte>> next();
    // The peer announced more than the limit: nothing behind it can be understood.
    bool is_broken() const { return broken_; }

private:
    std::size_t size_max_;
    std::size_t start_ = 0;
    bool broken_ = false;
    std::vector<std::byte> buffer_;
};

}  // namespace gk::wire::launcher
