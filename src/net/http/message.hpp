#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "base/enum_names.hpp"
#include "net/http/target.hpp"
#include "ports/task.hpp"

namespace gk::net {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };
inline constexpr auto method_names = std::to_array<std::string_view>({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"});
constexpr std::span<const std::string_view> names_of(Method) { return method_names; }

// Who is at the other end of a connection.
struct Peer {
    std::string address;       // "192.0.2.7" or "2001:db8::7"; empty for a Unix socket.
    std::optional<uid_t> uid;  // Of the process at the other end of a Unix socket, as the kernel vouches for it.
};

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

// A request as a handler sees it. Views and the object itself are valid until the handler's task ends.
class Request {
public:
    Method method = Method::get;
    std::string_view raw_target;  // As it was sent.
    Target target;
    std::vector<HeaderView> headers;
    std::string body;
    Peer peer;
    std::string id;  // The request id of the reply and the log.
    // What the braces of the route's pattern stand for, decoded, in their order. A tail "{path*}" is not among them.
    std::vector<std::pair<std::string_view, std::string_view>> parameters;
    // The segments that a tail "{path*}" stands for, decoded: a "%2F" stays inside its segment. The last one is empty after a closing slash.
    std::span<const std::string> tail;

    // The first header of that name, in any case; nullopt when there is none.
    std::optional<std::string_view> header(std::string_view name) const;
    // A parameter of the route. Asking for one that the pattern does not have is a programming error.
    std::string_view parameter(std::string_view name) const;
    // The first value of that query parameter.
    std::optional<std::string_view> query(std::string_view name) const { return target.find_query(name); }
};

// Writes the body of a reply bit by bit (server-sent events, NDJSON). Writing waits until the kernel has taken the bytes, so a slow client
// slows the producer down; it never fills memory.
class Stream {
public:
    virtual ~Stream() = default;
    // False when the client is gone or took nothing for the write time-out: the producer should return.
    virtual Task<bool> write(std::string bytes) = 0;
};

struct Response {
    // Runs after the head has been sent. It is cancelled when the client goes away and when the server stops.
    using Producer = std::function<Task<void>(Stream&)>;

    int status = 200;
    std::string content_type;                                     // Empty: no body.
    std::vector<std::pair<std::string, std::string>> headers;     // Besides Date, Content-Type, Content-Length, X-Request-Id and Connection.
    std::string body;
    Producer stream;                                              // Instead of `body`.

    static Response text(int status, std::string content_type, std::string body);
    static Response streaming(std::string content_type, Producer producer);
};

// What went wrong before or instead of a handler: a stable code for programs and a sentence with cause and cure for people.
struct Problem {
    int status = 500;
    std::string code;
    std::string detail;
    std::vector<std::pair<std::string, std::string>> headers;  // For example Allow.
};

// "Not Found"; "Unknown" for numbers that HTTP does not name.
std::string_view reason_phrase(int status);

}  // namespace gk::net
