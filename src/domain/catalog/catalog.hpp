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

// What a server may have at most, of each 1 at least.
inline constexpr server::Resources resources_max{.cpu = {1'000'000}, .memory = {16 << 20}, .disk = {1024 << 20}};

// Reads {packages: {NAME: {title, cpu_millis, memory_mib, disk_mib, exposure}, ...}}; the order of the file is kept.
Result<std::vector<Package>, std::vector<FieldError>> decode_packages(const Value& document);
// Reads one of them.
Result<Package, std::vector<FieldError>> decode_package(std::string name, const Value& document);

// The games and packages that servers can be made of.
class Catalog {
public:
    // The package that a request means when it names neither a package nor resources.
    static constexpr std::string_view usual_package = "small";

    // A game of a known name takes the place of the older one.
    void put(Game game);
    // A game that people declare while we run. It stands in front of the one of its name that was put, until it is retracted.
    void declare(Game game);
    void retract(std::string_view name);
    void put_packages(std::vector<Package> packages);
    // Those that people declare while we run, by the name of the declaration. They stand in front of those that were put, and of two declarations
    // that of the lesser name in front. An empty list retracts what the declaration held.
    void declare_packages(const std::string& declaration, std::vector<Package> packages);

    // Null when there is none. Valid until the catalogue changes: nobody keeps it across a co_await.
    const Game* game(std::string_view name) const;
    const std::map<std::string, Game, std::less<>>& games() const { return games_; }
    // Those of no game, each name once.
    const std::vector<Package>& packages() const { return packages_; }

    // The size of a new server of this game (null: of one that is not known), from a package's name or from resources, never both. Pointers are
    // "/package" or below "/resources".
    Result<server::Resources, FieldError> resources_for(const Game* game, std::string_view package,
                                                        const std::optional<server::Resources>& resources) const;
    // How players reach servers of this game (null: one that is not known) that do not say so: by the package's word (empty: a size of its own), else
    // by the game's. Nothing: neither says so.
    std::optional<server::Exposure::Kind> exposure_for(const Game* game, std::string_view package) const;
    // The error for a game that is not known, with its nearest neighbour.
    FieldError unknown_game(std::string_view name) const;

private:
    // Of the game's own, else of all. Null when there is none.
    const Package* package(const Game* game, std::string_view name) const;
    void gather_packages();

    std::map<std::string, Game, std::less<>> games_;
    // By the name of each declared one, what it stands in front of.
    std::map<std::string, std::optional<Game>, std::less<>> covered_;
    std::vector<Package> put_packages_;
    std::map<std::string, std::vector<Package>> declared_packages_;
    std::vector<Package> packages_;  // What counts of both.
};

}  // namespace gk::catalog
