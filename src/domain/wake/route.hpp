#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "domain/wake/doorman.hpp"
#include "domain/wake/endpoint.hpp"

namespace gk::wake {

// How the datagrams of a game are to be understood while its server sleeps.
enum class GameProtocol : std::uint8_t { generic, minetest, teeworlds, raknet, quake3, a2s, minecraft_query };
inline constexpr std::string_view game_protocol_names[] = {"generic", "minetest", "teeworlds", "raknet", "quake3", "a2s", "minecraft_query"};
constexpr std::span<const std::string_view> names_of(GameProtocol) { return game_protocol_names; }

// How the first bytes of a stream are to be understood.
enum class StreamProtocol : std::uint8_t { generic, minecraft, tls };
inline constexpr std::string_view stream_protocol_names[] = {"generic", "minecraft", "tls"};
constexpr std::span<const std::string_view> names_of(StreamProtocol) { return stream_protocol_names; }

enum class RouteState : std::uint8_t { asleep, starting, up, failed };
inline constexpr std::string_view route_state_names[] = {"asleep", "starting", "up", "failed"};
constexpr std::span<const std::string_view> names_of(RouteState) { return route_state_names; }

// Whether and how a game is told who the player is, by the PROXY protocol: the first version is for streams only.
enum class ProxyTo : std::uint8_t { none, v1, v2 };
inline constexpr std::string_view proxy_to_names[] = {"none", "v1", "v2"};
constexpr std::span<const std::string_view> names_of(ProxyTo) { return proxy_to_names; }

// More games that hear what a player's datagrams say. `shadow`: nobody hears their replies. `failover`: all say the same (a lockstep group); when the
// one that the player hears is lost, another one is heard from then on.
enum class CopyMode : std::uint8_t { shadow, failover };
inline constexpr std::string_view copy_mode_names[] = {"shadow", "failover"};
constexpr std::span<const std::string_view> names_of(CopyMode) { return copy_mode_names; }
struct Copies {
    CopyMode mode = CopyMode::shadow;
    std::vector<Endpoint> upstreams{};  // Beside that of the route.
    static constexpr std::size_t upstreams_max = 4;
};

// What lists of servers are shown while it sleeps: what was last seen of it.
struct Face {
    std::string title{};  // "Castle (sleeping, join to start)"
    std::string map{};
    std::string game_type{};
    std::string version{};
    std::int32_t protocol = 0;
    std::int32_t players_max = 0;
    std::string game_name{};  // Of Quake 3: clients pass over servers of another one than theirs; empty: that is not said.
    std::string icon{};  // Of Minecraft: "data:image/png;base64,...".
    std::string trouble{};  // Of one that cannot be started: why, as the end of a sentence for players; empty when that is not for them.
    bool operator==(const Face&) const = default;
};

struct Route {
    std::string server{};  // Its name.
    Endpoint listen{};
    GameProtocol protocol = GameProtocol::generic;
    std::vector<std::string> hosts{};  // Of streams that share an address: the names, in lower case, that lead here; none: all others.
    Rule rule{};
    RouteState state = RouteState::asleep;
    std::optional<Endpoint> upstream{};  // Where the game is, while it is up.
    std::vector<Block> proxy_from{};  // Proxies who say by the PROXY protocol for whom they speak. Of streams: those of their listener.
    ProxyTo proxy_to = ProxyTo::none;
    bool transparent = false;  // The game sees players' addresses: what it sends there comes back to this machine (docs/adr/0031).
    std::optional<Copies> copies{};  // Of datagrams.
    std::optional<Milliseconds> ready_in{};  // As learned; see Sleeper.
    Face face{};
};

// What the rules of waking have to know of it.
Sleeper sleeper_of(const Route& route);
inline bool is_reachable(const Route& route) { return route.state == RouteState::up && route.upstream; }

}  // namespace gk::wake
