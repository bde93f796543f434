#include "domain/catalog/catalog.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/names.hpp"
#include "domain/catalog/sections.hpp"

namespace gk::catalog {
namespace {

constexpr std::int64_t cpu_millis_max = 1'000'000;
constexpr std::int64_t memory_mib_max = 16 << 20;   // 16 TiB
constexpr std::int64_t disk_mib_max = 1024 << 20;  // 1 PiB

std::optional<FieldError> problem_with(const server::Resources& resources, const std::string& pointer) {
    const auto outside = [&](std::string_view key, std::int64_t count, std::int64_t most) -> std::optional<FieldError> {
        if (count >= 1 && count <= most) return std::nullopt;
        return FieldError{pointer_to(pointer, key), "out_of_range", fmt::format("'{}' is between 1 and {}, not {}", key, most, count), {}};
    };
    if (auto problem = outside("cpu_millis", resources.cpu.count, cpu_millis_max)) return problem;
    if (auto problem = outside("memory_mib", resources.memory.count, memory_mib_max)) return problem;
    return outside("disk_mib", resources.disk.count, disk_mib_max);
}

void decode_package(const Value& value, const std::string& pointer, Errors& errors, Package& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("title", out.title);
    in.required("cpu_millis", out.resources.cpu.count);
    in.required("memory_mib", out.resources.memory.count);
    in.required("disk_mib", out.resources.disk.count);
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

const Package* Catalog::package(std::string_view name) const {
    const auto found = std::ranges::find(packages_, name, &Package::name);
    return found == packages_.end() ? nullptr : &*found;
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
    const std::span<const Package> own = game != nullptr ? std::span(game->packages) : std::span<const Package>();
    if (const auto found = std::ranges::find(own, wanted, &Package::name); found != own.end()) return found->resources;
    if (const auto* found = package(wanted)) return found->resources;
    std::vector<std::string_view> known;
    for (const auto& it : own) known.push_back(it.name);
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
