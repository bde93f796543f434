#include "edge/hand_over.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "edge/parcels.hpp"

namespace gk::edge {
namespace {

enum class Letter : char { take = 'T', parcel = 'P', end = 'E', accepted = 'A', go = 'G', no = 'N' };

struct Message {
    Letter letter;
    std::vector<std::byte> body;
    std::vector<Descriptor> descriptors;
};

std::string reason(const char* what) { return fmt::format("{}: {}", what, std::strerror(errno)); }

// Messages to and from one peer, all within one time.
class Talk {
public:
    Talk(Descriptor socket, Milliseconds time) : socket_(std::move(socket)), until_(monotonic_now() + time) {}

    bool send(Letter letter, ByteSpan body = {}, std::span<const int> descriptors = {}) {
        char first = static_cast<char>(letter);
        std::array<iovec, 2> parts{iovec{.iov_base = &first, .iov_len = 1},
                                   iovec{.iov_base = const_cast<std::byte*>(body.data()), .iov_len = body.size()}};
        msghdr header{};
        header.msg_iov = parts.data();
        header.msg_iovlen = parts.size();
        ASSERT(descriptors.size() <= parcel_descriptors_max, "a parcel has few descriptors");
        if (!descriptors.empty()) {
            header.msg_control = control_.data();
            header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
            auto* rights = CMSG_FIRSTHDR(&header);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
            std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
        }
        while (::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            if (errno != EAGAIN || !wait(POLLOUT)) return false;
        }
        return true;
    }

    // nullopt when the peer has gone, is too slow, or has sent more than fits.
    std::optional<Message> receive() {
        while (true) {
            auto message = receive_now();
            if (message || errno != EAGAIN || !wait(POLLIN)) return message;
        }
    }
    // Nothing is heard any more but what has already come: whoever sends now is told that it did not arrive.
    std::optional<Message> last_heard() {
        ::shutdown(socket_.get(), SHUT_RDWR);
        return receive_now();
    }

private:
    std::optional<Message> receive_now() {
        iovec part{.iov_base = room_.data(), .iov_len = room_.size()};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control_.data();
        header.msg_controllen = control_.size();
        const auto size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (size < 0) return std::nullopt;
        std::vector<Descriptor> descriptors;
        for (auto* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
            if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
            std::array<int, parcel_descriptors_max> numbers{};
            const auto bytes = std::min<std::size_t>(at->cmsg_len - CMSG_LEN(0), sizeof numbers);
            std::memcpy(numbers.data(), CMSG_DATA(at), bytes);
            for (const int number : std::span(numbers).first(bytes / sizeof(int))) descriptors.emplace_back(number);
        }
        errno = 0;  // It is not that nothing is there yet.
        if (size == 0 || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return std::nullopt;
        return Message{.letter = Letter(std::to_integer<char>(room_[0])),
                       .body = {room_.begin() + 1, room_.begin() + size},
                       .descriptors = std::move(descriptors)};
    }

    bool wait(short events) const {
        const auto left = until_ - monotonic_now();
        pollfd one{.fd = socket_.get(), .events = events, .revents = 0};
        return left.count() > 0 && ::poll(&one, 1, static_cast<int>(left.count())) == 1;
    }

    Descriptor socket_;
    wake::Instant until_;
    std::vector<std::byte> room_ = std::vector<std::byte>(1 + parcel_size_max);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(parcel_descriptors_max * sizeof(int))> control_{};
};

std::vector<std::byte> number_bytes(std::uint64_t number) { return ByteWriter().big_endian(number).take(); }

bool is_number(const Message& message, Letter letter, std::uint64_t number) {
    return message.letter == letter && message.body == number_bytes(number);
}

std::optional<ucred> peer_of(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer;
}

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Result<Descriptor, std::string> connect_to(const std::string& path) {
    const auto address = address_of(path);
    if (!address) return std::unexpected(fmt::format("{} is too long a path for a socket", path));
    Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        return std::unexpected(reason(fmt::format("no edge answers at {}", path).c_str()));
    }
    return socket;
}

Result<Descriptor, std::string> listen_at(const std::string& path) {
    // Beside it first: whoever connects finds the old socket or the new one.
    const auto beside = path + ".new";
    const auto address = address_of(beside);
    if (!address) return std::unexpected(fmt::format("{} is too long a path for a socket", beside));
    ::unlink(beside.c_str());
    Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // The rights of the file are those that the socket has when it is bound.
    if (!socket || ::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 || ::listen(socket.get(), 1) != 0 ||
        ::rename(beside.c_str(), path.c_str()) != 0) {
        return std::unexpected(reason(fmt::format("cannot listen at {}", path).c_str()));
    }
    return socket;
}

// A process, which may be waited for.
bool has_ended(const Descriptor& process, Milliseconds most) {
    pollfd one{.fd = process.get(), .events = POLLIN, .revents = 0};
    return process && ::poll(&one, 1, static_cast<int>(most.count())) == 1;
}

// All parcels, until the one that says that there are no more. What came so far stays in `in` when it fails.
Result<Success, std::string> receive_all(Talk& talk, Unpacking& in) {
    while (auto message = talk.receive()) {
        if (message->letter == Letter::no) return std::unexpected(std::string(as_text(message->body)));
        if (message->letter == Letter::end && in.has_begun() && is_number(*message, Letter::end, in.count())) return {};
        if (message->letter != Letter::parcel) return std::unexpected("what the running edge said is not understood");
        TRY_OK(in.add(message->body, std::move(message->descriptors)));
    }
    return std::unexpected("the running edge broke off");
}

bool is_ours_now(Talk& talk, Unpacking& in) {
    if (!talk.send(Letter::accepted, number_bytes(in.count()))) return false;
    auto verdict = talk.receive();
    if (!verdict) verdict = talk.last_heard();
    return verdict && verdict->letter == Letter::go;
}

}  // namespace

Result<EdgeState, std::string> take_over(const std::string& path, const HandOverLimits& limits) {
    TRY(socket, connect_to(path));
    const auto peer = peer_of(socket.get());
    if (!peer || (peer->uid != ::geteuid() && peer->uid != 0)) return std::unexpected(fmt::format("{} belongs to another user", path));
    // By its number: the header of glibc 2.36 declares it for C only.
    const Descriptor giver(static_cast<int>(::syscall(SYS_pidfd_open, peer->pid, 0)));
    Talk talk(std::move(socket), limits.taker);
    Unpacking in;
    auto all = talk.send(Letter::take, number_bytes(hand_over_version)) ? receive_all(talk, in)
                                                                        : Result<Success, std::string>(std::unexpected("the running edge broke off"));
    if (all && is_ours_now(talk, in)) return in.take();
    // It may have died in the middle: what it gave before lives on here, and nowhere else.
    constexpr Milliseconds last_breath{1'000};
    if (in.has_begun() && has_ended(giver, last_breath)) return in.take();
    return std::unexpected(all ? "the running edge did not let go, and goes on" : all.error());
}

Result<std::unique_ptr<HandOver>, std::string> HandOver::open(const std::string& path, Edge& edge, std::function<void()> done, bool replaces,
                                                              const HandOverLimits& limits) {
    if (!replaces && connect_to(path)) return std::unexpected(fmt::format("another edge runs at {}: take over from it, or end it first", path));
    TRY(listener, listen_at(path));
    return std::unique_ptr<HandOver>(new HandOver(path, std::move(listener), edge, std::move(done), limits));
}

HandOver::HandOver(std::string path, Descriptor listener, Edge& edge, std::function<void()> done, const HandOverLimits& limits)
    : path_(std::move(path)),
      listener_(std::move(listener)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      edge_(edge),
      done_(std::move(done)),
      limits_(limits) {
    ASSERT(stop_, "the kernel gives no eventfd");
    thread_ = std::thread([this] { serve(); });
}

HandOver::~HandOver() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
    if (!was_given_) ::unlink(path_.c_str());  // Otherwise it is the next edge's.
}

void HandOver::serve() {
    std::array<pollfd, 2> waits{pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    while (::poll(waits.data(), waits.size(), -1) >= 0 || errno == EINTR) {
        if (waits[1].revents != 0) return;
        Descriptor taker(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!taker || !give(std::move(taker))) continue;
        was_given_ = true;
        return done_();
    }
}

bool HandOver::give(Descriptor taker) {
    const auto peer = peer_of(taker.get());
    Talk talk(std::move(taker), limits_.giver);
    const auto refuse = [&](const std::string& why) {
        talk.send(Letter::no, as_byte_span(why));
        log::warning("edge", "nothing was handed over", {{"why", why}});
        return false;
    };
    // First, for whoever is closed with something unread is told of that instead of our reason.
    const auto asked = talk.receive();
    if (!asked) return false;  // Somebody who only looked whether we are here.
    if (!peer || (peer->uid != ::geteuid() && peer->uid != 0)) return refuse("only the user of this edge may take over from it");
    if (!is_number(*asked, Letter::take, hand_over_version)) {
        return refuse(
            fmt::format("this edge hands over by version {} of its protocol only: start the other one without taking over", hand_over_version));
    }
    const bool was_given = edge_.hand_over([&](const EdgeState& state) {
        const auto parcels = parcels_of(state);
        for (const auto& parcel : parcels) {
            if (!talk.send(Letter::parcel, parcel.bytes, parcel.descriptors)) return false;
        }
        if (!talk.send(Letter::end, number_bytes(parcels.size()))) return false;
        const auto answer = talk.receive();
        return answer && is_number(*answer, Letter::accepted, parcels.size()) && talk.send(Letter::go);
    });
    if (!was_given) return refuse("the other edge did not take everything in time; this one goes on");
    log::info("edge", "all was handed over to another process", {{"process", static_cast<std::int64_t>(peer->pid)}});
    return true;
}

}  // namespace gk::edge
