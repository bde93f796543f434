#include "app/servers/record_settings.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "domain/catalog/render.hpp"
#include "domain/server/secret_place.hpp"

namespace gk::app {
namespace {

// The stored value that this setting had before; null: it had none.
const Secret* stored_before(const server::Record& record, const std::map<std::string, Value>& before, const std::string& name) {
    const auto old = before.find(name);
    const auto place = old != before.end() ? server::secret_place(old->second) : std::nullopt;
    if (!place || !place->is_stored()) return nullptr;
    const auto found = record.secrets.find(server::secret_key(name, *place));
    return found != record.secrets.end() ? &found->second : nullptr;
}

// What neither the settings nor those before nor those of the running game mean.
void drop_unused_secrets(server::Record& record, const std::map<std::string, Value>& before) {
    std::set<std::string> used;
    for (const auto* settings : {&std::as_const(record.settings), &before, &std::as_const(record.applied_settings)}) {
        for (const auto& [name, value] : *settings) {
            if (const auto place = server::secret_place(value)) used.insert(server::secret_key(name, *place));
        }
    }
    std::erase_if(record.secrets, [&used](const auto& it) { return it.first.starts_with(server::stored_prefix) && !used.contains(it.first); });
}

}  // namespace

std::vector<std::string> pending_settings(const server::Record& record) {
    std::set<std::string> names;
    for (const auto& [name, value] : record.settings) {
        const auto applied = record.applied_settings.find(name);
        if (applied == record.applied_settings.end() || !(applied->second == value)) names.insert(name);
    }
    for (const auto& name : record.applied_settings | std::views::keys) {
        if (!record.settings.contains(name)) names.insert(name);
    }
    std::vector<std::string> pending(names.begin(), names.end());
    if (record.launch != record.applied_launch) pending.emplace_back("launch");
    if (server::needs_restart(record.applied_exposure, record.exposure)) pending.emplace_back("exposure");
    return pending;
}

std::map<std::string, Value> shown_settings(const catalog::Catalog& games, const server::Record& record) {
    const auto* game = games.game(record.game);
    if (game != nullptr) return catalog::visible_settings(*game, record.settings);
    auto masked = record.settings;
    for (auto& value : masked | std::views::values) value = std::string(catalog::masked_setting);
    return masked;
}

void drop_masks(const catalog::Catalog& games, const server::Record& record, std::map<std::string, Value>& changes) {
    const auto* game = games.game(record.game);
    if (game == nullptr) return;
    std::erase_if(changes, [game](const auto& change) {
        const auto* setting = game->setting(change.first);
        return setting != nullptr && setting->secret && change.second == Value(std::string(catalog::masked_setting));
    });
}

void put_secrets_away(const catalog::Catalog& games, server::Record& record, const std::map<std::string, Value>& before, Random& random) {
    const auto* game = games.game(record.game);
    if (game == nullptr) return;
    for (auto& [name, value] : record.settings) {
        const auto* setting = game->setting(name);
        const auto* text = value.as_string();
        if (setting == nullptr || !setting->secret || setting->type != catalog::SettingType::string || text == nullptr) continue;
        Secret secret(*text);
        const auto* old = stored_before(record, before, name);
        if (old != nullptr && *old == secret) {
            value = before.at(name);
            continue;
        }
        const auto word = random.id<SnapshotId>().text();
        value = server::stored_secret(word);
        record.secrets.insert_or_assign(server::secret_key(name, {.stored = word, .name = {}, .key = {}}), std::move(secret));
    }
    drop_unused_secrets(record, before);
}

}  // namespace gk::app
