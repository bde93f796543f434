#include "adapters/postgres/address.hpp"

#include <algorithm>
#include <map>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/run.hpp"
#include "base/text.hpp"

namespace gk::postgres {
namespace {

std::map<std::string, std::string> parameters(const std::string& url, Secret password = {}) {
    boost::asio::io_context io;
    Options options;
    options.url = url;
    options.password = std::move(password);
    const auto address = async::run_until_done(io, address_of(options)).value();
    const auto names = address.names(), values = address.values();
    std::map<std::string, std::string> all;
    for (std::size_t i = 0; names[i] != nullptr; ++i) all[names[i]] = values[i];
    return all;
}

TEST(PostgresAddress, HostsAreGivenByNameAndNumber) {
    const auto all = parameters("postgresql://gk@127.0.0.1:5433/games?sslmode=verify-full", Secret("s"));

    EXPECT_EQ(all.at("host"), "127.0.0.1");
    EXPECT_EQ(all.at("hostaddr"), "127.0.0.1");
    EXPECT_EQ(all.at("port"), "5433");
    EXPECT_EQ(all.at("password"), "s");
}

TEST(PostgresAddress, EveryNumberOfAHostIsTriedWithItsPort) {
    const auto all = parameters("postgresql://localhost:5432,127.0.0.2:5433/games");

    const auto hosts = split(all.at("host"), ','), numbers = split(all.at("hostaddr"), ','), ports = split(all.at("port"), ',');
    ASSERT_EQ(hosts.size(), numbers.size());
    ASSERT_EQ(hosts.size(), ports.size());
    EXPECT_EQ(hosts.back(), "127.0.0.2");
    EXPECT_EQ(numbers.back(), "127.0.0.2");
    for (std::size_t i = 0; i < hosts.size(); ++i) EXPECT_EQ(ports[i], hosts[i] == "localhost" ? "5432" : "5433");
}

TEST(PostgresAddress, SocketsAndNumbersAreLeftToTheLibrary) {
    EXPECT_FALSE(parameters("dbname=games").contains("hostaddr"));
    EXPECT_FALSE(parameters("host=db hostaddr=192.0.2.1").contains("hostaddr"));
    EXPECT_EQ(parameters("host=/run/postgresql,127.0.0.1").at("hostaddr"), ",127.0.0.1");
    EXPECT_EQ(parameters("host=/run/postgresql,127.0.0.1").at("port"), ",");
}

}  // namespace
}  // namespace gk::postgres
