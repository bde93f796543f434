#include "edge/dns_stream.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace gk::edge {

namespace {
// A question with all that an honest asker says beside it.
constexpr std::size_t question_size_max = 1024;
constexpr std::size_t length_size = 2;
}  // namespace

DnsServer::Stream::Stream(DnsServer& server, Descriptor socket, const Endpoint& source)
    : server_(server),
      socket_(std::move(socket)),
      source_(source),
      heard_(server.loop_.now()) {
    server_.loop_.watch(socket_.get(), EPOLLIN, *this);
}

DnsServer::Stream::~Stream() { server_.loop_.forget(socket_.get(), *this); }

void DnsServer::Stream::on_ready(std::uint32_t) {
    auto& streams = server_.streams_;
    const auto self = std::ranges::find_if(streams, [this](const auto& stream) { return stream.get() == this; });
    const bool goes_on = out_.empty() ? read() : write();
    if (!goes_on) {
        streams.erase(self);
        return;
    }
    streams.splice(streams.end(), streams, self);
}

bool DnsServer::Stream::read() {
    std::array<std::byte, question_size_max + length_size> room{};
    const auto size = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (size == 0 || (size < 0 && !would_block())) return false;
    if (size < 0) return true;
    heard_ = server_.loop_.now();
    in_.insert(in_.end(), room.begin(), room.begin() + size);
    return answer_all() && write();
}

bool DnsServer::Stream::answer_all() {
    ByteReader in(in_);
    for (;;) {
        auto next = in;
        const auto length = next.big_endian<std::uint16_t>();
        if (length && *length > question_size_max) return false;
        const auto message = length ? next.bytes(*length) : std::nullopt;
        if (!message) break;
        in = next;
        const auto answer = server_.answer_stream(*message, source_);
        if (answer.empty()) return false;
        const auto size = static_cast<std::uint16_t>(answer.size());
        out_.push_back(static_cast<std::byte>(size >> 8));
        out_.push_back(static_cast<std::byte>(size));
        out_.insert(out_.end(), answer.begin(), answer.end());
    }
    in_.erase(in_.begin(), in_.end() - static_cast<std::ptrdiff_t>(in.remaining()));
    return true;
}

bool DnsServer::Stream::write() {
    if (out_.empty()) return true;
    const auto size = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (size < 0 && !would_block()) return false;
    if (size > 0) out_.erase(out_.begin(), out_.begin() + size);
    server_.loop_.change(socket_.get(), out_.empty() ? EPOLLIN : EPOLLOUT, *this);
    return true;
}

}  // namespace gk::edge
