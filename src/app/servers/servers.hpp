#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "app/idempotency.hpp"
#include "app/memory_room.hpp"
#include "domain/catalog/catalog.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/record.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/port_map.hpp"
#include "ports/random.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"
#include "ports/vault.hpp"

namespace gk::app {

// What a person may say about a new server.
struct CreateOrder {
    std::string id;
    std::string space = "default";
    std::string game;
    std::string package;                          // Either a package ...
    std::optional<server::Resources> resources;   // ... or resources.
    std::map<std::string, Value> settings;
    std::map<std::string, std::string> labels;
    std::vector<server::Schedule> schedules;
    std::optional<Milliseconds> backup_every;
    server::LaunchWay launch = server::LaunchWay::shim;
    std::optional<server::WakeWish> wake;
    std::optional<server::IdleWish> idle;
    std::vector<std::string> notify;              // Mail addresses that hear of it, server::recipients_max at most.
    std::optional<server::Exposure> exposure;     // On a cluster; absent: as the package or the game says, else the first that may be chosen.
    enum class World : std::uint8_t { unsaid, adopt, fresh };
    World world = World::unsaid;                  // What to do with a world that is kept after a deletion.
    bool start = false;
    // It stands where many people read it: no secret may.
    bool in_the_open = false;
    // What of it could not be read. Then it is refused, together with what the rules find wrong with the rest.
    std::vector<FieldError> unread;
};

// What a person may change of a server. Absent members stay.
struct PatchOrder {
    std::optional<std::map<std::string, Value>> settings;  // Merged; a null value removes one.
    std::optional<std::map<std::string, std::optional<std::string>>> labels;  // Merged; an absent text removes one.
    std::optional<std::vector<server::Schedule>> schedules;    // Replaced.
    std::optional<std::optional<Milliseconds>> backup_every;  // By none: as often as the installation's servers are.
    std::optional<server::LaunchWay> launch;
    std::optional<std::optional<server::WakeWish>> wake;      // Replaced; by none: whoever knocks.
    std::optional<std::optional<server::IdleWish>> idle;      // Replaced; by none: as the installation says.
    std::optional<std::vector<std::string>> notify;           // Replaced.
    std::optional<std::optional<server::Exposure>> exposure;  // Replaced; by none: by the usual one.
    bool in_the_open = false;        // As in CreateOrder.
    std::vector<FieldError> unread;  // The same.
};

struct VerbOrder {
    server::Verb verb = server::Verb::start;
    std::string force;                     // Must repeat the server's id to count.
    std::string purge;                     // The same; deletes the backups too.
    std::optional<SnapshotId> snapshot;    // For restore.
    server::Cause cause{};
};

// Why a server that is up does not sleep, and when it will.
struct Wakefulness {
    std::string because{};               // A sentence: "2 players are on"; empty: nothing keeps it up.
    std::optional<Time> sleeps_at{};     // If nobody comes until then.
};

// What became of a request: the operation to follow. Unchanged: the verb held already, nothing was done or stored.
struct Accepted {
    Operation operation;
    bool changed = true;
};

// A record with what is observed right now.
struct ServerView {
    server::Record record;
    server::State state = server::State::stopped;
    server::Players players;
    server::Usage usage;
    std::optional<Time> next_schedule;
    std::optional<Wakefulness> awake;  // Of one that is up and sleeps by itself.
    std::vector<std::string> pending;  // Settings, and "launch" and "exposure", that take effect at the next start.
};

struct MachineLimits {
    MilliCpu cpu;            // Of this machine.
    double cpu_overcommit = 4;
    MebiBytes memory;        // What games may have together; never over-committed.
    std::vector<server::Exposure::Kind> exposures;  // That people may choose from. None on one machine.
    bool pods_may_be_root = false;                  // Of a cluster, where games may want it.
    // With an edge: how far the numbers that games bind are from those that players use. None: the game binds what players use.
    std::optional<int> edge_shift = std::nullopt;
    bool own_addresses = false;  // Behind it games may have addresses of their own (docs/adr/0031).

    // Where others say what there is room for, as a cluster's scheduler does.
    static MachineLimits of_others() {
        constexpr std::int64_t plenty = std::int64_t{1} << 40;
        return {.cpu = {plenty}, .cpu_overcommit = 1, .memory = {plenty}, .exposures = {}, .pods_may_be_root = false};
    }
};

// The use cases of worlds: every one takes the caller and asks may(). Changes are accepted durably and carried out by the keeper.
class Servers {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        Runtime& runtime;
        PortMap& port_map;
        Clock& clock;
        Random& random;
        MemoryRoom* room = nullptr;  // Shared with match servers; null: they have none of this machine's memory.
        // What is known of a server's sleep; none: nothing sleeps here.
        std::function<std::optional<Wakefulness>(const server::Record&)> wakefulness = nullptr;
    };
    Servers(Ports ports, const catalog::Catalog& games, MachineLimits limits);

    template <class T>
    using Answer = Task<Result<T, Error>>;

    Answer<Accepted> create(Caller caller, CreateOrder order, Idempotency once);
    Answer<Accepted> ask(Caller caller, std::string space, std::string id, VerbOrder order, Idempotency once);
    Answer<ServerView> patch(Caller caller, std::string space, std::string id, PatchOrder order);
    Answer<ServerView> show(Caller caller, std::string space, std::string id);
    // Ordered by space and id. An empty space means every one.
    Answer<std::vector<server::Record>> list(Caller caller, std::string space);
    // A record with what is observed right now; settings that the game declares secret are masked.
    Task<ServerView> view(server::Record record);
    // Calls `changed` after every change of this server's record, its end too, until the handle is dropped.
    std::shared_ptr<void> watch(ServerUid uid, std::function<void()> changed);
    // The record behind a name, after the rights were checked.
    Answer<server::Record> find(Caller caller, std::string space, std::string id);

    Answer<std::vector<vault::Snapshot>> snapshots(Caller caller, std::string space, std::string id);
    struct CommandOrder {
        std::string line;
        Epoch epoch{};
    };
    // What the game answered. Under one Idempotency-Key it is typed once at most; its answer is not kept.
    Answer<std::string> command(Caller caller, std::string space, std::string id, CommandOrder order, Idempotency once);
    // Why the server is as it is: the record's reason, the last exit, recent operations, in sentences.
    Answer<std::vector<std::string>> explain(Caller caller, std::string space, std::string id);

    Answer<Operation> operation(Caller caller, OperationId id);
    // An empty space means every one.
    Answer<std::vector<Operation>> operations(Caller caller, Ledger::OperationFilter filter, std::string space);

private:
    // The operation id to use for this request, and the operation that answered it before.
    struct Place {
        OperationId id;
        std::optional<Operation> answered;
    };
    Answer<Place> place_for(Caller caller, Idempotency once);
    // What the same request, sent twice, has come to under this id while we were at work; null: the server is gone.
    Answer<std::optional<Operation>> accepted_meanwhile(const server::Record* record, OperationId id);
    Answer<std::optional<KeptWorld>> kept_world(const CreateOrder& order, std::string tenant);
    Answer<server::Record> without_ended_request(server::Record record);
    Answer<server::Record> new_record(Caller caller, CreateOrder order, const std::vector<server::Record>& all);
    Answer<std::vector<server::PortBinding>> ports_for(server::Record record);
    Task<bool> was_left_behind(ServerUid holder);
    // Before each start: how the game is reached from then on.
    void stand_behind_edge(server::Record& record) const;
    Answer<Accepted> store_new(server::Record record, Operation operation);
    // What comes back is held until the record is written.
    Result<std::optional<MemoryRoom::Hold>, Error> check_room(const std::vector<server::Record>& all, const server::Record& wanted) const;

    Ports ports_;
    const catalog::Catalog& games_;
    MachineLimits limits_;
    std::multiset<ServerUid> being_made_;  // By creates that are at work.
};

}  // namespace gk::app
