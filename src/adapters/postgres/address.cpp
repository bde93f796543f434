#include "adapters/postgres/address.hpp"

#include <libpq-fe.h>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::postgres {
namespace {

namespace asio = boost::asio;
using Kind = StoreError::Kind;

struct Hosts {
    std::string names;  // Separated by commas.
    bool are_numbers = false;
};

Result<Hosts, StoreError> hosts_of(const std::string& url) {
    char* why = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(url.c_str(), &why), PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> reason(why, PQfreemem);
    if (!options) {
        const auto text = reason ? trimmed(reason.get()) : std::string_view("out of memory");
        return std::unexpected(StoreError{Kind::unavailable, fmt::format("ledger.url is not one that PostgreSQL's library reads: {}", text)});
    }
    Hosts hosts;
    for (const auto* it = options.get(); it->keyword != nullptr; ++it) {
        const std::string_view keyword = it->keyword;
        if (it->val == nullptr || *it->val == '\0') continue;
        if (keyword == "host") hosts.names = it->val;
        if (keyword == "hostaddr") hosts.are_numbers = true;
    }
    return hosts;
}

Task<Result<std::string, StoreError>> number_of(std::string host) {
    asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
    const auto [error, found] = co_await resolver.async_resolve(host, "", asio::as_tuple(asio::use_awaitable));
    if (error || found.empty()) {
        co_return std::unexpected(
            StoreError{Kind::unavailable, fmt::format("PostgreSQL cannot be reached (nobody knows the host {}): see ledger.url", host)});
    }
    co_return found.begin()->endpoint().address().to_string();
}

}  // namespace

std::vector<const char*> Address::names() const {
    std::vector<const char*> names;
    for (const auto& [name, value] : all_) names.push_back(name);
    names.push_back(nullptr);
    return names;
}

std::vector<const char*> Address::values() const {
    std::vector<const char*> values;
    for (const auto& [name, value] : all_) values.push_back(value.c_str());
    values.push_back(nullptr);
    return values;
}

Task<Result<Address, StoreError>> address_of(const Options& options) {
    CO_TRY(hosts, hosts_of(options.url));
    Address address;
    address.add("fallback_application_name", "gamekeeper");
    address.add("keepalives_idle", "10");
    address.add("keepalives_interval", "5");
    address.add("keepalives_count", "3");
    address.add("tcp_user_timeout", std::to_string(options.call_limit.count()));
    address.add("target_session_attrs", "read-write");
    address.add("dbname", options.url);  // In which libpq finds everything else.
    address.add("client_encoding", "UTF8");
    if (!options.password.empty()) address.add("password", options.password.reveal());
    if (hosts.names.empty() || hosts.are_numbers) co_return address;
    std::string numbers;
    for (const auto host : split(hosts.names, ',')) {
        if (!numbers.empty()) numbers += ',';
        if (host.empty() || host.starts_with('/')) continue;  // A local socket.
        CO_TRY(number, co_await number_of(std::string(host)));
        numbers += number;
    }
    if (numbers.find_first_not_of(',') != std::string::npos) address.add("hostaddr", std::move(numbers));
    co_return address;
}

}  // namespace gk::postgres
