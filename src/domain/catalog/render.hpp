#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/catalog/game.hpp"
#include "domain/ports/choice.hpp"
#include "domain/server/record.hpp"

// What a definition becomes for one server. Everything here is pure: the same arguments, the same answer.
namespace gk::catalog {

// What is wrong with the settings that somebody gave: unknown names, wrong values, required ones that are missing. Pointers begin with
// "/settings". Empty: they may be used. A null value counts as not given.
std::vector<FieldError> validate_settings(const Game& game, const SettingValues& given);
// The given values and, where nothing was given, the defaults. Settings without a value are absent.
SettingValues effective_settings(const Game& game, const SettingValues& given);
// What stands in the place of a secret value.
inline constexpr std::string_view masked_setting = "[secret]";
// The given values as people may see them: those of secret settings are masked, names of Secrets are not.
SettingValues visible_settings(const Game& game, const SettingValues& given);
// Why a server of this size cannot run this game. Pointers begin with "/resources".
std::vector<FieldError> validate_resources(const Game& game, const server::Resources& resources);

// The wishes of a definition in its order, for PortMap::reserve().
std::vector<PortWish> port_wishes(const Game& game);
// How many players the settings let in; nothing when the definition does not say.
std::optional<int> player_limit(const Game& game, const SettingValues& given);

// Why servers of this game cannot be started like that, here; pointer "/launch". Nothing: they can.
std::optional<FieldError> validate_launch(const Game& game, server::LaunchWay way, bool on_cluster);

// On a cluster each image that this game could run in wants to run as root.
bool needs_root(const Game& game);

// Where images are that definitions name without a registry or a tag.
struct ImagePlace {
    std::string prefix;  // "registry.example.org/gamekeeper/"
    std::string tag;
    bool may_be_root = false;  // Pods of the operator's cluster may run as uid 0.
    std::string fetched;  // Where games see what was fetched for them, which is in no image: a folder for each download.
};

struct RenderContext {
    std::string bind_address = "0.0.0.0";     // Of public ports, where no edge stands before them.
    std::string data_directory = "/data";     // Where the game sees its world: {{paths.data}}.
    std::string game_directory = "/game";     // Where the game sees files that were fetched for it: {{paths.game}}.
    std::optional<ImagePlace> images;         // On a cluster: games come as images, and as nothing else.
    std::string programs;                     // Where Gamekeeper's own programs are on this machine.
    std::string game_files;                   // Where those are on this machine, to be mounted; empty: the game is installed in the system.
};

// Everything a runtime must know to start this server. Fails when settings or resources are wrong, or when the record lacks a port or secret
// that the definition names.
Result<server::LaunchSpec, std::vector<FieldError>> render_launch(const Game& game, const server::Record& record, const RenderContext& context);

// Where this server's public ports are bound: {{bind_address}}.
// Whether its definition uses that: else nobody knows where it binds them.
bool binds_where_told(const Game& game);
std::string bind_address(const server::Record& record, const RenderContext& context);

struct RenderedFile {
    std::string path;  // Relative to the world.
    std::string content;
    bool operator==(const RenderedFile&) const = default;
};
// The paths whose present content render_files() needs.
std::vector<std::string> rendered_paths(const Game& game);
// The files that must be written before a start: those whose content differs from `present`, which holds what is there by path.
Result<std::vector<RenderedFile>, std::vector<FieldError>> render_files(const Game& game, const server::Record& record, const RenderContext& context,
                                                                        const std::map<std::string, std::string>& present);

}  // namespace gk::catalog
