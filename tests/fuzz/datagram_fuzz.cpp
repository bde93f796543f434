// Datagrams of strangers: nothing is read beyond their end, views stay within them, and answers keep their bounds.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "wire/minecraft/query.hpp"
#include "wire/probe/minetest.hpp"
#include "wire/probe/teeworlds.hpp"
#include "wire/query/a2s.hpp"
#include "wire/query/quake3.hpp"
#include "wire/query/raknet.hpp"

namespace {

using namespace gk;
using namespace gk::wire;

bool is_within(std::string_view part, ByteSpan whole) {
    const auto* begin = reinterpret_cast<const char*>(whole.data());
    return part.empty() || (part.data() >= begin && part.data() + part.size() <= begin + whole.size());
}

void ask_teeworlds(ByteSpan datagram) {
    const auto request = probe::teeworlds::parse_request(datagram);
    if (!request) return;
    if (const auto* token = std::get_if<probe::teeworlds::TokenRequest>(&*request)) {
        ASSERT(probe::teeworlds::token_reply(token->own, token->own).size() < datagram.size(), "an answer is shorter than its question");
    }
    if (const auto* info = std::get_if<probe::teeworlds::InfoRequest>(&*request)) {
        ASSERT(!probe::teeworlds::info_reply(*info, {}, "0.7.5").empty(), "answered");
    }
    std::vector<std::byte> copy(datagram.begin(), datagram.end());
    if (const auto* connect = std::get_if<probe::teeworlds::Connect>(&*request)) {
        ASSERT(probe::teeworlds::replace_token(copy, connect->server, connect->own), "its token is where it was read");
    }
}

void ask_quake3(ByteSpan datagram) {
    const auto request = query::quake3::parse_request(datagram);
    if (!request) return;
    ASSERT(is_within(request->challenge, datagram) && request->challenge.size() <= 128, "a part of the question");
    ASSERT(query::quake3::status_response(request->challenge, {}).size() <= 1400, "in one datagram");
}

// What games answer when they are asked what lists are told.
void hear_answers(ByteSpan datagram) {
    if (const auto status = query::quake3::parse_info_response(datagram, "4711")) {
        ASSERT(query::quake3::info_response("4711", *status).size() <= 1400, "in one datagram, whatever it said");
        ASSERT(query::quake3::parse_info_response(query::quake3::info_response("4711", *status), "4711"), "what is written is read");
    }
    if (const auto status = query::quake3::parse_status_response(datagram, "4711")) {
        ASSERT(query::quake3::status_response("4711", *status).size() <= 1400, "in one datagram, whatever it said");
    }
    constexpr query::raknet::Ping ping{0x0102030405060708};
    if (const auto status = query::raknet::parse_pong(datagram, ping)) {
        ASSERT(status->motd.size() < datagram.size() && query::raknet::pong(ping, 1, *status).size() <= 400, "bounded");
    }
    (void)query::a2s::parse_challenge(datagram);
    (void)probe::teeworlds::parse_info(datagram, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto datagram = std::as_bytes(std::span(data, size));
    ask_teeworlds(datagram);
    ask_quake3(datagram);
    hear_answers(datagram);
    if (const auto request = probe::minetest::parse_request(datagram)) {
        const auto* somebody = std::get_if<probe::minetest::Introduction>(&*request);
        if (somebody != nullptr) ASSERT(is_within(somebody->name, datagram) && !somebody->name.empty(), "a part of the introduction");
    }
    if (const auto request = query::raknet::parse_request(datagram); request && std::holds_alternative<query::raknet::Ping>(*request)) {
        ASSERT(query::raknet::pong(std::get<query::raknet::Ping>(*request), 1, {}).size() <= 400, "bounded");
    }
    if (const auto info = query::a2s::parse_info(datagram)) ASSERT(query::a2s::parse_info(query::a2s::info_reply(*info)), "what is written is read");
    (void)query::a2s::parse_request(datagram);
    (void)minecraft::query::parse_request(datagram);
    return 0;
}
