#include "adapters/system/listeners.hpp"

#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>

#include "adapters/system/socket_diagnosis.hpp"

namespace gk::system {
namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;

constexpr std::string_view tcp_table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22851 1 0000000000000000 100 0 0 10 0\n"
    "   1: 0100007F:A0D2 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 22852 1 0000000000000000 20 4 30 10 -1\n";
constexpr std::string_view tcp6_table =
    "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 "
    "1\n";
constexpr std::string_view udp_table =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
    "  281: 00000000:7530 00000000:0000 07 00000000:00000000 00:00000000 00000000 600000        0 31415 2 0000000000000000 0\n";

TEST(Listeners, AreFoundInTheKernelsTables) {
    EXPECT_EQ(ports_of_table(Protocol::tcp, tcp_table), std::set{Port{8080}}) << "a connection is no listener";
    EXPECT_EQ(ports_of_table(Protocol::tcp, tcp6_table), std::set{Port{22}});
    EXPECT_EQ(ports_of_table(Protocol::udp, udp_table), std::set{Port{30000}});
}

TEST(Listeners, PassOverLinesThatAreNotUnderstood) {
    for (const auto table : {"", "\n\n", "0:", "0: x y z", "0: 00000000:XYZ 0 0A", "0: 00000000:1FFFF 0 0A", "0: 00000000 0 0A", "0: 0:0000 0 0A"}) {
        EXPECT_TRUE(ports_of_table(Protocol::tcp, table).empty()) << table;
    }
}

TEST(Listeners, AreDiagnosedByTheKernel) {
    boost::asio::io_context io;
    const tcp::acceptor listening(io, {address_v4::loopback(), 0});
    tcp::socket connected(io);
    connected.connect(listening.local_endpoint());
    const udp::socket bound(io, {address_v6::loopback(), 0});

    const auto tcp_ports = diagnosed_ports(Protocol::tcp);
    const auto udp_ports = diagnosed_ports(Protocol::udp);

    ASSERT_TRUE(tcp_ports && udp_ports);
    EXPECT_TRUE(tcp_ports->contains(Port{listening.local_endpoint().port()}));
    EXPECT_FALSE(tcp_ports->contains(Port{connected.local_endpoint().port()})) << "a connection is no listener";
    EXPECT_TRUE(udp_ports->contains(Port{bound.local_endpoint().port()}));
    EXPECT_FALSE(udp_ports->contains(Port{listening.local_endpoint().port()}));
}

// More than one answer's buffer holds.
TEST(Listeners, AreDiagnosedHoweverManyThereAre) {
    boost::asio::io_context io;
    std::vector<udp::socket> sockets;
    for (int i = 0; i < 1000; ++i) sockets.emplace_back(io, udp::endpoint(address_v4::loopback(), 0));

    const auto ports = diagnosed_ports(Protocol::udp);

    ASSERT_TRUE(ports);
    for (const auto& socket : sockets) EXPECT_TRUE(ports->contains(Port{socket.local_endpoint().port()}));
}

TEST(Listeners, AreBound) {
    boost::asio::io_context io;
    const tcp::acceptor listening(io, {address_v4::loopback(), 0});
    const udp::socket bound(io, {address_v6::loopback(), 0});

    EXPECT_TRUE(is_bound(Protocol::tcp, Port{listening.local_endpoint().port()}));
    EXPECT_TRUE(is_bound(Protocol::udp, Port{bound.local_endpoint().port()}));
    EXPECT_FALSE(is_bound(Protocol::tcp, Port{1}));
}

}  // namespace
}  // namespace gk::system
