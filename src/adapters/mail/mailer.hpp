#pragma once

#include <atomic>
#include <string>

#include <boost/asio/thread_pool.hpp>

#include "adapters/mail/account.hpp"
#include "ports/carrier.hpp"
#include "ports/clock.hpp"

namespace gk::mail {

// Sends letters by SMTP, one at a time, each over a connection of its own. libcurl blocks, so it works on a thread of its own; a try takes at most a
// minute, and ends within a second of stop(). A server that refuses the letter itself (5xx) refuses it for good; one that cannot be reached, proven
// or logged in to, or that says 4xx, is tried again.
class Mailer final : public Carrier {
public:
    Mailer(Account account, Clock& clock);
    ~Mailer() override;

    Task<Result<std::string, CarrierError>> carry(Letter letter) override;
    // Ends what is under way, as a failure that may be tried again, and whatever is begun later.
    void stop() { is_stopped_ = true; }

private:
    Result<std::string, CarrierError> send(const Letter& letter) const;

    Account account_;
    Clock& clock_;
    std::atomic<bool> is_stopped_ = false;
    boost::asio::thread_pool thread_{1};
};

}  // namespace gk::mail
