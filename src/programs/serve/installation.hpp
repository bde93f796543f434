#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "app/game_book.hpp"
#include "app/servers/servers.hpp"
#include "async/task_group.hpp"
#include "domain/catalog/render.hpp"
#include "ports/declarations.hpp"
#include "ports/task.hpp"
#include "programs/serve/ports.hpp"
#include "programs/serve/secrets.hpp"

namespace gk::programs {

// One shape of Gamekeeper: its adapters, and what they need to live. Outlives everything that works with its ports.
class Installation {
public:
    virtual ~Installation() = default;

    virtual Ports ports() = 0;
    // What people declare beside our API; null where there is no such thing.
    virtual Declarations* declarations() { return nullptr; }
    // What definitions are rendered for.
    virtual catalog::RenderContext render_context() const { return {}; }
    // How games are started. Called once, before begin(); it outlives what begin() spawns.
    virtual void use(const app::GameBook& games) { std::ignore = games; }
    virtual const Keys& keys() const = 0;
    // What all games together may have.
    virtual app::MachineLimits limits() const = 0;
    // What players are told.
    virtual std::string public_host() const = 0;
    // What is missing here, as sentences with cause and cure.
    virtual Task<std::vector<std::string>> shortcomings() = 0;

    // Spawns what the adapters do by themselves while the control plane works.
    virtual void begin(async::TaskGroup& tasks) = 0;
    // Returns when this process may be the one that keeps.
    virtual Task<void> elected() = 0;
    // Returns when it may not any more, and why. Only after elected().
    virtual Task<std::string> deposed() = 0;
    // Does what makes later work faster; called while nothing else is to be done. Returns when to call again.
    virtual Task<Milliseconds> use_idle_time() = 0;
};

}  // namespace gk::programs
