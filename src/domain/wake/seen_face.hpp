#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "domain/wake/route_table.hpp"

// What lists of servers were told by a server while it ran, for when it sleeps. Whoever runs a game wrote it: it is bounded, and is not believed.
namespace gk::wake {

// By face_key(). `title` is the name that the server gave itself; the other members mean what they mean in a route.
using SeenFaces = std::map<std::string, Face>;

// Of which server, and in which words it is asked: "castle quake3". Empty: nobody asks a server of this protocol for its face.
std::string face_key(const Route& datagrams);
std::string face_key(std::string_view server, StreamProtocol protocol);

// Texts of one line and whole characters, at most `face_text_max` bytes each; a picture only when it is one, of at most `face_icon_max` bytes.
inline constexpr std::size_t face_text_max = 128;
inline constexpr std::size_t face_icon_max = 64 << 10;
Face bounded(Face seen);

// What is told of a server, with what was seen of it: what was not seen stays as told. In a title that begins with the server's id
// ("castle (sleeping, join to start)") the name that it gave itself takes the place of that.
Face with_seen(Face told, std::string_view server, const Face& seen);
// Of all routes; those of which nothing was seen stay as they are.
RouteTable with_seen(RouteTable told, const SeenFaces& seen);

// Forgets those that no route has any more. When all pictures together are more than `face_icons_max` bytes, only the first of them by key are kept.
void keep_only_routed(SeenFaces& seen, const RouteTable& table);
inline constexpr std::size_t face_icons_max = 8 << 20;
void bound_icons(SeenFaces& seen);

Value document_of(const SeenFaces& seen);
bool decode(const Value& value, const std::string& pointer, Errors& errors, SeenFaces& out);

}  // namespace gk::wake
