#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/game_book.hpp"
#include "domain/catalog/catalog.hpp"
#include "domain/catalog/render.hpp"
#include "ports/game_files.hpp"

namespace gk::app {

// The keeper's view of the catalogue: definitions rendered for one server, and their files brought here.
class GameShelf final : public GameBook {
public:
    // Says whether a path exists on this machine, so that a game whose packages are missing is refused before anything is made.
    using PathExists = std::function<bool(const std::string&)>;
    GameShelf(const catalog::Catalog& games, catalog::RenderContext context, PathExists path_exists, GameFiles& files);

    bool has_files(const server::Record& record) const override;
    Task<Result<Fetch, Error>> fetch_files(server::Record record) const override;
    std::vector<PortWish> port_wishes(const server::Record& record) const override;
    Result<server::LaunchSpec, Error> launch_spec(const server::Record& record) const override;
    server::Announcement announcement(const server::Record& record) const override;
    std::vector<std::string> files_to_read(const server::Record& record) const override;
    Result<std::vector<WorldFile>, Error> files_to_write(const server::Record& record,
                                                         const std::map<std::string, std::string>& present) const override;
    std::vector<std::string> snapshot_excludes(const server::Record& record) const override;
    Value definition(const server::Record& record) const override;

    // What is missing for this game to run here in its usual version, as a sentence with the cure; empty when nothing is.
    std::string missing(const catalog::Game& game) const;

private:
    Result<const catalog::Game*, Error> game_of(const server::Record& record) const;
    // The best source that this machine can use, or why there is none.
    Result<const catalog::Source*, std::string> choose(const catalog::Game& game, const catalog::SettingValues& settings) const;
    Result<const catalog::Source*, Error> source_of(const catalog::Game& game, const server::Record& record) const;
    std::string obstacle(const catalog::Source& source) const;
    // Where the game's files lie on this machine; empty when they came with the system.
    std::string folder_of(const catalog::Source& source) const;
    catalog::RenderContext context_of(const catalog::Source& source) const;

    const catalog::Catalog& games_;
    catalog::RenderContext context_;
    PathExists path_exists_;
    GameFiles& files_;
};

}  // namespace gk::app
