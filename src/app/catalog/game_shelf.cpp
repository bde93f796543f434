#include "app/catalog/game_shelf.hpp"

#include <fmt/format.h>

namespace gk::app {

GameShelf::GameShelf(const catalog::Catalog& games, catalog::RenderContext context, PathExists path_exists)
    : games_(games),
      context_(std::move(context)),
      path_exists_(std::move(path_exists)) {}

Result<const catalog::Game*, Error> GameShelf::game_of(const server::Record& record) const {
    if (const auto* game = games_.game(record.game)) return game;
    return std::unexpected(Error{.kind = Error::Kind::unprocessable, .code = "unknown_game", .message = games_.unknown_game(record.game).detail});
}

std::string GameShelf::missing(const catalog::Game& game) const {
    std::string why;
    for (const auto& source : game.sources) {
        if (const auto* debian = std::get_if<catalog::DebianSource>(&source)) {
            if (path_exists_(debian->program)) return {};
            why = fmt::format("{} is not installed; run: apt-get install {}", debian->program, fmt::join(debian->packages, " "));
        } else if (const auto* directory = std::get_if<catalog::DirectorySource>(&source)) {
            if (path_exists_(directory->path)) return {};
            why = fmt::format("the folder {} is not there", directory->path);
        }
    }
    if (!why.empty()) return why;
    return fmt::format(
        "'{}' has no source that this version can use: of those it names none is a Debian package or a folder of this machine "
        "(fetch and npm are not carried out yet, an image is for clusters)",
        game.name);
}

Result<server::LaunchSpec, Error> GameShelf::launch_spec(const server::Record& record) const {
    TRY(game, game_of(record));
    if (auto why = missing(*game); !why.empty()) {
        return std::unexpected(Error{.kind = Error::Kind::unprocessable, .code = "game_not_installed", .message = std::move(why)});
    }
    auto context = context_;
    for (const auto& source : game->sources) {
        // The best one that is there comes first, as in missing().
        const auto* debian = std::get_if<catalog::DebianSource>(&source);
        if (debian != nullptr && path_exists_(debian->program)) break;
        const auto* directory = std::get_if<catalog::DirectorySource>(&source);
        if (directory == nullptr || !path_exists_(directory->path)) continue;
        context.game_files = directory->path;
        break;
    }
    auto spec = catalog::render_launch(*game, record, context);
    if (!spec) return std::unexpected(invalid(std::move(spec).error()));
    return std::move(*spec);
}

std::vector<std::string> GameShelf::files_to_read(const server::Record& record) const {
    const auto* game = games_.game(record.game);
    return game != nullptr ? catalog::rendered_paths(*game) : std::vector<std::string>();
}

Result<std::vector<WorldFile>, Error> GameShelf::files_to_write(const server::Record& record,
                                                                const std::map<std::string, std::string>& present) const {
    TRY(game, game_of(record));
    auto rendered = catalog::render_files(*game, record, context_, present);
    if (!rendered) return std::unexpected(invalid(std::move(rendered).error()));
    std::vector<WorldFile> out;
    for (auto& file : *rendered) out.push_back({.path = std::move(file.path), .content = std::move(file.content)});
    return out;
}

std::vector<std::string> GameShelf::snapshot_excludes(const server::Record& record) const {
    const auto* game = games_.game(record.game);
    return game != nullptr ? game->save_exclude : std::vector<std::string>();
}

Value GameShelf::definition(const server::Record& record) const {
    const auto* game = games_.game(record.game);
    return game != nullptr ? game->document : Value();
}

}  // namespace gk::app
