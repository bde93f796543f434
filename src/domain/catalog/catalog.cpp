#include "domain/catalog/catalog.hpp"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/names.hpp"
#include "domain/catalog/sections.hpp"

namespace gk::catalog {
namespace {

std::optional<FieldError> problem_with(const server::Resources& resources, const std::string& pointer) {
    const auto outside = [&](std::string_view key, std::int64_t count, std::int64_t most) -> std::optional<FieldError> {
        if (count >= 1 && count <= most) return std::nullopt;
        return FieldError{pointer_to(pointer, key), "out_of_range", fmt::format("'{}' is between 1 and {}", key, most), {}};
    };
    if (auto problem = outside("cpu_millis", resources.cpu.count, resources_max.cpu.count)) return problem;
    if (auto problem = outside("memory_mib", resources.memory.count, resources_max.memory.count)) return problem;
    return outside("disk_mib", resources.disk.count, resources_max.disk.count);
}

void decode_package(const Value& value, const std::string& pointer, Errors& errors, Package& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("title", out.title);
    in.required("cpu_millis", out.resources.cpu.count);
    in.required("memory_mib", out.resources.memory.count);
    in.required("disk_mib", out.resources.disk.count);
    if (const auto* exposure = in.find("exposure")) decode_exposure(*exposure, in.pointer("exposure"), errors, out.exposure);
    if (!in.finish()) return;
    if (!is_slug(out.name)) errors.add(pointer, "bad_format", fmt::format("'{}' is no name of a package", out.name), value.mark());
    if (auto problem = problem_with(out.resources, pointer)) errors.add(problem->pointer, problem->code, problem->detail, value.mark());
}

std::string known_or_near(std::string_view name, const std::vector<std::string_view>& known) {
    const auto close = nearest(name, known);
    if (!close.empty()) return fmt::format("did you mean '{}'?", close);
    return known.empty() ? std::string("there are none yet") : fmt::format("there are: {}", fmt::join(known, ", "));
}

}  // namespace

bool decode_packages(const Value& value, const std::string& pointer, Errors& errors, std::vector<Package>& out) {
    const auto* members = value.as_object();
    if (members == nullptr) {
        errors.add(pointer, "wrong_type", "an object of packages by name is expected here", value.mark());
        return false;
    }
    const auto before = errors.list().size();
    for (const auto& [name, member] : *members) {
        out.push_back({.name = name, .title = name, .resources = {}});
        decode_package(member, pointer_to(pointer, name), errors, out.back());
    }
    return errors.list().size() == before;
}

Result<std::vector<Package>, std::vector<FieldError>> decode_packages(const Value& document) {
    Errors errors;
    std::vector<Package> out;
    ObjectReader in(document, "", errors);
    Value list;
    in.required("packages", list);
    in.finish();
    if (!list.is_null()) decode_packages(list, "/packages", errors, out);
    if (!errors.empty()) return std::unexpected(errors.take());
    return out;
}

Result<Package, std::vector<FieldError>> decode_package(std::string name, const Value& document) {
    Errors errors;
    Package out{.name = name, .title = std::move(name), .resources = {}};
    decode_package(document, "", errors, out);
    if (!errors.empty()) return std::unexpected(errors.take());
    return out;
}

void Catalog::put(Game game) {
    auto name = game.name;
    games_.insert_or_assign(std::move(name), std::move(game));
}

void Catalog::declare(Game game) {
    const auto there = games_.find(game.name);
    if (!covered_.contains(game.name)) covered_.emplace(game.name, there != games_.end() ? std::optional(std::move(there->second)) : std::nullopt);
    put(std::move(game));
}

void Catalog::retract(std::string_view name) {
    const auto covered = covered_.find(name);
    if (covered == covered_.end()) return;
    if (covered->second) put(std::move(*covered->second));
    else games_.erase(covered->first);
    covered_.erase(covered);
}

const Game* Catalog::game(std::string_view name) const {
    const auto found = games_.find(name);
    return found == games_.end() ? nullptr : &found->second;
}

void Catalog::put_packages(std::vector<Package> packages) {
    put_packages_ = std::move(packages);
    gather_packages();
}

void Catalog::declare_packages(const std::string& declaration, std::vector<Package> packages) {
    if (packages.empty()) declared_packages_.erase(declaration);
    else declared_packages_.insert_or_assign(declaration, std::move(packages));
    gather_packages();
}

// One that takes another's place stands where that stood.
void Catalog::gather_packages() {
    packages_ = put_packages_;
    std::set<std::string_view> taken;
    for (const auto& [declaration, packages] : declared_packages_) {
        for (const auto& declared : packages) {
            if (!taken.insert(declared.name).second) continue;
            const auto there = std::ranges::find(packages_, declared.name, &Package::name);
            if (there != packages_.end()) *there = declared;
            else packages_.push_back(declared);
        }
    }
}

const Package* Catalog::package(const Game* game, std::string_view name) const {
    const std::span<const Package> own = game != nullptr ? std::span(game->packages) : std::span<const Package>();
    if (const auto found = std::ranges::find(own, name, &Package::name); found != own.end()) return &*found;
    const auto found = std::ranges::find(packages_, name, &Package::name);
    return found == packages_.end() ? nullptr : &*found;
}

std::optional<server::Exposure::Kind> Catalog::exposure_for(const Game* game, std::string_view package_name) const {
    const auto* size = package_name.empty() ? nullptr : package(game, package_name);
    if (size != nullptr && size->exposure) return size->exposure;
    return game != nullptr ? game->exposure : std::nullopt;
}

Result<server::Resources, FieldError> Catalog::resources_for(const Game* game, std::string_view package_name,
                                                             const std::optional<server::Resources>& resources) const {
    if (resources) {
        if (!package_name.empty())
            return std::unexpected(FieldError{"/package", "not_allowed", "give either 'package' or 'resources', not both", {}});
        if (auto problem = problem_with(*resources, "/resources")) return std::unexpected(std::move(*problem));
        return *resources;
    }
    const auto wanted = package_name.empty() ? usual_package : package_name;
    if (const auto* found = package(game, wanted)) return found->resources;
    std::vector<std::string_view> known;
    if (game != nullptr) {
        for (const auto& it : game->packages) known.push_back(it.name);
    }
    for (const auto& it : packages_) known.push_back(it.name);
    return std::unexpected(
        FieldError{"/package", "not_allowed", fmt::format("there is no package '{}'; {}", wanted, known_or_near(wanted, known)), {}});
}

FieldError Catalog::unknown_game(std::string_view name) const {
    std::vector<std::string_view> known;
    for (const auto& [key, game] : games_) known.push_back(key);
    return {"/game", "not_allowed", fmt::format("there is no game '{}'; {}", name, known_or_near(name, known)), {}};
}

}  // namespace gk::catalog
