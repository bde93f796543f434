#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/secret.hpp"
#include "net/http_client/connect.hpp"
#include "ports/carrier.hpp"
#include "ports/clock.hpp"
#include "tls/context.hpp"

namespace gk::webhook {

// "https://hooks.castle.example/gk?team=1": whom to call, and the rest as it is sent.
struct Target {
    net::Remote remote;
    std::string path;
};
// The error is a sentence for people.
Result<Target, std::string> parse_target(std::string_view url);

// Posts letters to the URLs that they are addressed to, as
//     {"id", "kind", "server", "subject", "text", "over", "at"}
// with the headers Gamekeeper-Id (the same for every try) and, where there is a secret, Gamekeeper-Signature: "sha256=" and the hexadecimal
// HMAC-SHA256 of the body. 2xx is delivered; another 4xx than 408, 425 and 429 is final, because that receiver will not take this letter; all else
// is tried again. Redirects are not followed: who moves says so to us.
class Webhook final : public Carrier {
public:
    Webhook(boost::asio::any_io_executor executor, Clock& clock, tls::Context trust, Secret secret);

    Task<Result<std::string, CarrierError>> carry(Letter letter) override;

private:
    boost::asio::any_io_executor executor_;
    Clock& clock_;
    tls::Context trust_;
    Secret secret_;
};

}  // namespace gk::webhook
