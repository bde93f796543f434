#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "api/metrics.hpp"
#include "app/catalog/declared_games.hpp"
#include "app/catalog/declared_packages.hpp"
#include "app/fleet/fleets.hpp"
#include "app/game_book.hpp"
#include "app/servers/servers.hpp"
#include "async/task_group.hpp"
#include "domain/catalog/render.hpp"
#include "domain/front/routing.hpp"
#include "ports/ban_store.hpp"
#include "ports/declarations.hpp"
#include "ports/edge_line.hpp"
#include "ports/fleet_store.hpp"
#include "ports/identities.hpp"
#include "ports/match_office.hpp"
#include "ports/match_store.hpp"
#include "ports/nodes.hpp"
#include "ports/task.hpp"
#include "programs/serve/ports.hpp"
#include "programs/serve/secrets.hpp"

namespace gk::programs {

struct FirstKey {
    Secret text;
    std::string shown_by{};  // The commands that show it and the recovery key; empty: it is to be shown now.
};

// What is known of fleets that people declare.
struct FleetInsight {
    std::function<std::vector<FieldError>(const fleet::Fleet&)> wrong;
    std::function<std::optional<app::Fleets::Counts>(const std::string& fleet)> counts;  // Nothing: another process makes the matches.
};

// Where matches are kept, and where their servers run.
struct MatchPorts {
    MatchStore& store;
    FleetStore& fleets;
    Runtime* runtime = nullptr;     // Null: that of the worlds.
    PortMap* port_map = nullptr;    // Likewise.
    // Is told what it needs to say whether a declared fleet is right, before begin(). Null: fleets are declared by our API alone.
    std::function<void(FleetInsight)> on_declared_fleets = nullptr;
    MatchOffice* office = nullptr;  // Null: whoever keeps makes the matches.
    Secret token_key{};             // Of players' tokens; empty: derived from that of the vault.
};

// One shape of Gamekeeper: its adapters, and what they need to live. Outlives everything that works with its ports.
class Installation {
public:
    virtual ~Installation() = default;

    virtual Ports ports() = 0;
    // What people declare beside our API; null where there is no such thing.
    virtual Declarations* declarations() { return nullptr; }
    // Nothing where no matches are made yet.
    virtual std::optional<MatchPorts> matches() { return std::nullopt; }
    // The machines that games run on; null where this is the only one.
    virtual Nodes* nodes() { return nullptr; }
    // Where the edges of this installation are told their routes, where players come then, and where the games are; null where none stands before
    // the games.
    struct Front {
        EdgeLine& line;
        front::RoutingRules rules;
        BanStore* bans = nullptr;  // Null: addresses cannot be banned here.
        std::function<std::optional<wake::Address>(const server::Record&)> host;  // Null: all on this machine's loopback.
    };
    virtual std::optional<Front> edges() { return std::nullopt; }
    // What definitions are rendered for.
    virtual catalog::RenderContext render_context() const { return {}; }
    // Where that goes which people declare.
    struct Declared {
        app::DeclaredGames& games;
        app::DeclaredPackages& packages;
    };
    // How games are started, and where declarations go. Called once, before begin(); all outlive what begin() spawns.
    virtual void use(const app::GameBook&, const Declared&) {}
    virtual const Keys& keys() const = 0;
    // What all games together may have.
    virtual app::MachineLimits limits() const = 0;
    // What players are told.
    virtual std::string public_host() const = 0;
    // What is missing here, as sentences with cause and cure.
    virtual Task<std::vector<std::string>> shortcomings() = 0;
    // The text of the first admin key, which is kept where its owner finds it; `make` is called when there is none yet. Called while nobody
    // has a key.
    virtual Task<Result<FirstKey, std::string>> first_key(std::function<Secret()> make) = 0;
    // Sets what the adapters have counted.
    virtual void collect(api::Metrics&) const {}
    // Who else may say who somebody is; null: only our own keys do.
    virtual Identities* identities() { return nullptr; }

    // Spawns what the adapters do by themselves while the control plane works; into `office` what makes this process the one that keeps, which ends
    // before resign().
    virtual void begin(async::TaskGroup& tasks, async::TaskGroup& office) = 0;
    // Whether other processes work with the same records and the same ledger: then what one is asked for may be done by another.
    virtual bool is_one_of_several() const { return false; }
    // Returns when the records can be read.
    virtual Task<void> settled() { co_return; }
    // Returns when this process may be the one that keeps.
    virtual Task<void> elected() = 0;
    // Returns when it may not any more, and why. Only after elected().
    virtual Task<std::string> deposed() = 0;
    // Who keeps, as far as is known, for people. Empty: this process alone can, or nobody does.
    virtual std::string keeper_name() const { return {}; }
    // When nothing of what a keeper does is under way any more: another one may keep at once.
    virtual Task<void> resign() { co_return; }
    // Does what makes later work faster; called while nothing else is to be done. Returns when to call again.
    virtual Task<Milliseconds> use_idle_time() = 0;
};

}  // namespace gk::programs
