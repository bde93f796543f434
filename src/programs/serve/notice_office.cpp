#include "programs/serve/notice_office.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace gk::programs {
namespace {

mail::Account account_of(const Config::Mail& said, const Rights& rights) {
    const auto place = mail::parse_place(said.server);
    ASSERT(place.has_value(), "the configuration was checked");
    return {.host = place->host,
            .port = place->port.value_or(mail::usual_port(said.tls)),
            .security = said.tls,
            .ca_file = said.ca_file,
            .user = said.user,
            .password = rights.mail_password,
            .from = said.from};
}

std::unique_ptr<mail::Mailer> make_mailer(const Config::Mail& said, const Rights& rights, Clock& clock) {
    return said.server.empty() ? nullptr : std::make_unique<mail::Mailer>(account_of(said, rights), clock);
}

std::vector<watch::Address> addresses_of(const Config& config) {
    std::vector<watch::Address> out;
    for (const auto& to : config.mail.to) out.push_back({watch::Channel::mail, to});
    for (const auto& url : config.webhooks.urls) out.push_back({watch::Channel::webhook, url});
    return out;
}

}  // namespace

NoticeOffice::NoticeOffice(boost::asio::any_io_executor executor, const Config& config, const Rights& rights, const Ports& ports, tls::Context web,
                           std::function<Epoch()> epoch)
    : incidents_(ports.ledger),
      mailer_(make_mailer(config.mail, rights, ports.clock)),
      webhook_(std::move(executor), ports.clock, std::move(web), rights.webhook_secret),
      notices_({ports.store, ports.ledger, incidents_, ports.clock, ports.random, std::move(epoch)}, carriers(), addresses_of(config),
               config.keeper.interval),
      post_({.incidents = incidents_, .random = ports.random, .clock = ports.clock, .mail = mailer_.get(), .people = config.mail.to}) {}

app::Notices::Carriers NoticeOffice::carriers() {
    app::Notices::Carriers out{{watch::Channel::webhook, &webhook_}};
    if (mailer_) out.emplace(watch::Channel::mail, mailer_.get());
    return out;
}

}  // namespace gk::programs
