#pragma once

#include <vector>

#include "edge/dns_server.hpp"

namespace gk::edge {

// Questions by TCP: each behind its length in two bytes (RFC 1035 4.2.2), also several at once (RFC 7766).
class DnsServer::Stream final : Loop::Handler {
public:
    Stream(DnsServer& server, Descriptor socket, const Endpoint& source);
    ~Stream() override;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    wake::Instant heard() const { return heard_; }

private:
    void on_ready(std::uint32_t events) override;
    bool read();
    bool answer_all();
    bool write();

    DnsServer& server_;
    Descriptor socket_;
    Endpoint source_;
    wake::Instant heard_;
    std::vector<std::byte> in_;
    std::vector<std::byte> out_;  // Not yet taken; nothing more is read before it is.
};

}  // namespace gk::edge
