#include "programs/serve/machine.hpp"

#include <fmt/format.h>

#include "adapters/system/listeners.hpp"
#include "base/id.hpp"
#include "domain/vault/recovery_key.hpp"
#include "programs/serve/secrets.hpp"
#include "tls/digest.hpp"

namespace gk::programs {
namespace {

std::unique_ptr<Host> make_host(boost::asio::io_context& loop, Clock& clock, const Config& config, const Rights& rights) {
    if (rights.launcher) {
        const auto& told = rights.machine;
        runc::MachineOptions options{.state = told.state,
                                     .shim = told.shim,
                                     .runc = told.runc,
                                     .confined_programs = told.confined_programs,
                                     .cgroup_root = told.cgroup_root,
                                     .cgroup_parent = told.cgroup_parent};
        return std::make_unique<runc::LauncherHost>(loop.get_executor(), clock, *rights.launcher, std::move(options));
    }
    process::PlainOptions options;
    options.state = config.state;
    options.shim = sibling_program("gk-shim");
    options.files_server = this_program();
    return std::make_unique<process::PlainHost>(loop.get_executor(), clock, std::move(options));
}

sqlite::SqlitePortMap::Rules port_rules(const Config& config) {
    return {.range = {.first = Port{config.ports.first}, .last = Port{config.ports.last}}, .foreign = system::is_bound};
}

restic::ResticOptions restic_options(const Config& config, const Keys& keys) {
    return {.folder = config.vault.place, .password = keys.vault, .recovery_key = keys.recovery};
}

Secret random_secret(Random& random) {
    std::array<std::byte, 32> bytes{};
    random.fill(bytes);
    return Secret(tls::hex(bytes));
}

}  // namespace

Result<Keys, std::string> keep_keys(const Config& config, Random& random) {
    TRY(vault_key, keep_secret(config.state + "/vault.key", [&random] { return random_secret(random); }));
    TRY(recovery, keep_secret(config.state + "/recovery.key", [&random] {
            vault::RecoveryKeyBits bits{};
            random.fill(bits);
            return vault::recovery_key_text(bits);
        }));
    return Keys{.vault = std::move(vault_key.secret), .recovery = std::move(recovery.secret), .recovery_is_new = recovery.is_new};
}

Machine::Machine(boost::asio::io_context& loop, const Config& config, const Rights& rights, Keys kept, std::unique_ptr<sqlite::Database> opened,
                 tls::Context trust)
    : clock(loop.get_executor()),
      keys(std::move(kept)),
      database(std::move(opened)),
      store(loop.get_executor(), *database),
      ledger(loop.get_executor(), *database),
      port_map(*database, store, clock, port_rules(config)),
      host(make_host(loop, clock, config, rights)),
      runtime(loop.get_executor(), clock, *host, config.state),
      vault(*host, restic_options(config, keys)),
      files([this](ServerUid uid) { return host->open_files(uid); }, clock),
      game_files(loop.get_executor(), clock, std::move(trust), {.folder = config.games.downloads}) {}

Result<std::unique_ptr<Machine>, std::string> Machine::open(boost::asio::io_context& loop, const Config& config, const Rights& rights) {
    system::SystemRandom random;
    TRY(keys, keep_keys(config, random));
    auto database = sqlite::Database::open(loop.get_executor(), config.state + "/gamekeeper.db");
    if (!database) return std::unexpected(database.error().detail);
    TRY(trust, tls::Context::for_client({}));
    return std::unique_ptr<Machine>(new Machine(loop, config, rights, std::move(keys), std::move(*database), std::move(trust)));
}

}  // namespace gk::programs
