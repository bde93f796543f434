#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decode.hpp"
#include "base/result.hpp"
#include "domain/catalog/game.hpp"

namespace gk::catalog {

// A size that servers are offered in.
struct Package {
    std::string name;
    std::string title;
    server::Resources resources;
    bool operator==(const Package&) const = default;
};

// Reads {packages: {NAME: {title, cpu_millis, memory_mib, disk_mib}, ...}}; the order of the file is kept.
Result<std::vector<Package>, std::vector<FieldError>> decode_packages(const Value& document);

// The games and packages that servers can be made of.
class Catalog {
public:
    // The package that a request means when it names neither a package nor resources.
    static constexpr std::string_view usual_package = "small";

    // A game of a known name takes the place of the older one.
    void put(Game game);
    void put_packages(std::vector<Package> packages) { packages_ = std::move(packages); }

    // Null when there is none. Valid until the next put.
    const Game* game(std::string_view name) const;
    const Package* package(std::string_view name) const;
    const std::map<std::string, Game, std::less<>>& games() const { return games_; }
    const std::vector<Package>& packages() const { return packages_; }

    // The size of a new server, from a package's name or from resources, never both. Pointers are "/package" or below "/resources".
    Result<server::Resources, FieldError> resources_for(std::string_view package, const std::optional<server::Resources>& resources) const;
    // The error for a game that is not known, with its nearest neighbour.
    FieldError unknown_game(std::string_view name) const;

private:
    std::map<std::string, Game, std::less<>> games_;
    std::vector<Package> packages_;
};

}  // namespace gk::catalog
