#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/http/endpoint.hpp"
#include "net/http/transport.hpp"
#include "net/http_client/connect.hpp"
#include "net/http_client/response_reader.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"

namespace gk::net {

struct ClientRequest {
    std::string method = "GET";
    std::string target = "/";  // Path and query, encoded.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string content_type;
    std::string body;
};

// The body of a response that comes bit by bit. Owns its connection.
class ClientStream {
public:
    virtual ~ClientStream() = default;
    virtual const ClientResponse& head() const = 0;
    // The next line without its end; nullopt when the body is over. No line for `silence` is an error of kind timed_out, after which the stream
    // is of no use. Lines are cut at 1 MiB.
    virtual Task<Result<std::optional<std::string>, NetError>> read_line(Milliseconds silence) = 0;
    // The same for bodies without lines: appends what comes next; false when the body is over.
    virtual Task<Result<bool, NetError>> read_some(std::string& out, Milliseconds silence) = 0;
};

// A small HTTP/1.1 client for one server: one request at a time, over one connection that is kept between requests. One attempt for each
// request; only when a kept connection turns out to be closed, a request that may be repeated is sent once more over a new one.
class HttpClient {
public:
    static constexpr std::size_t body_max = 64 * 1024 * 1024;  // Bytes of a response.

    // A remote of which `is_tls` needs `secured`.
    HttpClient(boost::asio::any_io_executor executor, Clock& clock, Remote remote, std::optional<tls::Context> secured = {});

    Task<Result<ClientResponse, NetError>> send(ClientRequest request, Milliseconds limit);
    // Returns when the head has come, which is what `limit` is for.
    Task<Result<std::unique_ptr<ClientStream>, NetError>> open(ClientRequest request, Milliseconds limit);

private:
    class Exchange;
    class LineStream;

    Task<Result<ClientResponse, NetError>> attempt(ClientRequest request);
    Task<Result<std::unique_ptr<Exchange>, NetError>> begin(ClientRequest request);
    NetError too_late(Milliseconds limit) const;

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    Remote remote_;
    std::optional<tls::Context> secured_;
    std::unique_ptr<Transport> kept_;
};

}  // namespace gk::net
