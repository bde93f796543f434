#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace gk::net {

struct ClientResponse {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    // The first header of that name, in any case.
    std::optional<std::string_view> header(std::string_view name) const;
};

// Turns the bytes of a connection into one response; passes over interim ones (100 Continue). Errors are sentences.
class ResponseReader {
public:
    static constexpr std::size_t head_max = 64 * 1024;  // Bytes.

    // `to_head`: the response answers a HEAD request and has no body whatever its headers say.
    explicit ResponseReader(bool to_head = false);
    ~ResponseReader();
    ResponseReader(const ResponseReader&) = delete;
    ResponseReader& operator=(const ResponseReader&) = delete;

    // Looks for a whole head at the front of `bytes`; returns how many bytes were taken. More are needed while has_head() is false.
    Result<std::size_t, std::string> read_head(std::string_view bytes, ClientResponse& response);
    // Reads on in the body and appends it to `out`. Returns how many bytes were taken.
    Result<std::size_t, std::string> read_body(std::string_view bytes, std::string& out);
    // The connection has ended. Fine for a response without a length, else an error.
    Result<Success, std::string> end_of_stream();

    bool has_head() const;
    bool is_complete() const;
    bool keeps_alive() const;

private:
    class Parser;
    std::unique_ptr<Parser> parser_;
    bool to_head_;
};

}  // namespace gk::net
