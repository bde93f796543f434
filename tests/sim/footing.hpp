#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "app/game_book.hpp"
#include "async/task_group.hpp"
#include "async/wait_queue.hpp"
#include "ports/clock.hpp"
#include "ports/declarations.hpp"
#include "ports/edge_line.hpp"
#include "ports/files.hpp"
#include "ports/ledger.hpp"
#include "ports/notifier.hpp"
#include "ports/port_map.hpp"
#include "ports/random.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"
#include "ports/vault.hpp"
#include "tests/sim/ground.hpp"

namespace gk::sim {

// How fast life goes. The usual one is crowded, so that everything meets within a quarter of an hour; days want it slower.
struct Pace {
    Milliseconds play_least = std::chrono::milliseconds(200);  // Between two acts of a player.
    Milliseconds play_most = std::chrono::seconds(5);
    Milliseconds ask_least = std::chrono::milliseconds(500);   // Between two requests of clients.
    Milliseconds ask_most = std::chrono::seconds(40);
    Milliseconds faults_every = std::chrono::minutes(1);       // What `Faults` calls a minute.
    Milliseconds backup_every = std::chrono::minutes(4);
    Milliseconds care_every = std::chrono::minutes(1);         // Of the vault.
    Milliseconds keeper_every = std::chrono::seconds(10);      // The keeper's looks at what nobody speaks of.
    int servers_at_once = 3;                                   // For which there is memory.
    bool owners_help = false;  // Somebody starts what was stopped or given up, before anybody asks for anything else.
};

// What one life of the control plane stands on: the adapters of one shape, with all that may go wrong behind them.
class Footing {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        Runtime& runtime;
        Vault& vault;
        Files& files;
        PortMap& port_map;
        PortMap& true_port_map;  // Past all faults.
        Notifier& notifier;
        Random& keeper_random;
        Random& random;
        const app::GameBook& book;
    };
    virtual ~Footing() = default;
    virtual Ports ports() = 0;
    // The life is to end at what it awaits now.
    virtual bool is_dying() const = 0;

    // Of shapes in which several stand for one office.
    virtual void begin(async::TaskGroup&) {}
    virtual Task<void> elected() { co_return; }
    // Returns when the office was lost.
    virtual Task<void> deposed() { co_await never_.wait(); }
    virtual Declarations* declarations() { return nullptr; }
    // Where an edge stands before the games: the life then tells it where players come, and puts to sleep what nobody plays.
    virtual EdgeLine* edges() { return nullptr; }

private:
    async::WaitQueue never_;
};

// Where lives are lived: what there is besides the ground, and how a life stands on it.
class Surroundings {
public:
    virtual ~Surroundings() = default;
    virtual std::unique_ptr<Footing> footing(boost::asio::io_context& io, Clock& clock, std::uint64_t seed, std::uint64_t life) = 0;

    // Everything that happens by itself until now.
    virtual void settle() {}
    virtual std::optional<Time> next_event() const { return std::nullopt; }
    // Once for each minute of faults.
    virtual void turn_minute() {}
    // Somebody who is no client of ours does something, instead of a client; false when nobody does.
    virtual bool somebody_acts() { return false; }
    virtual void power_was_lost() {}
    virtual void disk_was_lost(ServerUid) {}
    virtual void heal() {}
    // Besides what the ground knows: why there is no rest.
    virtual std::string unrest() { return {}; }
    // How many lives there are at least, at any time.
    virtual std::size_t replicas() const { return 1; }
    // News of games reach a life by these, and not directly.
    virtual bool carries_news() const { return false; }
    virtual Pace pace() const { return {}; }
    // For how long a life is to stand still now, with all that it holds.
    virtual std::optional<Milliseconds> stands_still() { return std::nullopt; }
};

using MakeSurroundings = std::function<std::unique_ptr<Surroundings>(Ground&, std::uint64_t seed)>;
// A machine, as the ports of tests/sim/ports.hpp show it.
std::unique_ptr<Surroundings> one_machine(Ground& ground, std::uint64_t seed);

}  // namespace gk::sim
