#include "api/compat/words.hpp"

#include <algorithm>

#include "domain/server/request.hpp"

namespace gk::api::compat {

std::optional<std::int64_t> primary_port(const server::Record& record) {
    auto found = std::ranges::find(record.ports, "game", &server::PortBinding::role);
    if (found == record.ports.end() || found->internal) found = std::ranges::find(record.ports, false, &server::PortBinding::internal);
    if (found == record.ports.end()) return std::nullopt;
    return std::to_underlying(found->open);
}

const std::string& host_of(const Context& context, const server::Record& record) {
    const auto& own = server::host_of(record);
    return own.empty() ? context.public_host : own;
}

std::string_view pod_phase(const server::Record& record) {
    if (server::game_up(record)) return "Running";
    using enum server::State;
    switch (server::state_of(record)) {
    case starting: return "Pending";
    case failed: return "Failed";
    default: return "Not running";
    }
}

std::map<std::string, Value> usual_settings(const Options& options, const catalog::Catalog& games, std::string_view game) {
    const auto* definition = games.game(game);
    if (!options.eula_accepted || definition == nullptr || definition->setting("eula") == nullptr) return {};
    return {{"eula", "accepted"}};
}

}  // namespace gk::api::compat
