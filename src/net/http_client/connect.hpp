#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.hpp"
#include "net/http/endpoint.hpp"
#include "net/http/transport.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"

namespace gk::net {

// Whom a client talks to.
struct Remote {
    std::string host;  // Name or address; "localhost" for a Unix socket. Sent as Host.
    std::uint16_t port = 80;
    std::string unix_path;
    bool is_tls = false;
    std::string tls_name;  // What the certificate must say; empty: the host.

    std::string text() const;
};

// "http://castle.example:8080", "https://castle.example", "http://[::1]:8080/" or "unix:/run/gamekeeper/api.sock". The error is a sentence for
// people.
Result<Remote, std::string> parse_remote(std::string_view text);

// A remote of which `is_tls` needs `secured`. No limit of time in it.
Task<Result<std::unique_ptr<Transport>, NetError>> connect(boost::asio::any_io_executor executor, Remote remote, std::optional<tls::Context> secured);

}  // namespace gk::net
