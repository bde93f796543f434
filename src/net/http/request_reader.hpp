#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http/message.hpp"

namespace gk::net {

struct FramingLimits {
    std::size_t head_max = 32 * 1024;  // Bytes of request line and headers.
    std::size_t headers_max = 100;
    std::size_t target_max = 8 * 1024;  // Bytes.
};

// Turns the bytes of a connection into requests, one at a time. Knows nothing of sockets, so that tests and the fuzzer can feed it anything.
// Where two readers of a message could disagree about its length (request smuggling), it refuses: see check_framing().
class RequestReader {
public:
    explicit RequestReader(FramingLimits limits = {});
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    // Ready for the next request.
    void reset();
    // Looks for a whole head at the front of `bytes` and reads it into `request` (method, target, headers). Returns how many bytes it took;
    // 0 means that more are needed. Call it again with the same bytes and more.
    Result<std::size_t, Problem> read_head(std::string_view bytes, Request& request);
    // Reads on in the body and appends to `request.body`, which may grow to `body_max` bytes. Returns how many bytes it took.
    Result<std::size_t, Problem> read_body(std::string_view bytes, Request& request, std::size_t body_max);

    // The rest is known once the head has been read.
    bool is_complete() const;
    bool keeps_alive() const;      // What the client wishes.
    bool expects_continue() const;
    bool is_http_1_0() const;
    std::optional<std::uint64_t> content_length() const;

private:
    class Parser;
    Result<Success, Problem> finish_head(Request& request);

    FramingLimits limits_;
    std::unique_ptr<Parser> parser_;
    std::string head_;         // Request's views point into it.
    std::size_t scanned_ = 0;  // No head ends before this place of `bytes`.
};

}  // namespace gk::net
