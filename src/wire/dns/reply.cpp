#include "wire/dns/reply.hpp"

#include <limits>

namespace gk::wire::dns {

namespace {
constexpr std::uint16_t flag_answer = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
constexpr std::uint16_t flag_cut = 0x0200;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t code_bits = 0xf;
constexpr std::uint16_t to_question = 0xc00c;  // A name that is that of the question: right behind the header of 12 bytes.

struct TypeOf {
    Type operator()(const AddressV4&) const { return Type::a; }
    Type operator()(const AddressV6&) const { return Type::aaaa; }
    Type operator()(const NameServer&) const { return Type::ns; }
    Type operator()(const StartOfAuthority&) const { return Type::soa; }
    Type operator()(const Service&) const { return Type::srv; }
};

struct PutData {
    ByteWriter& out;
    void operator()(const AddressV4& address) const { out.bytes(std::as_bytes(std::span(address))); }
    void operator()(const AddressV6& address) const { out.bytes(std::as_bytes(std::span(address))); }
    void operator()(const NameServer& server) const { put_name(out, server.name); }
    void operator()(const StartOfAuthority& soa) const {
        put_name(out, soa.primary);
        put_name(out, soa.contact);
        for (const auto number : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum}) out.big_endian(number);
    }
    void operator()(const Service& service) const {
        out.big_endian(service.priority).big_endian(service.weight).big_endian(service.port);
        put_name(out, service.target);
    }
};

void put_record(ByteWriter& out, const Query& query, const Record& record) {
    if (record.name == query.name) out.big_endian(to_question);
    else put_name(out, record.name);
    out.big_endian(static_cast<std::uint16_t>(std::visit(TypeOf{}, record.data)));
    out.big_endian(static_cast<std::uint16_t>(Class::in)).big_endian(record.ttl);
    ByteWriter data;
    std::visit(PutData{data}, record.data);
    out.big_endian(static_cast<std::uint16_t>(data.view().size())).bytes(data.view());
}

// RFC 6891 6.1: the owner is the root, the class our size, the TTL begins with the upper bits of the code.
void put_edns(ByteWriter& out, Code code) {
    out.big_endian(std::uint8_t{0}).big_endian(static_cast<std::uint16_t>(Type::opt)).big_endian(static_cast<std::uint16_t>(datagram_size_max));
    out.big_endian(static_cast<std::uint8_t>(static_cast<std::uint16_t>(code) >> 4));
    out.big_endian(std::uint8_t{0}).big_endian(std::uint16_t{0}).big_endian(std::uint16_t{0});
}

std::vector<std::byte> write(const Query& query, const Reply& reply, bool is_cut) {
    ByteWriter out;
    auto flags = static_cast<std::uint16_t>(flag_answer | query.opcode << 11 | (static_cast<std::uint16_t>(reply.code) & code_bits));
    if (reply.is_authoritative) flags |= flag_authoritative;
    if (is_cut) flags |= flag_cut;
    if (query.recursion_desired) flags |= flag_recursion_desired;
    const auto count = [](std::size_t number) { return static_cast<std::uint16_t>(number); };
    out.big_endian(query.id).big_endian(flags).big_endian(count(query.question.empty() ? 0 : 1));
    out.big_endian(count(reply.answers.size())).big_endian(count(reply.authorities.size())).big_endian(count(query.has_edns ? 1 : 0));
    out.bytes(query.question);
    for (const auto& record : reply.answers) put_record(out, query, record);
    for (const auto& record : reply.authorities) put_record(out, query, record);
    if (query.has_edns) put_edns(out, reply.code);
    return std::move(out).take();
}
}  // namespace

std::vector<std::byte> message_of(const Query& query, const Reply& reply, std::size_t size_max) {
    auto message = write(query, reply, false);
    return message.size() <= size_max ? message : cut_message_of(query);
}

std::vector<std::byte> cut_message_of(const Query& query) { return write(query, {}, true); }

}  // namespace gk::wire::dns
