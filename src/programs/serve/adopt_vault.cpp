#include "programs/serve/adopt_vault.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "app/vault/recovery.hpp"
#include "async/run.hpp"
#include "domain/catalog/render.hpp"
#include "net/s3/location.hpp"
#include "programs/serve/games.hpp"
#include "programs/serve/machine.hpp"
#include "programs/serve/rights.hpp"
#include "programs/serve/secrets.hpp"

namespace gk::programs {
namespace {

namespace fs = std::filesystem;

// The vault came from another machine, with that machine's owner.
Result<Success, std::string> give_to(const std::string& place, uid_t uid, gid_t gid) {
    const auto give = [&](const fs::path& path) { return lchown(path.c_str(), uid, gid) == 0; };
    std::error_code error;
    bool good = give(place);
    for (fs::recursive_directory_iterator it(place, error), end; !error && it != end && good; it.increment(error)) good = give(it->path());
    if (error || !good) return std::unexpected(fmt::format("the files in {} cannot be given to uid {}", place, uid));
    return Success{};
}

Result<Success, std::string> remember_place(const Config& config) {
    if (config.vault.place == config.state + "/vault") return Success{};
    const auto path = config.state + "/gamekeeper.yaml";
    if (fs::exists(path)) return Success{};  // Its owner decides; make_config() has read it.
    std::ofstream out(path);
    out << "vault:\n  place: " << config.vault.place << "\n";
    const auto& s3 = config.vault.s3;
    if (net::s3::is_location(config.vault.place)) out << "  s3:\n    region: " << s3.region << "\n";
    if (!s3.key_id.empty()) out << "    key_id: " << s3.key_id << "\n";
    if (!s3.secret_file.empty()) out << "    secret_file: " << s3.secret_file << "\n";
    if (!s3.ca_file.empty()) out << "    ca_file: " << s3.ca_file << "\n";
    out.close();
    if (!out) return std::unexpected(fmt::format("{} cannot be written", path));
    return Success{};
}

Result<Success, std::string> keep_recovery_key(const Config& config, const Secret& key) {
    TRY(kept, keep_secret(config.state + "/recovery.key", [&key] { return key; }));
    if (kept.secret == key) return Success{};
    return std::unexpected(
        fmt::format("{} has another recovery key already: this is no empty state folder; choose another with --state", config.state));
}

AdoptedServer adopted(app::Recovery::Found found) {
    using enum app::Recovery::Found::Outcome;
    const auto* what = found.outcome == recovered ? "recovered" : found.outcome == known ? "known" : "lost";
    return {.uid = found.uid,
            .space = std::move(found.space),
            .id = std::move(found.id),
            .what = what,
            .snapshot = std::move(found.snapshot),
            .detail = std::move(found.detail)};
}

Task<Result<std::vector<server::PortBinding>, app::Error>> reserve_ports(Machine& machine, const catalog::Catalog& games, server::Record record) {
    const auto* game = games.game(record.game);
    if (game == nullptr) co_return record.ports;
    PortOwner owner{.uid = record.uid, .space = record.space, .id = record.id, .exposure = record.exposure};
    auto bindings = co_await machine.port_map.reserve(std::move(owner), catalog::port_wishes(*game), std::move(record.ports));
    if (!bindings) co_return std::unexpected(app::from(bindings.error()));
    co_return std::move(*bindings);
}

Task<Result<std::vector<AdoptedServer>, std::string>> rebuild(Machine& machine, const catalog::Catalog& games) {
    app::Recovery recovery({machine.store, machine.ledger, machine.vault, machine.clock},
                           [&](server::Record record) { return reserve_ports(machine, games, std::move(record)); });
    auto found = co_await recovery.run();
    if (!found) co_return std::unexpected(found.error().message);
    std::vector<AdoptedServer> out;
    for (auto& server : *found) out.push_back(adopted(std::move(server)));
    co_return out;
}

Result<std::vector<AdoptedServer>, std::string> rebuild_all(const Config& config, const Rights& rights, const catalog::Catalog& games) {
    boost::asio::io_context loop(1);
    auto machine = Machine::open(loop, config, rights);
    if (!machine) return std::unexpected(machine.error());
    return async::run_until_done(loop, rebuild(**machine, games));
}

}  // namespace

Result<std::vector<AdoptedServer>, std::string> adopt_vault(Config config, const AdoptOrder& order) {
    const bool is_folder = !net::s3::is_location(order.place);
    std::error_code error;
    config.vault.place = is_folder ? fs::canonical(order.place, error).string() : order.place;
    if (error) return std::unexpected(fmt::format("{}: {}", order.place, error.message()));
    if (!is_folder) TRY_OK(net::s3::parse_location(order.place));
    auto games = load_games(config.games.folder);
    if (!games) return std::unexpected(fmt::format("game definitions are wrong:\n  {}", fmt::join(games.error(), "\n  ")));
    if (const auto user = control_plane_user(config); user && is_folder) TRY_OK(give_to(config.vault.place, user->uid, user->gid));
    TRY(rights, settle_rights(config));
    TRY_OK(remember_place(config));
    TRY_OK(keep_recovery_key(config, order.recovery_key));
    auto adopted = rebuild_all(config, rights, *games);
    wait_for_launcher(rights);
    return adopted;
}

}  // namespace gk::programs
