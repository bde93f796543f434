#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "app/servers/new_operation.hpp"
#include "app/servers/record_settings.hpp"
#include "app/servers/rules.hpp"
#include "app/servers/servers.hpp"
#include "base/assert.hpp"
#include "domain/server/plan.hpp"
#include "domain/server/request.hpp"

// How a server comes about: from an order, and from the kept world of one that was deleted.
namespace gk::app {
namespace {

// Marks a server for as long as its create is at work.
class BeingMade {
public:
    BeingMade(std::multiset<ServerUid>& all, ServerUid uid) : all_(all), at_(all.insert(uid)) {}
    BeingMade(const BeingMade&) = delete;
    BeingMade& operator=(const BeingMade&) = delete;
    ~BeingMade() { all_.erase(at_); }

private:
    std::multiset<ServerUid>& all_;
    std::multiset<ServerUid>::iterator at_;
};

// The lowest entry in the uid range that no living server has.
std::uint32_t free_slot(const std::vector<server::Record>& all) {
    std::set<std::uint32_t> taken;
    for (const auto& record : all) taken.insert(record.slot);
    std::uint32_t slot = 0;
    for (const auto used : taken) {
        if (used != slot) break;
        ++slot;
    }
    return slot;
}

// 130 random bits in 26 letters and digits: games keep passwords in small buffers (teeworlds: 31 characters) and cut longer ones silently.
std::string random_password(Random& random) {
    static constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
    static_assert(letters.size() == 32);
    std::array<std::byte, 26> bytes{};
    random.fill(bytes);
    std::string out;
    for (const auto byte : bytes) out += letters[std::to_integer<std::size_t>(byte) % letters.size()];
    return out;
}

// A world that comes back is looked for where it was.
std::vector<server::PortBinding> ports_before(const KeptWorld& world) {
    Errors ignored;
    server::Record record;
    if (!server::decode(world.record, "", ignored, record)) return {};
    return std::move(record.ports);
}

// A record from before there were tenants names none.
bool is_of(const KeptWorld& world, std::string_view tenant) {
    const auto* said = world.record.find("tenant");
    const auto* text = said == nullptr ? nullptr : said->as_string();
    return text == nullptr ? tenant == "default" : *text == tenant;
}

// Another game would not understand the files, and spoil them.
Result<Success, Error> check_same_game(const KeptWorld& world, const CreateOrder& order) {
    const auto* game = world.record.find("game");
    const auto* name = game != nullptr ? game->as_string() : nullptr;
    if (name == nullptr || *name == order.game) return Success{};
    return std::unexpected(Error{.kind = Error::Kind::conflict,
                                 .code = "world_of_another_game",
                                 .message = fmt::format("the kept world of '{}' is one of {}, which {} cannot go on with; say \"world\": \"fresh\" "
                                                        "to begin a new one, or give the new server another name",
                                                        order.id, *name, order.game),
                                 .allowed = {"fresh"}});
}

}  // namespace

Servers::Answer<std::optional<KeptWorld>> Servers::kept_world(const CreateOrder& order, std::string tenant) {
    auto kept = co_await ports_.ledger.kept_worlds();
    if (!kept) co_return std::unexpected(from(kept.error()));
    // The newest one under this name. One whose time is over may be going right now.
    std::optional<KeptWorld> found;
    const auto now = ports_.clock.now();
    for (auto& world : *kept) {
        if (!is_of(world, tenant)) continue;  // Somebody else's does not exist for them.
        if (world.id == order.id && world.space == order.space && world.until > now && (!found || found->deleted_at < world.deleted_at))
            found = std::move(world);
    }
    if (found && order.world == CreateOrder::World::adopt) CO_TRY_OK(check_same_game(*found, order));
    if (!found || order.world != CreateOrder::World::unsaid) co_return found;
    co_return std::unexpected(
        Error{.kind = Error::Kind::conflict,
              .code = "world_kept",
              .message = fmt::format("the world of a deleted server '{}' is kept until {}; say \"world\": \"adopt\" to go on with it, "
                                     "or \"fresh\" to begin a new one",
                                     order.id, rfc3339(found->until)),
              .allowed = {"adopt", "fresh"}});
}

Servers::Answer<server::Record> Servers::new_record(Caller caller, CreateOrder order, const std::vector<server::Record>& all) {
    auto kept = co_await kept_world(order, caller.tenant);
    if (!kept) co_return std::unexpected(kept.error());
    // The catalogue may have changed since the order was checked.
    auto wrong = check(order, games_, limits_.exposures, limits_.pods_may_be_root);
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));
    const auto& game = *games_.game(order.game);
    const auto now = ports_.clock.now();
    server::Record record;
    const bool adopts = *kept && order.world == CreateOrder::World::adopt;
    record.uid = adopts ? (*kept)->uid : ports_.random.id<ServerUid>();
    if (adopts) record.ports = ports_before(**kept);
    record.id = order.id;
    record.space = order.space;
    record.tenant = caller.tenant;
    record.game = order.game;
    record.package = package_of(order);
    record.resources = *games_.resources_for(&game, order.package, order.resources);
    record.settings = std::move(order.settings);
    record.labels = std::move(order.labels);
    record.schedules = std::move(order.schedules);
    record.backup_every = order.backup_every;
    record.launch = record.applied_launch = order.launch;
    record.wake = std::move(order.wake);
    record.idle = order.idle;
    record.notify = std::move(order.notify);
    record.exposure = order.exposure ? std::move(order.exposure) : usual_exposure(limits_.exposures, games_, record.game, record.package);
    record.applied_exposure = record.exposure;
    for (const auto& name : game.secrets) record.secrets.emplace(name, random_password(ports_.random));
    put_secrets_away(games_, record, {}, ports_.random);
    record.slot = free_slot(all);
    record.created_at = record.updated_at = record.phase_since = now;
    record.wanted = order.start ? server::Wanted::running : server::Wanted::stopped;
    co_return record;
}

Servers::Answer<Accepted> Servers::create(Caller caller, CreateOrder order, Idempotency once) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    auto wrong = check(order, games_, limits_.exposures, limits_.pods_may_be_root);
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));
    const bool may_be_repeated = !once.key.empty();
    CO_TRY(turn, co_await place_for(caller, std::move(once)));
    if (turn.answered) co_return Accepted{.operation = std::move(*turn.answered), .changed = true};

    auto all = co_await ports_.store.list();
    if (!all) co_return std::unexpected(from(all.error()));
    if (may_be_repeated) {
        auto made = co_await ports_.ledger.operation(turn.id);
        if (made) co_return Accepted{.operation = std::move(*made), .changed = true};
    }
    if (std::ranges::any_of(*all, [&](const auto& r) { return r.id == order.id && r.space == order.space; })) {
        co_return std::unexpected(
            Error{.kind = Error::Kind::conflict, .code = "exists", .message = fmt::format("there is a server '{}' already", order.id)});
    }
    const bool start = order.start;
    CO_TRY(record, co_await new_record(caller, std::move(order), *all));
    const auto memory = check_room(*all, record);
    if (!memory) co_return std::unexpected(memory.error());

    const BeingMade being_made(being_made_, record.uid);
    CO_TRY(bindings, co_await ports_for(record));
    record.ports = std::move(bindings);
    stand_behind_edge(record);

    const server::Request request{.operation = turn.id, .verb = start ? server::Verb::start : server::Verb::create, .asked_at = record.created_at};
    auto operation = operation_for(record, request, caller);
    if (start) {
        auto taken = server::take_request(record, request, record.created_at);
        ASSERT(taken && taken->changed, "a new server can always be started");
        record = std::move(taken->record);
    } else {
        operation.status = Operation::Status::succeeded;
        operation.finished_at = record.created_at;
    }
    co_return co_await store_new(std::move(record), std::move(operation));
}

// Whatever fails here, the search for orphans gives the ports back when no record holds them: this record may have been stored after all, and of
// two who adopt one world the other one's was.
Servers::Answer<Accepted> Servers::store_new(server::Record record, Operation operation) {
    // The operation first: a record that names it is only ever stored after it.
    if (auto ahead = co_await ports_.ledger.put_ahead(operation); !ahead) co_return std::unexpected(from(ahead.error()));
    const auto stored = co_await ports_.store.create(std::move(record));
    if (stored) co_return Accepted{.operation = std::move(operation), .changed = true};
    if (stored.error().kind == StoreError::Kind::conflict) {
        // The same request, sent twice, was faster: the operation under this id is not the one that went ahead.
        auto known = co_await ports_.ledger.operation(operation.id);
        if (known && *known != operation) co_return Accepted{.operation = std::move(*known), .changed = true};
    }
    operation.status = Operation::Status::failed;
    operation.finished_at = ports_.clock.now();
    operation.error = Problem{.code = "not_created", .detail = "the server could not be stored"};
    std::ignore = co_await ports_.ledger.put(std::move(operation), no_keeper);
    co_return std::unexpected(from(stored.error()));
}

}  // namespace gk::app
