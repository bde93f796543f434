#include "domain/catalog/values.hpp"

#include <algorithm>

#include "domain/server/secret_place.hpp"

namespace gk::catalog {
namespace {

std::int64_t heap_mib(const MemoryModel& model, MebiBytes memory) {
    return std::max<std::int64_t>(0, memory.count - model.overhead.count) * model.heap_percent / 100;
}

}  // namespace

PlaceholderValues::PlaceholderValues(const Game& game, const server::Record& record, const RenderContext& context)
    : game_(game),
      record_(record),
      context_(context),
      settings_(effective_settings(game, record.settings)) {}

Value PlaceholderValues::of(std::string_view placeholder) const {
    const auto dot = placeholder.find('.');
    if (dot != std::string_view::npos) {
        const auto group = placeholder.substr(0, dot);
        const auto member = placeholder.substr(dot + 1);
        if (group == "settings") return setting(std::string(member));
        if (group == "per_address") return per_address(std::string(member));
        if (group == "ports") return port(member);
        if (group == "secrets") return secret(std::string(member));
    }
    return fixed(placeholder);
}

bool PlaceholderValues::is_set(const std::string& name) const {
    const auto value = setting(name);
    if (const auto* flag = value.as_bool()) return *flag;
    if (const auto* text = value.as_string()) return !text->empty();
    if (const auto* number = value.as_int()) return *number != 0;
    return !value.is_null();
}

Value PlaceholderValues::setting(const std::string& name) const {
    const auto found = settings_.find(name);
    if (found == settings_.end()) return {};
    const auto place = server::secret_place(found->second);
    return place ? secret(server::secret_key(name, *place)) : found->second;
}

// One address is everybody's where the game sees none but the edge's.
Value PlaceholderValues::per_address(const std::string& name) const {
    const auto* limit = game_.setting(name);
    const bool is_hidden = record_.behind_edge && !record_.own_network;
    return is_hidden && limit != nullptr && limit->max ? Value(static_cast<std::int64_t>(*limit->max)) : setting(name);
}

Value PlaceholderValues::port(std::string_view role) const {
    const auto found = std::ranges::find(record_.ports, role, &server::PortBinding::role);
    return found == record_.ports.end() ? Value() : Value(static_cast<int>(std::to_underlying(found->bound)));
}

Value PlaceholderValues::secret(const std::string& name) const {
    const auto found = record_.secrets.find(name);
    return found == record_.secrets.end() ? Value() : Value(found->second.reveal());
}

Value PlaceholderValues::fixed(std::string_view placeholder) const {
    if (placeholder == "bind_address") return bind_address(record_, context_);
    if (placeholder == "memory.heap_mib") return heap_mib(game_.memory, record_.resources.memory);
    if (placeholder == "memory.total_mib") return record_.resources.memory.count;
    if (placeholder == "cpu.millis") return record_.resources.cpu.count;
    if (placeholder == "server.id") return record_.id;
    if (placeholder == "server.name") return record_.space + "/" + record_.id;
    if (placeholder == "server.uid") return record_.uid.text();
    if (placeholder == "paths.data") return context_.data_directory;
    if (placeholder == "paths.game") return context_.game_directory;
    return {};
}

}  // namespace gk::catalog
