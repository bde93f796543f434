#include "programs/serve/shared_matches.hpp"

#include <utility>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include "net/http/endpoint.hpp"
#include "programs/serve/secrets.hpp"

namespace gk::programs {
namespace {

postgres::PostgresMatchOffice::Reached reached_at(const Config::Api& api) {
    const auto listening = net::parse_endpoint(api.listen);
    if (!listening || listening->is_unix()) return {};
    boost::system::error_code unread;
    const bool is_any = boost::asio::ip::make_address(listening->address, unread).is_unspecified();
    return {.host = is_any ? std::string() : listening->address, .port = listening->port, .is_tls = !api.tls_certificate.empty()};
}

}  // namespace

Result<postgres::Options, std::string> postgres_options(const std::string& group, const Config::Database& said) {
    postgres::Options options;
    options.url = said.url;
    if (!said.password_file.empty()) {
        TRY(password, secret_in(group + ".password_file", said.password_file));
        options.password = std::move(password);
    }
    return options;
}

Task<Result<SharedMatches, std::string>> SharedMatches::open(boost::asio::any_io_executor loop, Clock& clock, std::string group,
                                                             Config::Database said, const Config::Api& api) {
    auto reached = reached_at(api);
    CO_TRY(options, postgres_options(group, said));
    SharedMatches made;
    auto store = co_await postgres::PostgresMatchStore::open(loop, clock, options);
    if (!store) co_return std::unexpected(fmt::format("{}.url: {}", group, store.error().detail));
    made.store = std::move(*store);
    auto fleets = co_await postgres::PostgresFleetStore::open(loop, clock, options);
    if (!fleets) co_return std::unexpected(fmt::format("{}.url: {}", group, fleets.error().detail));
    made.fleets = std::move(*fleets);
    made.office = std::make_unique<postgres::PostgresMatchOffice>(loop, clock, std::move(options), std::move(reached));
    co_return made;
}

void SharedMatches::begin(async::TaskGroup& tasks) const {
    tasks.spawn("tickets of others", store->run());
    tasks.spawn("fleets of others", fleets->run());
}

}  // namespace gk::programs
