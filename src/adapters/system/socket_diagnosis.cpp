#include "adapters/system/socket_diagnosis.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <span>
#include <sys/socket.h>

#include "base/descriptor.hpp"

namespace gk::system {
namespace {

constexpr std::uint32_t tcp_listen = 1U << 10;  // The kernel's TCP_LISTEN, as a bit.
constexpr std::uint32_t any_state = ~0U;        // A UDP socket has no such state, every bound one counts.

struct Question {
    nlmsghdr header;
    inet_diag_req_v2 body;
};

bool ask(const Descriptor& socket, Protocol protocol, int family) {
    Question question{};
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question.body.sdiag_family = static_cast<std::uint8_t>(family);
    question.body.sdiag_protocol = protocol == Protocol::tcp ? IPPROTO_TCP : IPPROTO_UDP;
    question.body.idiag_states = protocol == Protocol::tcp ? tcp_listen : any_state;
    return ::send(socket.get(), &question, sizeof question, 0) == ssize_t{sizeof question};
}

enum class Progress : std::uint8_t { more, end, broken };

Progress read_messages(std::span<std::byte> bytes, std::set<Port>& ports) {
    auto left = static_cast<unsigned>(bytes.size());
    const auto* header = reinterpret_cast<const nlmsghdr*>(bytes.data());
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type == NLMSG_DONE) return Progress::end;
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return Progress::broken;
        const auto* found = static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
        ports.insert(static_cast<Port>(ntohs(found->id.idiag_sport)));
    }
    return Progress::more;
}

// A dump is answered while it is asked for and read: nothing here waits for anybody else.
bool read_answer(const Descriptor& socket, std::set<Port>& ports) {
    alignas(nlmsghdr) std::array<std::byte, 32 * 1024> buffer;
    for (;;) {
        const auto size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (size <= 0) return false;
        const auto progress = read_messages(std::span(buffer).first(static_cast<std::size_t>(size)), ports);
        if (progress != Progress::more) return progress == Progress::end;
    }
}

}  // namespace

std::optional<std::set<Port>> diagnosed_ports(Protocol protocol) {
    const Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!socket) return std::nullopt;
    std::set<Port> ports;
    for (const int family : {AF_INET, AF_INET6}) {
        if (!ask(socket, protocol, family) || !read_answer(socket, ports)) return std::nullopt;
    }
    ports.erase(Port{0});  // A UDP socket that is not bound yet.
    return ports;
}

}  // namespace gk::system
