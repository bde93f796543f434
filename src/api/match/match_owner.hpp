#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "app/error.hpp"
#include "app/match/visitor.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/http/message.hpp"
#include "ports/clock.hpp"
#include "ports/match_office.hpp"
#include "ports/task.hpp"
#include "tls/peers.hpp"

namespace gk::api {

// The word of one control plane that it knows who asks, for another one that has the same key: for this very request, and for seconds.
std::string make_voucher(const Secret& key, const net::Request& request, const app::Visitor& visitor, Time expires);
// Nothing for what was not made with this key for this request, or has expired. `now` by the calendar.
std::optional<app::Visitor> visitor_of_voucher(const Secret& key, const net::Request& request, std::string_view voucher, Time now);

// Asks the control plane that makes the matches, where this is another one (docs/adr/0029).
class MatchOwner {
public:
    // `clock` and `office` outlive it. `key` is that of all control planes of these matches; `peers` says who answers by TLS (nothing: nobody).
    MatchOwner(boost::asio::any_io_executor loop, Clock& clock, MatchOffice& office, Secret key, std::optional<tls::Peers> peers);

    // What it answers to the same request of the same visitor, whatever that is. An error of kind `unavailable` when nobody answers in time; what
    // was asked for may have been done then.
    Task<Result<net::Response, app::Error>> ask(const net::Request& request, const app::Visitor& visitor);

    // Whether another control plane asks, for one of its visitors. Such a request is never asked on.
    static bool is_asked_by_another(const net::Request& request);
    // For whom; an error when its word cannot be believed.
    Result<app::Visitor, app::Error> visitor_of(const net::Request& request) const;

private:
    boost::asio::any_io_executor loop_;
    Clock& clock_;
    MatchOffice& office_;
    Secret key_;
    std::optional<tls::Peers> peers_;
};

}  // namespace gk::api
