#include "wire/dns/message.hpp"

#include <algorithm>

namespace gk::wire::dns {

namespace {
constexpr std::uint16_t flag_answer = 0x8000;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint8_t opcode_query = 0;
constexpr std::uint8_t label_size_max = 63;
constexpr std::uint32_t edns_version_bits = 0x00ff0000;

struct Header {
    std::uint16_t id, flags, questions, answers, authorities, extras;
};
std::optional<Header> read_header(ByteReader& in) {
    const auto id = in.big_endian<std::uint16_t>(), flags = in.big_endian<std::uint16_t>(), questions = in.big_endian<std::uint16_t>(),
               answers = in.big_endian<std::uint16_t>(), authorities = in.big_endian<std::uint16_t>(), extras = in.big_endian<std::uint16_t>();
    if (!extras) return std::nullopt;
    return Header{*id, *flags, *questions, *answers, *authorities, *extras};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A question is the first name of its message, so there is nothing that it could point to.
bool read_name(ByteReader& in, std::string& out) {
    for (std::size_t size = 1;;) {
        const auto length = in.big_endian<std::uint8_t>();
        if (!length || *length > label_size_max) return false;
        if (*length == 0) return true;
        const auto label = in.bytes(*length);
        size += *length + 1U;
        if (!label || size > name_size_max) return false;
        // A dot within a label would make two names look alike.
        const auto text = as_text(*label);
        if (text.find('.') != std::string_view::npos) return false;
        if (!out.empty()) out += '.';
        std::ranges::transform(text, std::back_inserter(out), lower);
    }
}

// The one record that may follow a question: the asker's EDNS, whose owner is the root. Others (signatures of transactions, cookies' carriers) are
// passed over with it.
bool read_extras(ByteReader& in, std::uint16_t count, Query& query) {
    for (; count > 0; --count) {
        std::string owner;
        if (!read_name(in, owner)) return false;
        const auto type = in.big_endian<std::uint16_t>(), size = in.big_endian<std::uint16_t>();
        const auto flags = in.big_endian<std::uint32_t>();
        const auto length = in.big_endian<std::uint16_t>();
        if (!type || !size || !flags || !length || !in.bytes(*length)) return false;
        if (static_cast<Type>(*type) != Type::opt) continue;
        if (query.has_edns || !owner.empty()) return false;
        query.has_edns = true;
        query.size_max = std::clamp<std::size_t>(*size, plain_size_max, datagram_size_max);
        if ((*flags & edns_version_bits) != 0) query.trouble = Code::bad_version;
    }
    return in.empty();
}

bool read_question(ByteReader& in, Query& query) {
    const auto before = in.rest();
    if (!read_name(in, query.name)) return false;
    const auto type = in.big_endian<std::uint16_t>(), klass = in.big_endian<std::uint16_t>();
    if (!type || !klass) return false;
    query.type = static_cast<Type>(*type);
    query.klass = static_cast<Class>(*klass);
    query.question = before.first(before.size() - in.remaining());
    return true;
}
}  // namespace

std::optional<Query> parse_query(ByteSpan message) {
    ByteReader in(message);
    const auto header = read_header(in);
    // Answering an answer would let two servers talk to each other for ever.
    if (!header || (header->flags & flag_answer) != 0) return std::nullopt;
    Query query;
    query.id = header->id;
    query.opcode = static_cast<std::uint8_t>(header->flags >> 11 & 0xf);
    query.recursion_desired = (header->flags & flag_recursion_desired) != 0;
    if (query.opcode != opcode_query) {
        query.trouble = Code::not_implemented;
        return query;
    }
    const bool is_whole = header->questions == 1 && header->answers == 0 && read_question(in, query) && header->authorities == 0 &&
                          read_extras(in, header->extras, query);
    if (!is_whole) query.trouble = Code::format_error;
    return query;
}

void put_name(ByteWriter& out, std::string_view name) {
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        out.big_endian(static_cast<std::uint8_t>(label.size())).text(label);
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    out.big_endian(std::uint8_t{0});
}

}  // namespace gk::wire::dns
