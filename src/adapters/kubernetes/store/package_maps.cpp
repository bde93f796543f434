#include "adapters/kubernetes/store/package_maps.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::key_of;

Resource config_maps() { return {.group = "", .version = "v1", .plural = "configmaps"}; }

}  // namespace

PackageDeclaration package_declaration_of(const Value& object) {
    PackageDeclaration out{.name = key_of(object).name, .files = {}};
    const auto* data = object.find("data");
    if (data == nullptr || data->as_object() == nullptr) return out;
    for (const auto& [file, text] : *data->as_object()) {
        if (const auto* it = text.as_string()) out.files.emplace(file, *it);
    }
    return out;
}

PackageMaps::PackageMaps(Client client, Random& random, EventTeller& events, Place place)
    : events_(events),
      place_(std::move(place)),
      informer_(std::move(client), random, config_maps(), {.space = place_.space, .labels = fmt::format("{}=true", packages_label), .fields = {}},
                [this](const wire::kubernetes::Store::Change& change) { saw(change); }) {}

void PackageMaps::show_all() {
    for (const auto& [key, refused] : refused_) show(informer_.store().find(key), refused);
}

void PackageMaps::saw(const wire::kubernetes::Store::Change& change) {
    if (!change.after) {
        refused_.erase(change.key);
        return listener_.drop(change.key.name);
    }
    const auto declaration = package_declaration_of(*change.after);
    if (change.before && package_declaration_of(*change.before) == declaration) return;
    const auto refused = listener_.take(declaration);
    if (refused.empty()) {
        refused_.erase(change.key);
        return;
    }
    log::warning("kubernetes", "packages that a ConfigMap declares do not count", {{"config_map", change.key.text()}, {"reason", refused}});
    refused_.insert_or_assign(change.key, refused);
    show(change.after, refused);
}

void PackageMaps::show(const ObjectPtr& object, const std::string& refused) {
    if (!place_.leads() || !object) return;
    events_.tell(object, {.reason = "Refused", .note = refused, .is_warning = true, .action = "TakeIn"});
}

}  // namespace gk::kubernetes
