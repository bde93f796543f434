#include "adapters/system/listeners.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>

namespace gk::system {
namespace {

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
    Listeners listeners;

    listeners.add_table(Protocol::tcp, tcp_table);
    listeners.add_table(Protocol::tcp, tcp6_table);
    listeners.add_table(Protocol::udp, udp_table);

    EXPECT_TRUE(listeners.contains(Protocol::tcp, Port{8080}));
    EXPECT_TRUE(listeners.contains(Protocol::tcp, Port{22}));
    EXPECT_TRUE(listeners.contains(Protocol::udp, Port{30000}));
    EXPECT_FALSE(listeners.contains(Protocol::udp, Port{8080}));
    EXPECT_FALSE(listeners.contains(Protocol::tcp, Port{0xA0D2})) << "a connection is no listener";
    EXPECT_EQ(listeners.size(), 3u);
}

TEST(Listeners, PassOverLinesThatAreNotUnderstood) {
    Listeners listeners;

    for (const auto table : {"", "\n\n", "0:", "0: x y z", "0: 00000000:XYZ 0 0A", "0: 00000000:1FFFF 0 0A", "0: 00000000 0 0A", "0: 0:0000 0 0A"}) {
        listeners.add_table(Protocol::tcp, table);
    }

    EXPECT_EQ(listeners.size(), 0u);
}

TEST(Listeners, IncludeRealSockets) {
    boost::asio::io_context io;
    const boost::asio::ip::tcp::acceptor tcp(io, {boost::asio::ip::address_v4::loopback(), 0});
    const boost::asio::ip::udp::socket udp(io, {boost::asio::ip::address_v6::loopback(), 0});

    EXPECT_TRUE(is_bound(Protocol::tcp, Port{tcp.local_endpoint().port()}));
    EXPECT_TRUE(is_bound(Protocol::udp, Port{udp.local_endpoint().port()}));
}

}  // namespace
}  // namespace gk::system
