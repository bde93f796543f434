#include "adapters/postgres/address.hpp"

#include <libpq-fe.h>
#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "async/signal.hpp"
#include "base/text.hpp"

namespace gk::postgres {
namespace {

namespace asio = boost::asio;
using Kind = StoreError::Kind;

// What the URL says of where the server is: lists that belong together, separated by commas.
struct Places {
    std::string hosts;
    std::string ports;
    bool are_numbers = false;
};

Result<Places, StoreError> places_of(const std::string& url) {
    char* why = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(url.c_str(), &why), PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> reason(why, PQfreemem);
    if (!options) {
        const auto text = reason ? trimmed(reason.get()) : std::string_view("out of memory");
        return std::unexpected(StoreError{Kind::unavailable, fmt::format("ledger.url is not one that PostgreSQL's library reads: {}", text)});
    }
    Places places;
    for (const auto* it = options.get(); it->keyword != nullptr; ++it) {
        const std::string_view keyword = it->keyword;
        if (it->val == nullptr || *it->val == '\0') continue;
        if (keyword == "host") places.hosts = it->val;
        if (keyword == "port") places.ports = it->val;
        if (keyword == "hostaddr") places.are_numbers = true;
    }
    return places;
}

// Outlives its caller, who may be cancelled while the system asks for the name.
struct Lookup {
    explicit Lookup(const asio::any_io_executor& loop) : resolver(loop) {}
    asio::ip::tcp::resolver resolver;
    std::vector<std::string> numbers;
    async::Signal done;
};

Task<Result<std::vector<std::string>, StoreError>> numbers_of(std::string host) {
    const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
    lookup->resolver.async_resolve(host, "", [lookup](boost::system::error_code, const asio::ip::tcp::resolver::results_type& found) {
        for (const auto& it : found) lookup->numbers.push_back(it.endpoint().address().to_string());
        lookup->done.raise();
    });
    co_await lookup->done.wait();
    if (lookup->numbers.empty()) {
        co_return std::unexpected(
            StoreError{Kind::unavailable, fmt::format("PostgreSQL cannot be reached (nobody knows the host {}): see ledger.url", host)});
    }
    co_return lookup->numbers;
}

void append(std::string& list, std::string_view item, bool is_first) {
    if (!is_first) list += ',';
    list += item;
}

// Each host once for each of its numbers, in the order of the list, with its port.
Task<Result<Success, StoreError>> add_numbers(Address& address, Places places) {
    const auto ports = split(places.ports, ',');
    std::string hosts, numbers, all_ports;
    std::size_t place = 0;
    bool is_first = true;
    for (const auto host : split(places.hosts, ',')) {
        const auto port = ports.size() == 1 ? ports[0] : place < ports.size() ? ports[place] : std::string_view();
        ++place;
        std::vector<std::string> found{""};  // A local socket has none.
        if (!host.empty() && !host.starts_with('/')) {
            CO_TRY(looked_up, co_await numbers_of(std::string(host)));
            found = std::move(looked_up);
        }
        for (const auto& number : found) {
            append(hosts, host, is_first);
            append(numbers, number, is_first);
            append(all_ports, port, is_first);
            is_first = false;
        }
    }
    address.add("host", std::move(hosts));
    address.add("hostaddr", std::move(numbers));
    address.add("port", std::move(all_ports));
    co_return Success{};
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
    CO_TRY(places, places_of(options.url));
    Address address;
    address.add("fallback_application_name", "gamekeeper");
    address.add("keepalives_idle", "10");
    address.add("keepalives_interval", "5");
    address.add("keepalives_count", "3");
    address.add("tcp_user_timeout", std::to_string(options.call_limit.count()));
    address.add("target_session_attrs", "read-write");
    address.add("gssencmode", "disable");        // It would ask for tickets while everything else waits.
    address.add("dbname", options.url);          // In which libpq finds everything else.
    address.add("client_encoding", "UTF8");
    if (!options.password.empty()) address.add("password", options.password.reveal());
    if (places.hosts.empty() || places.are_numbers) co_return address;
    CO_TRY_OK(co_await add_numbers(address, std::move(places)));
    co_return address;
}

}  // namespace gk::postgres
