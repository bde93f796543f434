// Questions of strangers: nothing is read beyond their end, views stay within them, and no answer is longer than it may be.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "wire/dns/message.hpp"
#include "wire/dns/reply.hpp"

namespace {

using namespace gk;
using namespace gk::wire;

bool is_within(ByteSpan part, ByteSpan whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = std::as_bytes(std::span(data, size));
    const auto query = dns::parse_query(message);
    if (!query) return 0;
    ASSERT(is_within(query->question, message), "a part of the message");
    ASSERT(query->size_max >= dns::plain_size_max && query->size_max <= dns::datagram_size_max, "bounded");
    ASSERT(query->name.size() < dns::name_size_max, "no longer than names are");
    ASSERT(dns::cut_message_of(*query).size() <= message.size(), "no longer than the question");
    if (query->trouble != dns::Code::ok) return 0;
    // What is echoed is read as it was.
    const auto again = dns::message_of(*query, {.answers = {{.name = query->name, .ttl = 1, .data = dns::NameServer{query->name}}}}, 65535);
    ASSERT(!dns::parse_query(again), "an answer is no question");
    ASSERT(dns::message_of(*query, {.answers = std::vector<dns::Record>(100, {.name = "a", .data = dns::AddressV6{}})}, query->size_max).size() <=
               query->size_max,
           "bounded");
    return 0;
}
