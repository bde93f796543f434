#include "edge/reader.hpp"

#include <algorithm>

#include "wire/minecraft/query.hpp"
#include "wire/probe/minetest.hpp"
#include "wire/probe/teeworlds.hpp"
#include "wire/query/a2s.hpp"
#include "wire/query/quake3.hpp"
#include "wire/query/raknet.hpp"

namespace gk::edge {

namespace {
using wake::Intent;
using wake::Knock;
namespace minetest = wire::probe::minetest;
namespace teeworlds = wire::probe::teeworlds;
namespace raknet = wire::query::raknet;
namespace quake3 = wire::query::quake3;
namespace a2s = wire::query::a2s;
namespace query = wire::minecraft::query;

constexpr Knock junk{.intent = Intent::junk, .proved = false};
constexpr Knock question{.intent = Intent::question, .proved = false};
constexpr Knock join{.intent = Intent::join, .proved = false};
constexpr std::string_view teeworlds_version = "0.7.5";

struct Asked {
    ByteSpan datagram;
    const Endpoint& source;
    const Face& face;
    const Tokens& tokens;
};

Reading answered(std::vector<std::byte> answer, const Asked& asked, bool proved) {
    const bool is_free = proved || answer.size() <= asked.datagram.size();
    return {.knock = {.intent = Intent::question, .proved = proved}, .answer = std::move(answer), .is_free = is_free};
}

Reading read_minetest(const Asked& asked) {
    const auto request = minetest::parse_request(asked.datagram);
    if (!request) return {.knock = junk};
    if (std::holds_alternative<minetest::Ping>(*request)) return {.knock = question};  // Only a server that runs answers it.
    if (std::holds_alternative<minetest::Hello>(*request)) return {.knock = {.intent = Intent::hello, .proved = false}};
    return {.knock = {.intent = Intent::join, .proved = false, .name = std::get<minetest::Introduction>(*request).name}};
}

Reading read_teeworlds(const Asked& asked) {
    const auto request = teeworlds::parse_request(asked.datagram);
    if (!request) return {.knock = junk};
    const auto ours = asked.tokens.bytes_of(asked.source);
    if (const auto* token = std::get_if<teeworlds::TokenRequest>(&*request)) return answered(teeworlds::token_reply(token->own, ours), asked, false);
    if (const auto* connect = std::get_if<teeworlds::Connect>(&*request)) {
        return {.knock = {.intent = connect->server == ours ? Intent::join : Intent::junk, .proved = connect->server == ours}, .answer = {}};
    }
    const auto& info = std::get<teeworlds::InfoRequest>(*request);
    if (info.server != ours) return {.knock = junk};
    const teeworlds::Info shown{.name = asked.face.title,
                                .map = asked.face.map,
                                .game_type = asked.face.game_type,
                                .clients = 0,
                                .clients_max = asked.face.players_max,
                                .names = {}};
    return answered(teeworlds::info_reply(info, shown, asked.face.version.empty() ? teeworlds_version : asked.face.version), asked, true);
}

Reading read_raknet(const Asked& asked) {
    const auto request = raknet::parse_request(asked.datagram);
    if (!request) return {.knock = junk};
    const auto* ping = std::get_if<raknet::Ping>(&*request);
    if (ping == nullptr) return {.knock = join};
    const auto& face = asked.face;
    const raknet::Status status{.motd = face.title,
                                .sub_motd = face.map,
                                .protocol = face.protocol,
                                .version = face.version,
                                .players = 0,
                                .players_max = face.players_max,
                                .port4 = 0,
                                .port6 = 0};
    return answered(raknet::pong(*ping, 1, status), asked, false);
}

Reading read_quake3(const Asked& asked) {
    const auto request = quake3::parse_request(asked.datagram);
    if (!request) return {.knock = junk};
    const auto& face = asked.face;
    const quake3::Status status{.host_name = face.title,
                                .map = face.map,
                                .game = face.game_type,
                                .protocol = face.protocol,
                                .clients_max = face.players_max,
                                .version = face.version,
                                .game_name = face.game_name};
    switch (request->command) {
    case quake3::Command::get_info: return answered(quake3::info_response(request->challenge, status), asked, false);
    case quake3::Command::get_status: return answered(quake3::status_response(request->challenge, status), asked, false);
    case quake3::Command::get_challenge:  // A client says nothing else until it is answered.
    case quake3::Command::connect: break;
    }
    return {.knock = join};
}

Reading read_a2s(const Asked& asked) {
    const auto request = a2s::parse_request(asked.datagram);
    if (!request) return {.knock = junk};
    const auto ours = asked.tokens.of(asked.source);
    if (request->challenge != ours) return answered(a2s::challenge_reply(ours), asked, false);
    const auto& face = asked.face;
    const auto players_max = static_cast<std::uint8_t>(std::min(face.players_max, 255));
    switch (request->question) {
    case a2s::Question::info:
        return answered(a2s::info_reply({.name = face.title,
                                         .map = face.map,
                                         .folder = face.game_type,
                                         .game = face.game_type,
                                         .app_id = 0,
                                         .players = 0,
                                         .players_max = players_max,
                                         .bots = 0,
                                         .has_password = false,
                                         .version = face.version}),
                        asked, true);
    case a2s::Question::players: return answered(a2s::no_players_reply(), asked, true);
    case a2s::Question::rules: break;
    }
    return answered(a2s::no_rules_reply(), asked, true);
}

Reading read_query(const Asked& asked) {
    const auto request = query::parse_request(asked.datagram);
    if (!request) return {.knock = junk};
    const auto ours = asked.tokens.of(asked.source);
    if (const auto* hello = std::get_if<query::HandshakeRequest>(&*request)) {
        return answered(query::handshake_reply(hello->session, ours), asked, false);
    }
    const auto& stat = std::get<query::StatRequest>(*request);
    if (stat.token != ours) return {.knock = junk};
    const auto& face = asked.face;
    return answered(query::stat_reply(stat, {.motd = face.title, .version = face.version, .players_max = face.players_max, .port = 0, .address = ""}),
                    asked, true);
}
}  // namespace

std::uint32_t Tokens::of(const Endpoint& source) const {
    const auto token = static_cast<std::uint32_t>(hash_.of(source));
    // These two mean "none yet" in several protocols.
    return token == 0 || token == 0xffffffff ? 1 : token;
}

std::array<std::byte, 4> Tokens::bytes_of(const Endpoint& source) const {
    ByteWriter out;
    out.big_endian(of(source));
    std::array<std::byte, 4> bytes{};
    std::ranges::copy(out.view(), bytes.begin());
    return bytes;
}

Reading read_datagram(GameProtocol protocol, ByteSpan datagram, const Endpoint& source, const Face& face, const Tokens& tokens) {
    const Asked asked{.datagram = datagram, .source = source, .face = face, .tokens = tokens};
    switch (protocol) {
    case GameProtocol::generic: return {.knock = datagram.empty() ? junk : join};
    case GameProtocol::minetest: return read_minetest(asked);
    case GameProtocol::teeworlds: return read_teeworlds(asked);
    case GameProtocol::raknet: return read_raknet(asked);
    case GameProtocol::quake3: return read_quake3(asked);
    case GameProtocol::a2s: return read_a2s(asked);
    case GameProtocol::minecraft_query: return read_query(asked);
    }
    std::unreachable();
}

std::vector<std::byte> refusal(GameProtocol protocol, ByteSpan datagram, std::string_view text) {
    if (protocol != GameProtocol::teeworlds) return {};
    const auto request = teeworlds::parse_request(datagram);
    const auto* connect = request ? std::get_if<teeworlds::Connect>(&*request) : nullptr;
    return connect == nullptr ? std::vector<std::byte>() : teeworlds::close_packet(connect->own, text);
}

}  // namespace gk::edge
