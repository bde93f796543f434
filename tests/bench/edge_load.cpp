// Both ends of what a relay stands between, for `make bench-edge`: echoes, and players who time what comes back.
//     gk_bench_edge_load echo ADDRESS:PORT                      echoes datagrams and streams until standard input ends
//     gk_bench_edge_load udp|tcp ADDRESS:PORT SESSIONS RATE SECONDS BYTES
//         so many messages a second in all, in turns by so many sessions; a line of JSON: sent, came back, and the times of a round trip
//     gk_bench_edge_load bulk ADDRESS:PORT SECONDS              one stream, as fast as it goes, echoed; bytes that came back
//     gk_bench_edge_load hold udp|tcp ADDRESS:PORT SESSIONS     opens so many, two round trips each, says so, and keeps them until its input ends
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <numeric>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "base/descriptor.hpp"
#include "edge/socket.hpp"

namespace gk::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using edge::Endpoint;

constexpr int echo_buffer_bytes = 16 << 20;
constexpr std::size_t chunk = 16 * 1024;
constexpr auto patience = 2s;  // For what is still on its way.

[[noreturn]] void fail(std::string_view why) {
    fmt::print(stderr, "gk_bench_edge_load: {} ({})\n", why, std::strerror(errno));
    std::exit(1);
}

template <class T>
T number(const char* text) {
    T value{};
    const std::string_view all(text);
    if (std::from_chars(all.begin(), all.end(), value).ptr != all.end()) fail(fmt::format("'{}' is no number", all));
    return value;
}

Endpoint endpoint(const char* text) {
    const auto parsed = Endpoint::parse(text);
    if (!parsed) fail(fmt::format("'{}' is no address with a port", text));
    return *parsed;
}

Descriptor opened(Result<Descriptor, std::string> socket) {
    if (!socket) fail(socket.error());
    return std::move(*socket);
}

void room_for_bursts(int fd) {
    for (const int option : {SO_RCVBUFFORCE, SO_SNDBUFFORCE}) ::setsockopt(fd, SOL_SOCKET, option, &echo_buffer_bytes, sizeof echo_buffer_bytes);
}

// The other end: one thread each for datagrams and streams.
void echo_datagrams(const Endpoint& at) {
    const auto socket = opened(edge::listen_datagrams(at));
    room_for_bursts(socket.get());
    constexpr std::size_t batch = 64;
    static std::array<std::array<std::byte, 2048>, batch> bytes;
    std::array<sockaddr_storage, batch> sources{};
    std::array<iovec, batch> parts{};
    std::array<mmsghdr, batch> headers{};
    for (;;) {
        for (std::size_t i = 0; i < batch; ++i) {
            parts[i] = {.iov_base = bytes[i].data(), .iov_len = bytes[i].size()};
            headers[i].msg_hdr = {};
            headers[i].msg_hdr.msg_name = &sources[i];
            headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
            headers[i].msg_hdr.msg_iov = &parts[i];
            headers[i].msg_hdr.msg_iovlen = 1;
        }
        pollfd waiting{.fd = socket.get(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, -1);
        const int count = ::recvmmsg(socket.get(), headers.data(), batch, MSG_DONTWAIT, nullptr);
        for (int i = 0; i < count; ++i) parts[static_cast<std::size_t>(i)].iov_len = headers[static_cast<std::size_t>(i)].msg_len;
        for (int sent = 0; sent < count;) {
            const int more = ::sendmmsg(socket.get(), headers.data() + sent, static_cast<unsigned>(count - sent), 0);
            if (more <= 0) break;
            sent += more;
        }
    }
}

void echo_streams(const Endpoint& at) {
    const auto listener = opened(edge::listen_streams(at));
    const Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    const auto watch = [&](int fd) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
    };
    watch(listener.get());
    static std::array<std::byte, 4 * chunk> room;
    for (;;) {
        std::array<epoll_event, 256> events{};
        const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
        for (const auto& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
            if (event.data.fd == listener.get()) {
                const int stream = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
                if (stream < 0) continue;
                edge::send_at_once(stream);
                watch(stream);
                continue;
            }
            const auto size = ::recv(event.data.fd, room.data(), room.size(), MSG_DONTWAIT);
            if (size < 0 && errno == EAGAIN) continue;
            // Whole, however long that takes: the player reads while he writes.
            for (ssize_t sent = 0; sent < size;) {
                const auto more = ::send(event.data.fd, room.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
                if (more < 0) break;
                sent += more;
            }
            if (size <= 0) ::close(event.data.fd);
        }
    }
}

int echo(const Endpoint& at) {
    std::thread([&] { echo_datagrams(at); }).detach();
    std::thread([&] { echo_streams(at); }).detach();
    fmt::print("ready\n");
    std::fflush(stdout);
    char none = 0;
    while (::read(STDIN_FILENO, &none, 1) > 0) {
    }
    std::_Exit(0);
}

// Everybody has a /24 of his own, as relays bound what is said to one that has proved nothing: 127.1.0.1, 127.1.1.1 and so on.
Endpoint source_of(std::size_t which) {
    const auto high = static_cast<std::uint8_t>(1 + which / 250), low = static_cast<std::uint8_t>(which % 250);
    return {.address = wake::Address::v4({127, high, low, 1}), .port = 0};
}

Descriptor session(bool is_stream, const Endpoint& to, std::size_t which) {
    Descriptor socket(::socket(AF_INET, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
    if (!socket) fail("a socket cannot be made");
    const auto from = edge::kernel_address(source_of(which), AF_INET), there = edge::kernel_address(to, AF_INET);
    if (::bind(socket.get(), from.get(), from.size) != 0) fail("an address of loopback cannot be used");
    if (::connect(socket.get(), there.get(), there.size) != 0) fail("the relay cannot be reached");
    if (is_stream) edge::send_at_once(socket.get());
    else room_for_bursts(socket.get());
    return socket;
}

// What one message says: when it was sent. The rest is filling.
void stamp(std::span<std::byte> message) {
    const auto now = Clock::now().time_since_epoch().count();
    std::memcpy(message.data(), &now, sizeof now);
}
double microseconds_since(std::span<const std::byte> message) {
    Clock::rep sent = 0;
    std::memcpy(&sent, message.data(), sizeof sent);
    return std::chrono::duration<double, std::micro>(Clock::now().time_since_epoch() - Clock::duration(sent)).count();
}

struct Player {
    Descriptor socket;
    std::size_t read = 0;  // Of the stream's present message.
    int answers = 0;
    std::vector<std::byte> message;
};

class Players {
public:
    Players(bool is_stream, const Endpoint& to, std::size_t count, std::size_t size)
        : is_stream_(is_stream),
          size_(size),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)),
          players_(count) {
        for (std::size_t i = 0; i < count; ++i) {
            players_[i].socket = session(is_stream, to, i);
            players_[i].message.resize(size);
            epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
            if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, players_[i].socket.get(), &event) != 0) fail("a socket cannot be watched");
        }
    }
    std::size_t size() const { return players_.size(); }
    bool send(std::size_t which) {
        std::vector<std::byte> message(size_);
        stamp(message);
        return ::send(players_[which].socket.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == std::ssize(message);
    }
    // Takes what is there, or comes within the time.
    void receive(Clock::duration wait) {
        std::array<epoll_event, 256> events{};
        const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::max(wait, Clock::duration(0)));
        const timespec most{.tv_sec = time.count() / 1'000'000'000, .tv_nsec = time.count() % 1'000'000'000};
        const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &most, nullptr);
        for (const auto& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) take(players_[event.data.u64]);
    }
    const std::vector<double>& times() const { return times_; }
    int answers(std::size_t which) const { return players_[which].answers; }

private:
    void take(Player& player) {
        for (;;) {
            auto rest = std::span(player.message).subspan(player.read);
            const auto size = ::recv(player.socket.get(), rest.data(), rest.size(), MSG_DONTWAIT);
            if (size <= 0) return;
            player.read += static_cast<std::size_t>(size);
            if (is_stream_ && player.read < player.message.size()) continue;
            player.read = 0;
            ++player.answers;
            times_.push_back(microseconds_since(player.message));
        }
    }

    bool is_stream_;
    std::size_t size_;
    Descriptor epoll_;
    std::vector<Player> players_;
    std::vector<double> times_;
};

double share(std::vector<double>& ranked, std::size_t part) {
    return ranked.empty() ? 0 : ranked[std::min(ranked.size() - 1, ranked.size() * part / 100)];
}

int play(bool is_stream, const Endpoint& to, std::size_t sessions, std::size_t rate, std::size_t seconds, std::size_t bytes) {
    Players players(is_stream, to, sessions, bytes);
    // Everybody's first message opens his session; it is not measured.
    for (std::size_t i = 0; i < players.size(); ++i) {
        players.send(i);
        players.receive(0ms);
    }
    const auto warm = Clock::now() + patience;
    while (players.times().size() < players.size() && Clock::now() < warm) players.receive(10ms);
    const auto before = players.times().size();

    const auto begun = Clock::now();
    const auto step = std::chrono::duration_cast<Clock::duration>(1s) / static_cast<Clock::rep>(rate);
    std::size_t sent = 0, tried = 0;
    for (; tried < rate * seconds; ++tried) {
        const auto due = begun + step * static_cast<Clock::rep>(tried);
        while (Clock::now() < due) players.receive(due - Clock::now());
        if (players.send(tried % players.size())) ++sent;
        if (tried % 16 == 0) players.receive(0ms);
    }
    const auto took = std::chrono::duration<double>(Clock::now() - begun).count();
    const auto end = Clock::now() + patience;
    while (players.times().size() < before + sent && Clock::now() < end) players.receive(10ms);
    std::vector<double> times(players.times().begin() + static_cast<std::ptrdiff_t>(before), players.times().end());
    std::ranges::sort(times);
    fmt::print("{{\"sent\":{},\"back\":{},\"seconds\":{:.3f},\"p50_us\":{:.1f},\"p99_us\":{:.1f}}}\n", sent, times.size(), took, share(times, 50),
               share(times, 99));
    return 0;
}

int bulk(const Endpoint& to, std::size_t seconds) {
    const auto socket = session(true, to, 0);
    std::vector<std::byte> out(chunk), in(4 * chunk);
    std::size_t sent = 0, back = 0;
    const auto end = Clock::now() + std::chrono::seconds(seconds);
    while (Clock::now() < end) {
        pollfd waiting{.fd = socket.get(), .events = POLLIN | POLLOUT, .revents = 0};
        ::poll(&waiting, 1, 100);
        if ((waiting.revents & POLLOUT) != 0)
            sent += static_cast<std::size_t>(std::max<ssize_t>(0, ::send(socket.get(), out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL)));
        if ((waiting.revents & POLLIN) != 0)
            back += static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(socket.get(), in.data(), in.size(), MSG_DONTWAIT)));
    }
    fmt::print("{{\"sent\":{},\"back\":{}}}\n", sent, back);
    return 0;
}

// Who has said something after an answer has proved where he is: a relay keeps others for seconds only, and tells all of them together but 64 KiB
// a second. So they come in groups, and whoever is not answered says it again, as clients do.
constexpr int answers_needed = 2;
constexpr std::size_t group_size = 500;

void become_known(Players& players, std::span<const std::size_t> group, Clock::time_point end) {
    const auto is_unknown = [&](std::size_t which) { return players.answers(which) < answers_needed; };
    while (Clock::now() < end && std::ranges::any_of(group, is_unknown)) {
        std::size_t asked = players.times().size();
        for (const auto which : group) {
            if (is_unknown(which) && players.send(which)) ++asked;
        }
        const auto again = Clock::now() + 200ms;
        while (players.times().size() < asked && Clock::now() < again) players.receive(10ms);
    }
}

int hold(bool is_stream, const Endpoint& to, std::size_t sessions) {
    Players players(is_stream, to, sessions, 64);
    std::vector<std::size_t> all(players.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const auto end = Clock::now() + 60s;
    for (std::size_t first = 0; first < all.size(); first += group_size) {
        become_known(players, std::span(all).subspan(first, std::min(group_size, all.size() - first)), end);
    }
    const auto held = std::ranges::count_if(all, [&](std::size_t which) { return players.answers(which) >= answers_needed; });
    fmt::print("{{\"held\":{}}}\n", held);
    std::fflush(stdout);
    char none = 0;
    while (::read(STDIN_FILENO, &none, 1) > 0) {
    }
    return 0;
}

int run(int count, char** words) {
    const std::string_view what = count > 1 ? words[1] : "";
    const bool is_stream = what == "tcp" || (what == "hold" && count > 2 && std::string_view(words[2]) == "tcp");
    const rlimit many{.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    ::setrlimit(RLIMIT_NOFILE, &many);
    std::signal(SIGPIPE, SIG_IGN);
    using Count = std::size_t;
    if (what == "echo" && count == 3) return echo(endpoint(words[2]));
    if ((what == "udp" || what == "tcp") && count == 7)
        return play(is_stream, endpoint(words[2]), number<Count>(words[3]), number<Count>(words[4]), number<Count>(words[5]),
                    number<Count>(words[6]));
    if (what == "bulk" && count == 4) return bulk(endpoint(words[2]), number<Count>(words[3]));
    if (what == "hold" && count == 5) return hold(is_stream, endpoint(words[3]), number<Count>(words[4]));
    fail("the words are those of the comment above");
}

}  // namespace
}  // namespace gk::bench

int main(int count, char** words) { return gk::bench::run(count, words); }
