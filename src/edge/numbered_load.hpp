#pragma once

#include <array>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "edge/loop.hpp"
#include "edge/socket.hpp"

// For tests: players and games that notice what is lost.
namespace gk::edge {

inline constexpr std::chrono::seconds patience{30};
inline const Endpoint anywhere = *Endpoint::parse("127.0.0.1:0");

inline Endpoint free_place(Result<Descriptor, std::string> (*listen)(const Endpoint&)) { return local_endpoint(listen(anywhere)->get()); }

// Players and their games on one loop, with numbers in all that they say. The game echoes; a player of datagrams says the next number when the last
// came back, one of streams sends as fast as it is taken.
class NumberedLoad {
public:
    NumberedLoad(const Endpoint& udp_door, const Endpoint& tcp_door, int udp_players, int tcp_players) {
        loop_.watch(udp_game_.socket.get(), EPOLLIN, udp_game_);
        loop_.watch(tcp_game_.socket.get(), EPOLLIN, tcp_game_);
        udp_door_ = udp_door;
        tcp_door_ = tcp_door;
        udp_wanted_ = udp_players;
        tcp_wanted_ = tcp_players;
    }
    ~NumberedLoad() {
        loop_.stop();
        if (thread_.joinable()) thread_.join();
    }
    Endpoint udp_place() const { return local_endpoint(udp_game_.socket.get()); }
    Endpoint tcp_place() const { return local_endpoint(tcp_game_.socket.get()); }

    void start() {
        for (int i = 0; i < udp_wanted_; ++i) udp_.push_back(std::make_unique<UdpPlayer>(*this));
        for (int i = 0; i < tcp_wanted_; ++i) tcp_.push_back(std::make_unique<TcpPlayer>(*this));
        thread_ = std::thread([this] { loop_.run(); });
    }
    // Waits until so much more was said and heard, of both kinds; false when it was not within our patience.
    bool goes_on(std::uint64_t datagrams, std::uint64_t bytes) {
        std::unique_lock lock(counting_);
        const auto datagrams_then = datagrams_ + datagrams;
        const auto bytes_then = bytes_ + bytes;
        return changed_.wait_for(lock, patience, [&] { return datagrams_ >= datagrams_then && bytes_ >= bytes_then; });
    }
    // Has all of them stop, and waits until everything came back.
    bool ends_whole() {
        std::unique_lock lock(counting_);
        is_ending_ = true;
        return changed_.wait_for(lock, patience, [&] { return ended_ == udp_wanted_ + tcp_wanted_; });
    }
    int broken() {
        const std::scoped_lock lock(counting_);
        return broken_;
    }
    // In how many games' sessions the players appeared: a lost session would come back as another one.
    std::size_t udp_sessions() {
        std::promise<std::size_t> count;
        loop_.post([&] { count.set_value(udp_game_.seen.size()); });
        return count.get_future().get();
    }
    int streams() {
        const std::scoped_lock lock(counting_);
        return streams_;
    }

private:
    void count(std::uint64_t datagrams, std::uint64_t bytes) {
        const std::scoped_lock lock(counting_);
        datagrams_ += datagrams;
        bytes_ += bytes;
        changed_.notify_all();
    }
    bool is_ending() {
        const std::scoped_lock lock(counting_);
        return is_ending_;
    }
    void ended(bool whole) {
        const std::scoped_lock lock(counting_);
        ++ended_;
        broken_ += whole ? 0 : 1;
        changed_.notify_all();
    }

    struct UdpGame final : Loop::Handler {
        Descriptor socket = std::move(*listen_datagrams(anywhere));
        std::set<Endpoint> seen;
        void on_ready(std::uint32_t) override {
            std::array<std::byte, 64> room{};
            while (true) {
                KernelAddress from;
                const auto size = ::recvfrom(socket.get(), room.data(), room.size(), 0, from.get(), &from.size);
                if (size < 0) return;
                seen.insert(endpoint_of(from.storage));
                ::sendto(socket.get(), room.data(), static_cast<std::size_t>(size), 0, from.get(), from.size);
            }
        }
    };
    struct UdpPlayer final : Loop::Handler {
        explicit UdpPlayer(NumberedLoad& of) : load(of), socket(std::move(*connect_datagrams(of.udp_door_))) {
            load.loop_.watch(socket.get(), EPOLLIN, *this);
            say();
        }
        void say() const { ASSERT_EQ(::send(socket.get(), &number, sizeof number, 0), static_cast<ssize_t>(sizeof number)); }
        void on_ready(std::uint32_t) override {
            std::uint64_t back = 0;
            if (::recv(socket.get(), &back, sizeof back, 0) != static_cast<ssize_t>(sizeof back)) return;
            if (back != number) return finish(false);
            ++number;
            load.count(1, 0);
            if (load.is_ending()) return finish(true);
            say();
        }
        void finish(bool whole) {
            load.loop_.forget(socket.get(), *this);
            load.ended(whole);
        }
        NumberedLoad& load;
        Descriptor socket;
        std::uint64_t number = 1;
    };
    // Sends back what came, as far as it is taken.
    struct TcpEcho final : Loop::Handler {
        TcpEcho(NumberedLoad& of, Descriptor of_player) : load(of), socket(std::move(of_player)) { load.loop_.watch(socket.get(), EPOLLIN, *this); }
        void on_ready(std::uint32_t) override {
            std::array<std::byte, 16384> room;
            if (unsent.empty()) {
                const auto size = ::recv(socket.get(), room.data(), room.size(), 0);
                if (size < 0) return;
                if (size == 0) {
                    load.loop_.forget(socket.get(), *this);
                    ::shutdown(socket.get(), SHUT_WR);
                    return;
                }
                unsent.assign(room.begin(), room.begin() + size);
            }
            const auto sent = ::send(socket.get(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
            if (sent > 0) unsent.erase(unsent.begin(), unsent.begin() + sent);
            load.loop_.change(socket.get(), unsent.empty() ? EPOLLIN : EPOLLOUT, *this);
        }
        NumberedLoad& load;
        Descriptor socket;
        std::vector<std::byte> unsent;
    };
    struct TcpGame final : Loop::Handler {
        explicit TcpGame(NumberedLoad& of) : load(of) {}
        void on_ready(std::uint32_t) override {
            while (true) {
                Descriptor came(::accept4(socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
                if (!came) return;
                echoes.push_back(std::make_unique<TcpEcho>(load, std::move(came)));
                const std::scoped_lock lock(load.counting_);
                ++load.streams_;
            }
        }
        NumberedLoad& load;
        Descriptor socket = std::move(*listen_streams(anywhere));
        std::vector<std::unique_ptr<TcpEcho>> echoes;
    };
    struct TcpPlayer final : Loop::Handler {
        static constexpr std::size_t under_way_max = 16 * 1024;
        explicit TcpPlayer(NumberedLoad& of) : load(of), socket(std::move(*connect_stream(of.tcp_door_))) {
            load.loop_.watch(socket.get(), EPOLLIN | EPOLLOUT, *this);
        }
        static std::byte byte_at(std::uint64_t at) { return static_cast<std::byte>((at * 2654435761U) >> 13); }
        void on_ready(std::uint32_t) override {
            std::array<std::byte, 4096> room;
            const auto size = ::recv(socket.get(), room.data(), room.size(), 0);
            if (size == 0 || (size < 0 && errno != EAGAIN)) return finish(size == 0 && was_closed && heard == said);
            for (ssize_t i = 0; i < size; ++i) {
                if (room[static_cast<std::size_t>(i)] != byte_at(heard++)) return finish(false);
            }
            if (size > 0) load.count(0, static_cast<std::uint64_t>(size));
            if (!was_closed && load.is_ending()) {
                was_closed = true;
                ::shutdown(socket.get(), SHUT_WR);
            }
            const auto most = was_closed ? 0 : std::min(room.size(), under_way_max - (said - heard));
            for (std::size_t i = 0; i < most; ++i) room[i] = byte_at(said + i);
            const auto sent = most == 0 ? 0 : ::send(socket.get(), room.data(), most, MSG_NOSIGNAL);
            if (sent > 0) said += static_cast<std::uint64_t>(sent);
            load.loop_.change(socket.get(), !was_closed && said - heard < under_way_max ? EPOLLIN | EPOLLOUT : EPOLLIN, *this);
        }
        void finish(bool whole) {
            load.loop_.forget(socket.get(), *this);
            load.ended(whole);
        }
        NumberedLoad& load;
        Descriptor socket;
        std::uint64_t said = 0;
        std::uint64_t heard = 0;
        bool was_closed = false;
    };

    Endpoint udp_door_;
    Endpoint tcp_door_;
    int udp_wanted_ = 0;
    int tcp_wanted_ = 0;
    std::mutex counting_;
    std::condition_variable changed_;
    std::uint64_t datagrams_ = 0;
    std::uint64_t bytes_ = 0;
    int ended_ = 0;
    int broken_ = 0;
    int streams_ = 0;
    bool is_ending_ = false;
    Loop loop_;
    UdpGame udp_game_;
    TcpGame tcp_game_{*this};
    std::vector<std::unique_ptr<UdpPlayer>> udp_;
    std::vector<std::unique_ptr<TcpPlayer>> tcp_;
    std::thread thread_;
};

}  // namespace gk::edge
