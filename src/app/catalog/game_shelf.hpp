#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/game_book.hpp"
#include "domain/catalog/catalog.hpp"
#include "domain/catalog/render.hpp"

namespace gk::app {

// The keeper's view of the catalogue: definitions rendered for one server.
class GameShelf final : public GameBook {
public:
    // Says whether a path exists on this machine, so that a game whose packages are missing is refused before anything is made.
    using PathExists = std::function<bool(const std::string&)>;
    GameShelf(const catalog::Catalog& games, catalog::RenderContext context, PathExists path_exists);

    Result<server::LaunchSpec, Error> launch_spec(const server::Record& record) const override;
    std::vector<std::string> files_to_read(const server::Record& record) const override;
    Result<std::vector<WorldFile>, Error> files_to_write(const server::Record& record,
                                                         const std::map<std::string, std::string>& present) const override;
    std::vector<std::string> snapshot_excludes(const server::Record& record) const override;
    Value definition(const server::Record& record) const override;

    // What is missing for this game to run here, as a sentence with the cure; empty when nothing is.
    std::string missing(const catalog::Game& game) const;

private:
    Result<const catalog::Game*, Error> game_of(const server::Record& record) const;
    const catalog::Catalog& games_;
    catalog::RenderContext context_;
    PathExists path_exists_;
};

}  // namespace gk::app
