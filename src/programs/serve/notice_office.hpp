#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/incidents/fact_incidents.hpp"
#include "adapters/mail/mailer.hpp"
#include "adapters/webhook/webhook.hpp"
#include "app/watch/notices.hpp"
#include "app/watch/post.hpp"
#include "programs/config/config.hpp"
#include "programs/serve/ports.hpp"
#include "programs/serve/rights.hpp"

namespace gk::programs {

// Who tells people what goes wrong, with the channels that the configuration names.
class NoticeOffice {
public:
    // `web`: for webhooks; whom they may trust.
    NoticeOffice(boost::asio::any_io_executor executor, const Config& config, const Rights& rights, const Ports& ports, tls::Context web,
                 std::function<Epoch()> epoch);

    app::Notices& notices() { return notices_; }
    app::Post& post() { return post_; }
    // Ends the mail that is under way: it is not waited for.
    void stop() {
        if (mailer_) mailer_->stop();
    }

private:
    app::Notices::Carriers carriers();

    incidents::FactIncidents incidents_;
    std::unique_ptr<mail::Mailer> mailer_;  // Null: nobody gets mails.
    webhook::Webhook webhook_;
    app::Notices notices_;
    app::Post post_;
};

}  // namespace gk::programs
