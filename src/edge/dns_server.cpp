#include "edge/dns_server.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include "edge/dns_reader.hpp"
#include "edge/dns_stream.hpp"

namespace gk::edge {

namespace {
namespace dns = wire::dns;
constexpr int datagrams_at_once = 64;
constexpr int accepts_at_once = 16;
constexpr std::size_t question_size_max = 1024;  // Longer datagrams are cut by the kernel, and then no question.
constexpr std::size_t stream_answer_size_max = 65535;

// Where a datagram came to, to be handed back with the answer: on a machine of several addresses it would else leave from another one than was asked,
// and resolvers do not take that.
union LocalPlace {
    cmsghdr header;
    std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
};

// By which interface is for the kernel to say, but for addresses that mean nothing without it.
void leave_the_way_open(msghdr& message) {
    for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            in_pktinfo place{};
            std::memcpy(&place, CMSG_DATA(part), sizeof place);
            place.ipi_ifindex = 0;
            std::memcpy(CMSG_DATA(part), &place, sizeof place);
        }
        if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo place{};
            std::memcpy(&place, CMSG_DATA(part), sizeof place);
            if (!IN6_IS_ADDR_LINKLOCAL(&place.ipi6_addr)) place.ipi6_ifindex = 0;
            std::memcpy(CMSG_DATA(part), &place, sizeof place);
        }
    }
}
}  // namespace

DnsCounts& DnsCounts::operator+=(const DnsCounts& other) {
    asked += other.asked;
    answered += other.answered;
    cut += other.cut;
    unanswered += other.unanswered;
    ignored += other.ignored;
    return *this;
}

class DnsServer::Datagrams final : Loop::Handler {
public:
    Datagrams(DnsServer& server, Descriptor socket) : server_(server), socket_(std::move(socket)) {
        server_.loop_.watch(socket_.get(), EPOLLIN, *this);
    }
    ~Datagrams() override { server_.loop_.forget(socket_.get(), *this); }
    Datagrams(const Datagrams&) = delete;
    Datagrams& operator=(const Datagrams&) = delete;

private:
    void on_ready(std::uint32_t) override {
        for (int i = 0; i < datagrams_at_once && answer_one(); ++i) {
        }
    }
    bool answer_one() {
        std::array<std::byte, question_size_max> room{};
        KernelAddress from;
        LocalPlace place{};
        iovec part{.iov_base = room.data(), .iov_len = room.size()};
        msghdr message{};
        message.msg_name = from.get();
        message.msg_namelen = from.size;
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = place.bytes.data();
        message.msg_controllen = place.bytes.size();
        const auto size = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
        if (size < 0) return false;
        const auto question = (message.msg_flags & MSG_TRUNC) == 0 ? ByteSpan(room).first(static_cast<std::size_t>(size)) : ByteSpan();
        auto answer = server_.answer_datagram(question, endpoint_of(from.storage));
        if (answer.empty()) return true;
        leave_the_way_open(message);
        part = {.iov_base = answer.data(), .iov_len = answer.size()};
        message.msg_flags = 0;
        ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        return true;
    }

    DnsServer& server_;
    Descriptor socket_;
};

class DnsServer::Listener final : Loop::Handler {
public:
    Listener(DnsServer& server, Descriptor socket) : server_(server), socket_(std::move(socket)) {
        server_.loop_.watch(socket_.get(), EPOLLIN, *this);
    }
    ~Listener() override { server_.loop_.forget(socket_.get(), *this); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

private:
    void on_ready(std::uint32_t) override {
        for (int i = 0; i < accepts_at_once; ++i) {
            KernelAddress from;
            Descriptor stream(::accept4(socket_.get(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!stream) return;
            server_.admit(std::move(stream), endpoint_of(from.storage));
        }
    }

    DnsServer& server_;
    Descriptor socket_;
};

Result<std::unique_ptr<DnsServer>, std::string> DnsServer::open(Loop& loop, const Endpoint& at, const DnsLimits& limits,
                                                                wake::AnswerBudget& strangers, Wake wake) {
    TRY(datagrams, listen_datagrams(at));
    // Of a port that the kernel chose, streams have the same.
    TRY(streams, listen_streams(local_endpoint(datagrams.get())));
    const int on = 1;
    ::setsockopt(datagrams.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    ::setsockopt(datagrams.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    return std::unique_ptr<DnsServer>(new DnsServer(loop, limits, strangers, std::move(wake), std::move(datagrams), std::move(streams)));
}

DnsServer::DnsServer(Loop& loop, const DnsLimits& limits, wake::AnswerBudget& strangers, Wake wake, Descriptor datagrams, Descriptor streams)
    : loop_(loop),
      limits_(limits),
      strangers_(strangers),
      whole_(limits.whole, loop.now()),
      wake_(std::move(wake)),
      local_(local_endpoint(datagrams.get())),
      zones_(std::make_shared<const wake::ZoneIndex>()),
      datagrams_(std::make_unique<Datagrams>(*this, std::move(datagrams))),
      listener_(std::make_unique<Listener>(*this, std::move(streams))) {}

DnsServer::~DnsServer() = default;

void DnsServer::update(std::shared_ptr<const wake::ZoneIndex> zones) {
    zones_ = std::move(zones);
    std::map<std::string, Door> doors;
    for (const auto& zone : zones_->zones()) {
        for (const auto& name : zone.names) {
            if (!name.rule) continue;
            // What was counted at this door stays counted.
            const auto known = doors_.find(name.name);
            auto doorman = known == doors_.end() ? wake::Doorman(*name.rule, limits_.door, loop_.now()) : std::move(known->second.doorman);
            doorman.follow(*name.rule, name.state == wake::RouteState::asleep);
            doors.insert_or_assign(name.name, Door{std::move(doorman), name.state});
        }
    }
    doors_ = std::move(doors);
}

void DnsServer::sweep() {
    while (!streams_.empty() && loop_.now() - streams_.front()->heard() >= limits_.silence) streams_.pop_front();
}

std::vector<std::byte> DnsServer::answer_datagram(ByteSpan message, const Endpoint& source) {
    const auto query = dns::parse_query(message);
    if (!query) {
        ++counts_.ignored;
        return {};
    }
    ++counts_.asked;
    const auto now = loop_.now();
    auto answer = whole_answer(*query, source, false, query->size_max);
    if (whole_.take(source.address, answer.size(), now) && strangers_.take(source.address, answer.size(), now)) {
        ++counts_.answered;
        return answer;
    }
    answer = dns::cut_message_of(*query);
    if (strangers_.take(source.address, answer.size(), now)) {
        ++counts_.cut;
        return answer;
    }
    ++counts_.unanswered;
    return {};
}

std::vector<std::byte> DnsServer::answer_stream(ByteSpan message, const Endpoint& source) {
    const auto query = dns::parse_query(message);
    if (!query) {
        ++counts_.ignored;
        return {};
    }
    ++counts_.asked;
    ++counts_.answered;
    return whole_answer(*query, source, true, stream_answer_size_max);
}

std::vector<std::byte> DnsServer::whole_answer(const dns::Query& query, const Endpoint& source, bool is_proved, std::size_t size_max) {
    const auto reading = read_question(query, *zones_);
    if (reading.asked != nullptr) knock(*reading.asked, source, is_proved);
    return message_of(query, reading.reply, size_max);
}

void DnsServer::knock(const wake::ZoneName& name, const Endpoint& source, bool is_proved) {
    const auto door = doors_.find(name.name);
    if (door == doors_.end()) return;
    auto& [doorman, state] = door->second;
    const wake::Knock knock{.intent = wake::Intent::join, .proved = is_proved};
    if (state != wake::RouteState::asleep || !doorman.judge(knock, source.address, {.state = wake::Sleep::asleep}, loop_.now()).wake) return;
    state = wake::RouteState::starting;  // Until the next table says better: one wake is enough.
    wake_(name, source);
}

void DnsServer::admit(Descriptor socket, const Endpoint& source) {
    if (streams_.size() >= limits_.streams_max) streams_.pop_front();
    streams_.push_back(std::make_unique<Stream>(*this, std::move(socket), source));
}

}  // namespace gk::edge
