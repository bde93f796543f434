#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decode.hpp"
#include "base/result.hpp"
#include "domain/catalog/edit/edit.hpp"
#include "domain/catalog/placeholder.hpp"
#include "domain/catalog/setting.hpp"
#include "domain/catalog/source.hpp"
#include "domain/server/announcement.hpp"
#include "domain/server/exposure.hpp"
#include "domain/server/launch.hpp"

// Games as data: what a definition file (docs/formats/game.md) says, checked as a whole.
namespace gk::catalog {

// A port by its role. Either stands alone, or a fixed distance above another one.
struct PortRole {
    std::string role;
    bool tcp = false;
    bool udp = false;  // With both, the same number is taken for both protocols.
    bool internal = false;
    std::string relative_to;  // Another role, which is relative to none itself; empty: stands alone.
    int offset = 0;
    bool operator==(const PortRole&) const = default;
};

// One part of the command line. With `when` it is there only when that setting is true, a number other than 0
// or a text that is not empty.
struct Argument {
    std::string when;
    std::vector<Template> argv;
    bool operator==(const Argument&) const = default;
};

struct FileKey {
    std::vector<std::string> path;  // As in Edit.
    Template value;
    bool operator==(const FileKey&) const = default;
};

// A file of the world that is ours to write. Before each start `keys` are set in what is there; when nothing is there, `content` is
// written first.
struct GameFile {
    std::string path;  // Relative to the world.
    FileFormat format = FileFormat::text;
    Template content;
    std::vector<FileKey> keys;
    bool operator==(const GameFile&) const = default;
};

// How much of a server's memory a managed heap gets: heap_percent of what the fixed overhead leaves.
struct MemoryModel {
    int heap_percent = 75;
    MebiBytes overhead{};
    bool operator==(const MemoryModel&) const = default;
};

// A size that servers are offered in.
struct Package {
    std::string name;
    std::string title;
    server::Resources resources;
    std::optional<server::Exposure::Kind> exposure = {};  // How players reach servers of this size that do not say so; absent: as the game says.
    bool operator==(const Package&) const = default;
};

// A program that runs in a container of its own before the game; what it writes into the shared folder, the game finds there.
struct InitStep {
    std::string name;
    std::string image;  // As in ImageSource; empty: the game's own.
    std::vector<Template> argv;
    bool operator==(const InitStep&) const = default;
};
// What servers of this game may be started with besides the shim.
struct LaunchWays {
    std::vector<Template> wrapper;
    std::vector<InitStep> init;
    bool operator==(const LaunchWays&) const = default;
};

// What the first words of a player who knocks are to be read as, while the server sleeps.
enum class WakeProtocol : std::uint8_t { generic, minetest, teeworlds, quake3, raknet, a2s, minecraft, tls };
inline constexpr auto wake_protocol_names =
    std::to_array<std::string_view>({"generic", "minetest", "teeworlds", "quake3", "raknet", "a2s", "minecraft", "tls"});
constexpr std::span<const std::string_view> names_of(WakeProtocol) { return wake_protocol_names; }

// How servers of a game are woken.
struct WakeWay {
    WakeProtocol protocol = WakeProtocol::generic;
    std::string role;                                     // The port that players knock at.
    Milliseconds patience = std::chrono::seconds(25);     // So long the game's clients wait for an answer.
    bool operator==(const WakeWay&) const = default;
};

struct Game {
    std::string name;
    std::string title;
    std::string description;
    std::vector<Source> sources;
    std::vector<Argument> command;
    std::map<std::string, Template> env;
    std::string working_directory;  // Relative to the world; empty: the world itself.
    bool terminal = false;
    LaunchWays launch;
    std::vector<PortRole> ports;
    std::vector<std::string> secrets;  // Names; each server gets random values of its own.
    std::vector<Setting> settings;     // In the order of the definition.
    std::vector<GameFile> files;
    MemoryModel memory;
    server::Resources minimum;  // Smaller servers are refused.
    std::vector<Package> packages;  // Sizes of this game's own; one of a usual name takes the usual one's place.
    std::optional<server::Exposure::Kind> exposure;  // On a cluster, of servers that do not say so, nor their package; absent: the usual one there.
    server::ReadyProbe ready;
    std::vector<server::StopRung> stop;
    server::Console console;
    server::Quiesce quiesce;
    server::Announcement announce;
    server::PlayerSource players;
    WakeWay wake;  // As said, else by the protocol that counts players or finds the game ready.
    std::string player_limit;  // The setting that bounds the number of players; empty: none does.
    std::vector<std::string> save_exclude;  // What backups leave out: restic patterns relative to the world.
    Value document;  // The definition as it was read, for snapshots and the API.
    bool operator==(const Game&) const = default;

    const Setting* setting(std::string_view setting_name) const;
    const PortRole* port(std::string_view role) const;
};

// Reads a definition. On failure every error at once, each with its place; names, roles, patterns and placeholders are all checked, so that
// what was accepted can be rendered.
Result<Game, std::vector<FieldError>> decode_game(const Value& document);

// "games/castle.yaml:12:3: /ports/0/role: ...", for people.
std::string error_line(std::string_view file, const FieldError& error);

}  // namespace gk::catalog
