#pragma once

#include "domain/wake/zone.hpp"
#include "wire/dns/reply.hpp"

namespace gk::edge {

// What a question for a name is answered with, and whose name it was.
struct DnsReading {
    wire::dns::Reply reply{};
    const wake::ZoneName* asked = nullptr;  // The question was for where this server is: somebody may be about to play. Lives as long as the index.
};
// Authoritative for the zones of the index and for nothing else: what is asked for another zone is refused, never looked up for anybody.
DnsReading read_question(const wire::dns::Query& query, const wake::ZoneIndex& zones);

}  // namespace gk::edge
