#include "edge/hand_over.hpp"

#include <array>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "edge/numbered_load.hpp"
#include "edge/parcels.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;

// All our players share one address.
Limits generous() {
    Limits limits;
    limits.udp.sessions_per_source_max = 10'000;
    limits.tcp.sessions_per_source_max = 10'000;
    limits.udp.new_per_source = limits.tcp.new_per_source = {.per_minute = 600'000, .most = 10'000};
    limits.udp.datagrams = {.per_minute = 60'000'000, .most = 1'000'000};
    limits.answers = {.answers = {.per_minute = 6'000'000, .most = 100'000},
                      .bytes = {.per_minute = 600'000'000, .most = 10'000'000},
                      .bytes_in_all = {.per_minute = 600'000'000, .most = 10'000'000}};
    return limits;
}

struct HandOverTest : testing::Test {
    void hear(WakeCall call) {
        const std::scoped_lock lock(hearing);
        woken.push_back(call.server);
        heard.notify_all();
    }
    Shard::Wake hearer() {
        return [this](WakeCall call) { hear(std::move(call)); };
    }
    bool was_woken(std::size_t times) {
        std::unique_lock lock(hearing);
        return heard.wait_for(lock, patience, [&] { return woken.size() >= times; });
    }
    // From now on somebody may take over from `edge`.
    void offer(const HandOverLimits& limits = {}) {
        given = std::promise<void>();
        auto opened = HandOver::open(path, *edge, [this] { given.set_value(); }, true, limits);
        ASSERT_TRUE(opened) << opened.error();
        door = std::move(*opened);
    }
    // `edge` becomes another one that has taken over from it.
    void take() {
        auto left = take_over(path);
        ASSERT_TRUE(left) << left.error();
        auto next = std::make_unique<Edge>(std::move(*left), generous(), hearer());
        EXPECT_TRUE(next->apply(table).empty());
        ASSERT_EQ(given.get_future().wait_for(patience), std::future_status::ready);
        door.reset();
        edge = std::move(next);
    }
    std::size_t sessions() const {
        std::size_t sum = 0;
        for (const auto& counts : edge->counts()) sum += counts.sessions;
        return sum;
    }
    void play(NumberedLoad& load, int udp, int tcp) {
        table = {.epoch = 1,
                 .number = 1,
                 .datagrams = {{.server = "castle", .listen = udp_door, .state = RouteState::up, .upstream = load.udp_place()}},
                 .streams = {{.listen = tcp_door,
                              .routes = {{.server = "tower", .listen = tcp_door, .state = RouteState::up, .upstream = load.tcp_place()}}}}};
        ASSERT_TRUE(edge->apply(table).empty());
        load.start();
        ASSERT_TRUE(load.goes_on(static_cast<std::uint64_t>(udp) * 2, static_cast<std::uint64_t>(tcp) * 1000));
    }
    // Nobody was lost, and nothing that was said.
    void expect_whole(NumberedLoad& load, int udp, int tcp) {
        EXPECT_TRUE(load.ends_whole()) << "something that was said never came back";
        EXPECT_EQ(load.broken(), 0) << "bytes were lost, or out of order";
        EXPECT_EQ(load.udp_sessions(), static_cast<std::size_t>(udp)) << "each player stayed who he was";
        EXPECT_EQ(load.streams(), tcp);
    }

    test::TemporaryDirectory folder;
    std::string path = folder.path() / "edge.sock";
    Endpoint udp_door = free_place(listen_datagrams);
    Endpoint tcp_door = free_place(listen_streams);
    std::mutex hearing;
    std::condition_variable heard;
    std::vector<std::string> woken;
    std::unique_ptr<Edge> edge = std::make_unique<Edge>(2, generous(), hearer());
    std::promise<void> given;
    std::unique_ptr<HandOver> door;
    RouteTable table;
};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

// One end of the conversation, said by hand.
class ByHand {
public:
    explicit ByHand(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        const auto address = address_of(path);
        is_connected_ = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    bool is_connected() const { return is_connected_; }
    void say(std::string_view text) const { ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL); }
    void ask(std::uint32_t version = hand_over_version) const { say(std::string("T\0\0\0\0\0\0\0", 8) + static_cast<char>(version)); }
    // Without the descriptors, which the kernel then closes; empty when it was closed.
    std::string next() const {
        std::string room(1 + parcel_size_max, '\0');
        const auto size = ::recv(socket_.get(), room.data(), room.size(), 0);
        room.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return room;
    }

private:
    Descriptor socket_;
    bool is_connected_ = false;
};

TEST_F(HandOverTest, TwentyTimesUnderLoadNobodyAndNothingIsLost) {
    constexpr int udp = 500, tcp = 200;
    NumberedLoad load(udp_door, tcp_door, udp, tcp);
    play(load, udp, tcp);
    for (int i = 0; i < 20; ++i) {
        SCOPED_TRACE(i);
        offer();
        take();
        ASSERT_EQ(sessions(), static_cast<std::size_t>(udp + tcp));
        ASSERT_TRUE(load.goes_on(udp, 100'000)) << "it goes on";
    }
    expect_whole(load, udp, tcp);
}

TEST_F(HandOverTest, ATakerThatDiesInTheMiddleChangesNothing) {
    constexpr int udp = 50, tcp = 20;
    NumberedLoad load(udp_door, tcp_door, udp, tcp);
    play(load, udp, tcp);
    offer({.giver = 300ms});
    for (const int messages : {0, 1, 2, 40, 1000}) {
        SCOPED_TRACE(messages);
        {
            const ByHand taker(path);
            ASSERT_TRUE(taker.is_connected());
            taker.ask();
            // The last of them waits until it is given up.
            for (int i = 0; i < messages && !taker.next().empty(); ++i) {
            }
        }
        ASSERT_TRUE(load.goes_on(udp, 10'000));
        EXPECT_EQ(sessions(), static_cast<std::size_t>(udp + tcp));
    }
    take();
    expect_whole(load, udp, tcp);
}

TEST_F(HandOverTest, WhatAGiverGaveBeforeItDiedLivesOn) {
    NumberedLoad load(udp_door, tcp_door, 10, 10);
    play(load, 10, 10);
    std::optional<Result<EdgeState, std::string>> taken;
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
    edge->hand_over([&](const EdgeState& state) {
        const auto parcels = parcels_of(state);
        const auto address = address_of(path);
        // A giver of one process, which ends after all but one: nothing but system calls, for it has no threads.
        const pid_t child = ::fork();
        if (child == 0) {
            const int listener = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
            if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 1) != 0) ::_exit(1);
            if (::write(ready[1], "r", 1) != 1) ::_exit(1);
            const int taker = ::accept(listener, nullptr, nullptr);
            char asked[20];
            if (::recv(taker, asked, sizeof asked, 0) <= 0) ::_exit(1);  // Gone before he has asked, the taker would not ask at all.
            for (std::size_t i = 0; i + 1 < parcels.size(); ++i) {
                char letter = 'P';
                iovec parts[] = {{.iov_base = &letter, .iov_len = 1},
                                 {.iov_base = const_cast<std::byte*>(parcels[i].bytes.data()), .iov_len = parcels[i].bytes.size()}};
                alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
                const auto size = parcels[i].descriptors.size() * sizeof(int);
                msghdr header{};
                header.msg_iov = parts;
                header.msg_iovlen = 2;
                if (size > 0) {
                    header.msg_control = control;
                    header.msg_controllen = CMSG_SPACE(size);
                    auto* rights = CMSG_FIRSTHDR(&header);
                    rights->cmsg_level = SOL_SOCKET;
                    rights->cmsg_type = SCM_RIGHTS;
                    rights->cmsg_len = CMSG_LEN(size);
                    std::memcpy(CMSG_DATA(rights), parcels[i].descriptors.data(), size);
                }
                if (::sendmsg(taker, &header, 0) < 0) ::_exit(1);
            }
            ::_exit(0);
        }
        char letter = 0;
        EXPECT_EQ(::read(ready[0], &letter, 1), 1);
        taken = take_over(path);
        EXPECT_EQ(::waitpid(child, nullptr, 0), child);
        return true;  // This one is dead, too.
    });
    for (const int end : ready) ::close(end);
    ASSERT_TRUE(taken && *taken) << taken->error();
    edge = std::make_unique<Edge>(std::move(**taken), generous(), hearer());
    edge->apply(table);
    EXPECT_EQ(sessions(), 19U) << "all that came";
    EXPECT_TRUE(load.goes_on(20, 10'000));
}

TEST_F(HandOverTest, AGiverThatBreaksOffAndLivesKeepsItsPlayers) {
    edge->hand_over([&](const EdgeState&) {
        const Descriptor listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        const auto address = address_of(path);
        EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener.get(), 1), 0);
        auto giver = std::async(std::launch::async, [&] {
            const Descriptor taker(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            std::array<char, 20> asked{};
            EXPECT_EQ(::recv(taker.get(), asked.data(), asked.size(), 0), 9);
            const auto parcel = parcels_of({.tokens = {}, .shards = std::vector<ShardState>(1)}).front();
            const auto message = "P" + std::string(as_text(parcel.bytes));
            ::send(taker.get(), message.data(), message.size(), 0);
        });
        const auto taken = take_over(path);
        giver.get();
        EXPECT_FALSE(taken);
        if (!taken) EXPECT_EQ(taken.error(), "the running edge broke off");
        return false;
    });
}

TEST_F(HandOverTest, WhoSpeaksAnotherVersionIsToldSo) {
    offer();
    const ByHand taker(path);
    taker.ask(1);
    EXPECT_EQ(taker.next(), "Nthis edge hands over by version 2 of its protocol only: start the other one without taking over");
    take();
}

TEST_F(HandOverTest, OnlyItsOwnUserTakesOver) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs another user";
    offer();
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    // As if somebody had loosened the rights.
    ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        constexpr uid_t nobody = 65534;
        if (::setuid(nobody) != 0) ::_exit(3);
        const ByHand taker(path);
        taker.ask();
        ::_exit(taker.next() == "Nonly the user of this edge may take over from it" ? 0 : 1);
    }
    int status_of_child = 0;
    ASSERT_EQ(::waitpid(child, &status_of_child, 0), child);
    EXPECT_EQ(status_of_child, 0);
    take();
}

TEST_F(HandOverTest, WhoIsHeldGetsInAndTheServerIsAskedForAgain) {
    const auto game = std::move(*listen_datagrams(anywhere));
    const auto tower = std::move(*listen_streams(anywhere));
    Route castle{.server = "castle", .listen = udp_door, .rule = {.knocks_needed = 1}, .state = RouteState::asleep};
    Route mill{.server = "mill", .listen = tcp_door, .state = RouteState::asleep};
    table = {.epoch = 1, .number = 1, .datagrams = {castle}, .streams = {{.listen = tcp_door, .routes = {mill}}}};
    ASSERT_TRUE(edge->apply(table).empty());
    const auto ann = std::move(*connect_datagrams(udp_door));
    ASSERT_EQ(::send(ann.get(), "join", 4, 0), 4);
    const auto bob = std::move(*connect_stream(tcp_door));
    pollfd there{.fd = bob.get(), .events = POLLOUT, .revents = 0};
    ASSERT_EQ(::poll(&there, 1, 10'000), 1);
    ASSERT_EQ(::send(bob.get(), "hello", 5, 0), 5);
    ASSERT_TRUE(was_woken(2));

    offer();
    take();

    ASSERT_TRUE(was_woken(4)) << "nobody knows whether the first calls were heard";
    EXPECT_EQ(std::ranges::count(woken, "castle"), 2);
    castle.state = mill.state = RouteState::up;
    castle.upstream = local_endpoint(game.get());
    mill.upstream = local_endpoint(tower.get());
    edge->apply({.epoch = 1, .number = 2, .datagrams = {castle}, .streams = {{.listen = tcp_door, .routes = {mill}}}});
    std::array<char, 10> room{};
    pollfd in{.fd = game.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&in, 1, 10'000), 1);
    EXPECT_EQ(::recv(game.get(), room.data(), room.size(), 0), 4);
    in.fd = tower.get();
    ASSERT_EQ(::poll(&in, 1, 10'000), 1);
    const Descriptor stream(::accept4(tower.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_EQ(::recv(stream.get(), room.data(), 5, MSG_WAITALL), 5);
    EXPECT_EQ(std::string_view(room.data(), 5), "hello");
}

TEST_F(HandOverTest, SaysWhenNobodyIsThereOrSomebodyIs) {
    const auto nobody = take_over(path);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error(), "no edge answers at " + path + ": No such file or directory");
    offer();
    const auto second = HandOver::open(path, *edge, [] {}, false);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), "another edge runs at " + path + ": take over from it, or end it first");
    door.reset();
    EXPECT_NE(::access(path.c_str(), F_OK), 0) << "it takes its socket away";
}

}  // namespace
}  // namespace gk::edge
