#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "net/http/endpoint.hpp"
#include "net/http/transport.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"

namespace gk::net {

// TLS over any transport. A connection that ends without the peer's saying so reads as an error (connection_reset), because somebody may have
// cut it.

// Returns when the server has proved that it is `server`; there is no limit of time in it. The error is of kind `invalid` when a person must
// change something (a certificate), `unavailable` when the connection broke.
Task<Result<std::unique_ptr<Transport>, NetError>> connect_tls(std::unique_ptr<Transport> over, tls::Context context, std::string server);
// The server's side: hands are shaken within the first reads, so that whoever limits their time limits that too. The error is a sentence.
Result<std::unique_ptr<Transport>, std::string> accept_tls(std::unique_ptr<Transport> over, const tls::Context& context);

}  // namespace gk::net
