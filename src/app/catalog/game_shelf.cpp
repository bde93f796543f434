#include "app/catalog/game_shelf.hpp"

#include <filesystem>

#include <fmt/format.h>

namespace gk::app {
namespace {

Error from(const GameFilesError& error) {
    using Kind = GameFilesError::Kind;
    switch (error.kind) {
    case Kind::unavailable: return {.kind = Error::Kind::unavailable, .code = "fetch_unavailable", .message = error.detail};
    case Kind::different: return {.kind = Error::Kind::unprocessable, .code = "hash_mismatch", .message = error.detail};
    case Kind::refused: return {.kind = Error::Kind::unprocessable, .code = "fetch_refused", .message = error.detail};
    case Kind::exhausted: return {.kind = Error::Kind::exhausted, .code = "no_room", .message = error.detail};
    }
    std::unreachable();
}

std::string version_of(const catalog::Game& game, const catalog::SettingValues& settings) {
    const auto values = catalog::effective_settings(game, settings);
    const auto found = values.find(std::string(catalog::version_setting));
    const auto* text = found != values.end() ? found->second.as_string() : nullptr;
    return text != nullptr ? *text : std::string();
}

std::string not_installed(const catalog::DebianSource& debian) {
    return fmt::format("{} is not installed; run: apt-get install {}", debian.program, fmt::join(debian.packages, " "));
}

}  // namespace

GameShelf::GameShelf(const catalog::Catalog& games, catalog::RenderContext context, PathExists path_exists, GameFiles& files)
    : games_(games),
      context_(std::move(context)),
      path_exists_(std::move(path_exists)),
      files_(files) {}

Result<const catalog::Game*, Error> GameShelf::game_of(const server::Record& record) const {
    if (const auto* game = games_.game(record.game)) return game;
    return std::unexpected(Error{.kind = Error::Kind::unprocessable, .code = "unknown_game", .message = games_.unknown_game(record.game).detail});
}

std::string GameShelf::obstacle(const catalog::Source& source) const {
    if (context_.images) {
        if (const auto* image = catalog::image_of(source)) {
            const bool may_run = image->user != 0 || context_.images->may_be_root;
            return may_run ? std::string() : std::string(catalog::runs_as_root);
        }
        return catalog::download_of(source) ? "on a cluster games run in images; say which holds what it needs, such as runs_in: {name: java-17}"
                                            : "on a cluster games come as images, and it names none; add a source such as image: {name: ...}";
    }
    if (std::holds_alternative<catalog::ImageSource>(source.from)) return "it comes as a container image, which is for clusters";
    if (source.needs && !path_exists_(source.needs->program)) return not_installed(*source.needs);
    if (const auto* debian = std::get_if<catalog::DebianSource>(&source.from)) {
        return path_exists_(debian->program) ? std::string() : not_installed(*debian);
    }
    if (const auto* directory = std::get_if<catalog::DirectorySource>(&source.from)) {
        return path_exists_(directory->path) ? std::string() : fmt::format("the folder {} is not there", directory->path);
    }
    if (std::holds_alternative<catalog::BuiltinSource>(source.from)) {
        const auto program = context_.programs + "/gamekeeper";
        return path_exists_(program) ? std::string() : fmt::format("Gamekeeper's own program is not where it was: {}", program);
    }
    return {};
}

Result<const catalog::Source*, std::string> GameShelf::choose(const catalog::Game& game, const catalog::SettingValues& settings) const {
    std::string why;
    for (const auto* source : catalog::sources_of(game.sources, version_of(game, settings))) {
        auto problem = obstacle(*source);
        if (problem.empty()) return source;
        if (why.empty()) why = std::move(problem);  // The best source has the best cure.
    }
    if (why.empty()) why = fmt::format("'{}' has no source for this version", game.name);
    return std::unexpected(std::move(why));
}

Result<const catalog::Source*, Error> GameShelf::source_of(const catalog::Game& game, const server::Record& record) const {
    auto source = choose(game, record.settings);
    if (source) return *source;
    return std::unexpected(Error{.kind = Error::Kind::unprocessable, .code = "game_not_installed", .message = std::move(source).error()});
}

std::string GameShelf::folder_of(const catalog::Source& source) const {
    if (const auto* directory = std::get_if<catalog::DirectorySource>(&source.from)) return directory->path;
    if (std::holds_alternative<catalog::BuiltinSource>(source.from)) return context_.images ? std::string() : context_.programs;
    const auto download = catalog::download_of(source);
    return download ? files_.folder(*download) : std::string();
}

catalog::RenderContext GameShelf::context_of(const catalog::Source& source) const {
    auto context = context_;
    context.game_files = folder_of(source);
    if (context.images && std::holds_alternative<catalog::BuiltinSource>(source.from)) context.game_directory = catalog::builtin_folder_in_image;
    // In a pod each download has the name that it has here.
    if (context.images && !context.game_files.empty())
        context.game_directory = context.images->fetched + "/" + std::filesystem::path(context.game_files).filename().string();
    return context;
}

std::string GameShelf::missing(const catalog::Game& game) const {
    const auto source = choose(game, {});
    return source ? std::string() : source.error();
}

bool GameShelf::has_files(const server::Record& record) const {
    const auto* game = games_.game(record.game);
    if (game == nullptr) return true;
    const auto source = choose(*game, record.settings);
    const auto download = source ? catalog::download_of(**source) : std::nullopt;
    return !download || files_.has(*download);
}

// Nothing is fetched for a server that could not be started then: somebody has yet to accept a licence, or a setting is wrong.
Task<Result<GameBook::Fetch, Error>> GameShelf::fetch_files(server::Record record) const {
    CO_TRY_OK(launch_spec(record));
    CO_TRY(game, game_of(record));
    CO_TRY(source, source_of(*game, record));
    auto download = catalog::download_of(*source);
    if (!download) co_return Fetch::done;
    const auto fetched = co_await files_.fetch(std::move(*download));
    if (!fetched) co_return std::unexpected(from(fetched.error()));
    co_return *fetched ? Fetch::done : Fetch::under_way;
}

std::vector<PortWish> GameShelf::port_wishes(const server::Record& record) const {
    const auto* game = games_.game(record.game);
    return game != nullptr ? catalog::port_wishes(*game) : std::vector<PortWish>();
}

Result<server::LaunchSpec, Error> GameShelf::launch_spec(const server::Record& record) const {
    TRY(game, game_of(record));
    TRY(source, source_of(*game, record));
    auto spec = catalog::render_launch(*game, record, context_of(*source));
    if (!spec) return std::unexpected(invalid(std::move(spec).error()));
    const auto* image = catalog::image_of(*source);
    if (image != nullptr && context_.images) {
        spec->image = {.reference = catalog::image_reference(*image, context_.images->prefix, context_.images->tag),
                       .has_shim = image->shim == catalog::ImageSource::Shim::included,
                       .user = image->user,
                       .writable_root = image->writable_root,
                       .node_selector = image->node_selector,
                       .tolerations = image->tolerations};
    }
    return std::move(*spec);
}

server::Announcement GameShelf::announcement(const server::Record& record) const {
    const auto* game = games_.game(record.game);
    return game != nullptr ? game->announce : server::Announcement();
}

std::vector<std::string> GameShelf::files_to_read(const server::Record& record) const {
    const auto* game = games_.game(record.game);
    return game != nullptr ? catalog::rendered_paths(*game) : std::vector<std::string>();
}

Result<std::vector<WorldFile>, Error> GameShelf::files_to_write(const server::Record& record,
                                                                const std::map<std::string, std::string>& present) const {
    TRY(game, game_of(record));
    const auto source = choose(*game, record.settings);
    auto rendered = catalog::render_files(*game, record, source ? context_of(**source) : context_, present);
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
