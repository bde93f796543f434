#include "programs/edge/interview.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "net/json/json.hpp"
#include "wire/minecraft/opening.hpp"
#include "wire/probe/teeworlds.hpp"
#include "wire/query/a2s.hpp"
#include "wire/query/quake3.hpp"
#include "wire/query/raknet.hpp"

namespace gk::programs {
namespace {

namespace teeworlds = wire::probe::teeworlds;
namespace raknet = wire::query::raknet;
namespace quake3 = wire::query::quake3;
namespace a2s = wire::query::a2s;
using wake::GameProtocol;

std::uint32_t number_of(const Interview::Nonce& nonce) { return *ByteReader(nonce).big_endian<std::uint32_t>(); }
std::string word_of(const Interview::Nonce& nonce) { return fmt::format("{:08x}", number_of(nonce)); }
raknet::Ping ping_of(const Interview::Nonce& nonce) { return {.time = number_of(nonce)}; }

// A text, or one with more of them behind it, as Minecraft writes what is shown. Its depth is that of the JSON, which is bounded.
std::string plain_text(const Value& component) {
    if (const auto* text = component.as_string()) return *text;
    std::string out;
    if (const auto* parts = component.as_array()) {
        for (const auto& part : *parts) out += plain_text(part);
    }
    for (const auto* key : {"text", "extra"}) {
        if (const auto* part = component.find(key)) out += plain_text(*part);
    }
    return out;
}

std::string text_in(const Value* object, std::string_view key) {
    const auto* member = object == nullptr ? nullptr : object->find(key);
    const auto* text = member == nullptr ? nullptr : member->as_string();
    return text == nullptr ? std::string() : *text;
}

std::int32_t number_in(const Value* object, std::string_view key) {
    const auto* member = object == nullptr ? nullptr : object->find(key);
    const auto* number = member == nullptr ? nullptr : member->as_int();
    return number != nullptr && std::in_range<std::int32_t>(*number) ? static_cast<std::int32_t>(*number) : 0;
}

}  // namespace

std::vector<std::byte> Interview::opening() const {
    switch (protocol_) {
    case GameProtocol::quake3: return quake3::info_request(word_of(nonce_));
    case GameProtocol::teeworlds: return teeworlds::token_request(nonce_);
    case GameProtocol::raknet: return raknet::ping_datagram(ping_of(nonce_));
    case GameProtocol::a2s: return a2s::info_request(std::nullopt);
    case GameProtocol::generic:
    case GameProtocol::minetest:
    case GameProtocol::minecraft_query: break;
    }
    std::unreachable();
}

Interview::Turn Interview::hear(ByteSpan datagram) {
    switch (protocol_) {
    case GameProtocol::quake3: return hear_quake3(datagram);
    case GameProtocol::teeworlds: return hear_teeworlds(datagram);
    case GameProtocol::raknet: return hear_raknet(datagram);
    case GameProtocol::a2s: return hear_a2s(datagram);
    case GameProtocol::generic:
    case GameProtocol::minetest:
    case GameProtocol::minecraft_query: break;
    }
    std::unreachable();
}

// Only the full status names a version, and only the short information says by what clients choose.
Interview::Turn Interview::hear_quake3(ByteSpan datagram) {
    if (!so_far_) {
        auto info = quake3::parse_info_response(datagram, word_of(nonce_));
        if (!info) return {};
        so_far_ = wake::Face{.title = std::move(info->host_name),
                             .map = std::move(info->map),
                             .game_type = std::move(info->game),
                             .protocol = info->protocol,
                             .players_max = info->clients_max,
                             .game_name = std::move(info->game_name)};
        return {.say = quake3::status_request(word_of(nonce_))};
    }
    auto status = quake3::parse_status_response(datagram, word_of(nonce_));
    if (!status) return {};
    so_far_->version = std::move(status->version);
    return {.seen = std::exchange(so_far_, std::nullopt)};
}

Interview::Turn Interview::hear_teeworlds(ByteSpan datagram) const {
    if (const auto token = teeworlds::parse_token(datagram, nonce_)) return {.say = teeworlds::info_request(*token, nonce_)};
    auto info = teeworlds::parse_info(datagram, nonce_);
    if (!info) return {};
    return {.seen = wake::Face{.title = std::move(info->name),
                               .map = std::move(info->map),
                               .game_type = std::move(info->game_type),
                               .version = std::move(info->version),
                               .players_max = info->clients_max}};
}

Interview::Turn Interview::hear_raknet(ByteSpan datagram) const {
    auto status = raknet::parse_pong(datagram, ping_of(nonce_));
    if (!status) return {};
    return {.seen = wake::Face{.title = std::move(status->motd),
                               .map = std::move(status->sub_motd),
                               .version = std::move(status->version),
                               .protocol = status->protocol,
                               .players_max = status->players_max}};
}

Interview::Turn Interview::hear_a2s(ByteSpan datagram) const {
    if (const auto challenge = a2s::parse_challenge(datagram)) return {.say = a2s::info_request(challenge)};
    auto info = a2s::parse_info(datagram);
    if (!info) return {};
    return {.seen = wake::Face{.title = std::move(info->name),
                               .map = std::move(info->map),
                               .game_type = std::move(info->game),
                               .version = std::move(info->version),
                               .players_max = info->players_max}};
}

std::optional<wake::Face> face_of_minecraft(std::string_view json) {
    constexpr net::JsonLimits limits{.depth = 32, .size = wire::minecraft::status_characters_max * 4};
    const auto document = net::parse_json(json, limits);
    if (!document || document->as_object() == nullptr) return std::nullopt;
    const auto* version = document->find("version");
    const auto* description = document->find("description");
    return wake::Face{.title = description == nullptr ? std::string() : plain_text(*description),
                      .version = text_in(version, "name"),
                      .protocol = number_in(version, "protocol"),
                      .players_max = number_in(document->find("players"), "max"),
                      .icon = text_in(&*document, "favicon")};
}

}  // namespace gk::programs
