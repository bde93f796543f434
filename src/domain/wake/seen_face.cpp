#include "domain/wake/seen_face.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::wake {
namespace {

// Whoever lists servers shows one line; what is no UTF-8 is of an age before it, and its letters are not known.
std::string line_of(std::string text) {
    if (!is_utf8(text)) std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    if (text.size() > face_text_max) {
        text.resize(face_text_max);
        while (!is_utf8(text)) text.pop_back();
    }
    return std::string(trimmed(text));
}

bool is_picture(std::string_view text) {
    constexpr std::string_view head = "data:image/png;base64,";
    if (text.size() > face_icon_max || !text.starts_with(head)) return false;
    return std::ranges::all_of(text.substr(head.size()), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
    });
}

// Within its namespace: that is what titles say.
std::string_view id_of(std::string_view server) { return server.substr(server.find('/') + 1); }

void take_over(std::string& told, const std::string& seen) {
    if (!seen.empty()) told = seen;
}

void take_over(std::int32_t& told, std::int32_t seen) {
    if (seen > 0) told = seen;
}

template <class Task>
void for_each_route(RouteTable& table, const Task& task) {
    for (auto& route : table.datagrams) task(route, face_key(route));
    for (auto& listener : table.streams) {
        for (auto& route : listener.routes) task(route, face_key(route.server, listener.protocol));
    }
}

}  // namespace

std::string face_key(const Route& datagrams) {
    switch (datagrams.protocol) {
    case GameProtocol::teeworlds:
    case GameProtocol::raknet:
    case GameProtocol::quake3:
    case GameProtocol::a2s: return fmt::format("{} {}", datagrams.server, name_of(datagrams.protocol));
    case GameProtocol::generic:
    case GameProtocol::minetest:         // Says nothing of itself to who does not join.
    case GameProtocol::minecraft_query:  // Beside a stream of Minecraft, whose lists say more.
        return {};
    }
    std::unreachable();
}

std::string face_key(std::string_view server, StreamProtocol protocol) {
    return protocol == StreamProtocol::minecraft ? fmt::format("{} {}", server, name_of(protocol)) : std::string();
}

Face bounded(Face seen) {
    for (auto* text : {&seen.title, &seen.map, &seen.game_type, &seen.version, &seen.game_name}) *text = line_of(std::move(*text));
    seen.protocol = std::max(seen.protocol, 0);
    seen.players_max = std::max(seen.players_max, 0);
    if (!is_picture(seen.icon)) seen.icon.clear();
    seen.trouble.clear();
    return seen;
}

Face with_seen(Face told, std::string_view server, const Face& seen) {
    const auto id = id_of(server);
    if (!seen.title.empty() && told.title.starts_with(id)) told.title.replace(0, id.size(), seen.title);
    take_over(told.map, seen.map);
    take_over(told.game_type, seen.game_type);
    take_over(told.version, seen.version);
    take_over(told.protocol, seen.protocol);
    take_over(told.players_max, seen.players_max);
    take_over(told.game_name, seen.game_name);
    take_over(told.icon, seen.icon);
    return told;
}

RouteTable with_seen(RouteTable told, const SeenFaces& seen) {
    for_each_route(told, [&](Route& route, const std::string& key) {
        const auto found = seen.find(key);
        if (found != seen.end()) route.face = with_seen(std::move(route.face), route.server, found->second);
    });
    return told;
}

void keep_only_routed(SeenFaces& seen, const RouteTable& table) {
    std::set<std::string> routed;
    for (const auto& route : table.datagrams) routed.insert(face_key(route));
    for (const auto& listener : table.streams) {
        for (const auto& route : listener.routes) routed.insert(face_key(route.server, listener.protocol));
    }
    std::erase_if(seen, [&](const auto& entry) { return !routed.contains(entry.first); });
}

void bound_icons(SeenFaces& seen) {
    std::size_t bytes = 0;
    for (auto& [key, face] : seen) {
        if (bytes + face.icon.size() > face_icons_max) face.icon.clear();
        bytes += face.icon.size();
    }
}

Value document_of(const SeenFaces& seen) {
    Value::Object out;
    for (const auto& [key, face] : seen) out.emplace_back(key, document_of(face));
    return out;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, SeenFaces& out) {
    const auto* members = value.as_object();
    if (members == nullptr) {
        errors.add(pointer, "wrong_type", "faces by server are expected here", value.mark());
        return false;
    }
    bool is_good = true;
    for (const auto& [key, member] : *members) {
        Face face;
        is_good = decode(member, pointer_to(pointer, key), errors, face) && is_good;
        out.insert_or_assign(key, bounded(std::move(face)));
    }
    return is_good;
}

}  // namespace gk::wake
