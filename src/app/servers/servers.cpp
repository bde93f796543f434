#include "app/servers/servers.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "app/servers/new_operation.hpp"
#include "app/servers/record_settings.hpp"
#include "app/servers/rules.hpp"
#include "domain/catalog/render.hpp"
#include "domain/schedule/cron.hpp"
#include "domain/server/plan.hpp"
#include "domain/server/request.hpp"

namespace gk::app {
namespace {

constexpr int write_tries_max = 5;

// What has failed in the old way is tried in the new one at once.
void change_exposure(server::Record& record, std::optional<server::Exposure> exposure) {
    if (record.exposure == exposure) return;
    record.exposure = std::move(exposure);
    if (server::game_up(record)) record.not_before.reset();
}

// How many players fit, of a game that does not say so itself.
std::optional<int> player_limit(const catalog::Catalog& games, const server::Record& record, bool game_up) {
    const auto* game = games.game(record.game);
    return game != nullptr ? catalog::player_limit(*game, game_up ? record.applied_settings : record.settings) : std::nullopt;
}

Error not_running(const server::Record& record) {
    Error error{.kind = Error::Kind::conflict,
                .code = "not_running",
                .message = fmt::format("'{}' is {}: its console is there only while the game runs", record.id, name_of(server::state_of(record)))};
    for (const auto verb : server::allowed_verbs(record)) error.allowed.emplace_back(name_of(verb));
    return error;
}

Error from(const server::Refusal& refusal) {
    Error error{.kind = Error::Kind::conflict, .code = refusal.code, .message = refusal.detail};
    for (const auto verb : refusal.allowed) error.allowed.emplace_back(name_of(verb));
    return error;
}

// The record is to be read again: it is another one now, or gone.
bool somebody_was_faster(const StoreError& error) { return error.kind == StoreError::Kind::conflict || error.kind == StoreError::Kind::not_found; }

}  // namespace

Servers::Servers(Ports ports, const catalog::Catalog& games, MachineLimits limits) : ports_(ports), games_(games), limits_(limits) {}

// What binds all addresses would answer players from another one than they asked.
void Servers::stand_behind_edge(server::Record& record) const {
    const auto* game = games_.game(record.game);
    server::stand_behind_edge(record, limits_.edge_shift, limits_.own_addresses && game != nullptr && catalog::binds_where_told(*game));
}

Servers::Answer<Servers::Place> Servers::place_for(Caller caller, Idempotency once) {
    CO_TRY(turn, co_await take_turn(ports_.ledger, ports_.clock.now(), std::move(caller), std::move(once), ports_.random.id<OperationId>()));
    if (turn.is_first) co_return Place{.id = turn.operation, .answered = {}};
    auto answered = co_await ports_.ledger.operation(turn.operation);
    if (answered) co_return Place{.id = turn.operation, .answered = std::move(*answered)};
    // Refused or interrupted before it was accepted the last time: then there is no operation, and it is done now under the same id.
    if (answered.error().kind == StoreError::Kind::not_found) co_return Place{.id = turn.operation, .answered = {}};
    co_return std::unexpected(from(answered.error()));
}

Servers::Answer<std::optional<Operation>> Servers::accepted_meanwhile(const server::Record* record, OperationId id) {
    auto operation = co_await ports_.ledger.operation(id);
    if (!operation && operation.error().kind == StoreError::Kind::not_found) co_return std::nullopt;
    if (!operation) co_return std::unexpected(from(operation.error()));
    // One that waits and that no record names is ours: it went ahead of a write that was refused.
    const bool is_named = record != nullptr && ((record->request && record->request->operation == id) ||
                                                std::ranges::find(record->superseded, id) != record->superseded.end());
    if (!is_named && !operation->is_finished()) co_return std::nullopt;
    co_return std::move(*operation);
}

Result<std::optional<MemoryRoom::Hold>, Error> Servers::check_room(const std::vector<server::Record>& all, const server::Record& wanted) const {
    const auto& asked = wanted.resources;
    const auto cpu_limit = static_cast<std::int64_t>(static_cast<double>(limits_.cpu.count) * limits_.cpu_overcommit);
    if (asked.memory > limits_.memory || asked.cpu.count > cpu_limit) {
        return std::unexpected(
            Error{.kind = Error::Kind::unprocessable,
                  .code = "does_not_fit",
                  .message = fmt::format(
                      "it asks for {} MiB of memory and {} thousandths of a cpu; this machine can give games {} MiB and {}; choose a smaller package",
                      asked.memory.count, asked.cpu.count, limits_.memory.count, cpu_limit)});
    }
    if (!uses_the_machine(wanted)) return std::nullopt;
    std::optional<MemoryRoom::Hold> hold;
    MebiBytes of_matches;
    if (ports_.room != nullptr) {
        hold.emplace(*ports_.room, MemoryRoom::Holder::world, asked.memory);
        of_matches = ports_.room->held_by(MemoryRoom::Holder::match_server);
    }
    server::Resources used;
    used.memory = of_matches;
    for (const auto& record : all) {
        if (record.uid == wanted.uid || !uses_the_machine(record)) continue;
        used.memory.count += record.resources.memory.count;
        used.cpu.count += record.resources.cpu.count;
    }
    if (used.memory.count + asked.memory.count <= limits_.memory.count && used.cpu.count + asked.cpu.count <= cpu_limit) return hold;
    return std::unexpected(
        Error{.kind = Error::Kind::exhausted,
              .code = "no_room",
              .message = fmt::format(
                  "it asks for {} MiB of memory and {} thousandths of a cpu, but running servers hold {} of {} MiB{} and {} of {}; pause one first, "
                  "or choose a smaller package",
                  asked.memory.count, asked.cpu.count, used.memory.count, limits_.memory.count,
                  of_matches.count > 0 ? fmt::format(" ({} of them for matches)", of_matches.count) : "", used.cpu.count, cpu_limit)});
}

Servers::Answer<server::Record> Servers::find(Caller caller, std::string space, std::string id) {
    auto record = co_await ports_.store.find(space, id);
    if (!record) {
        if (record.error().kind == StoreError::Kind::not_found) co_return std::unexpected(not_found(fmt::format("there is no server '{}'", id)));
        co_return std::unexpected(from(record.error()));
    }
    if (auto allowed = may(caller, Action::read, record->tenant); !allowed) co_return std::unexpected(allowed.error());
    co_return std::move(*record);
}

std::shared_ptr<void> Servers::watch(ServerUid uid, std::function<void()> changed) {
    return ports_.store.watch([uid, changed = std::move(changed)](ServerUid which) {
        if (which == uid) changed();
    });
}

// An operation ends a moment before the record lets go of it. Whoever has seen its end asks for the next thing at once, and is right to.
Servers::Answer<server::Record> Servers::without_ended_request(server::Record record) {
    if (!record.request) co_return record;
    const auto id = record.request->operation;
    const auto operation = co_await ports_.ledger.operation(id);
    if (!operation || !operation->is_finished()) co_return record;
    co_return server::apply(std::move(record), server::Finish{id, {}, {}}, server::Outcome{}, server::Limits{}, ports_.clock.now());
}

Servers::Answer<Accepted> Servers::ask(Caller caller, std::string space, std::string id, VerbOrder order, Idempotency once) {
    const bool may_be_repeated = !once.key.empty();
    CO_TRY(turn, co_await place_for(caller, std::move(once)));
    if (turn.answered) co_return Accepted{.operation = std::move(*turn.answered), .changed = true};
    for (int tried = 0; tried < write_tries_max; ++tried) {
        auto found = co_await find(caller, space, id);
        // After the record was read and before it is written: whoever is faster than that makes the write a conflict.
        if (may_be_repeated) {
            CO_TRY(accepted, co_await accepted_meanwhile(found ? &*found : nullptr, turn.id));
            if (accepted) co_return Accepted{.operation = std::move(*accepted), .changed = true};
        }
        if (!found) co_return std::unexpected(std::move(found).error());
        CO_TRY(record, co_await without_ended_request(std::move(*found)));
        Errors errors;
        if (!order.force.empty() && order.force != id) errors.add("/force", "not_allowed", fmt::format("to force, repeat the server's id: '{}'", id));
        if (!order.purge.empty() && order.purge != id) errors.add("/purge", "not_allowed", fmt::format("to purge, repeat the server's id: '{}'", id));
        if (!errors.empty()) co_return std::unexpected(invalid(errors.take()));

        const server::Request request{.operation = turn.id,
                                      .verb = order.verb,
                                      .force = !order.force.empty(),
                                      .purge = !order.purge.empty(),
                                      .cause = order.cause,
                                      .snapshot = order.snapshot,
                                      .asked_at = ports_.clock.now()};
        auto operation = operation_for(record, request, caller);
        auto taken = server::take_request(record, request, request.asked_at);
        if (!taken) co_return std::unexpected(from(taken.error()));
        if (!taken->changed) {
            operation.status = Operation::Status::succeeded;
            operation.finished_at = request.asked_at;
            // Nothing is stored, unless the answer must be the same when the request is repeated.
            if (may_be_repeated) {
                if (auto stored = co_await ports_.ledger.put(operation, no_keeper); !stored) co_return std::unexpected(from(stored.error()));
            }
            co_return Accepted{.operation = std::move(operation), .changed = false};
        }
        if (order.verb == server::Verb::start && !server::game_up(taken->record)) stand_behind_edge(taken->record);
        std::optional<MemoryRoom::Hold> memory;
        if (uses_the_machine(taken->record) && !uses_the_machine(record)) {
            auto all = co_await ports_.store.list();
            if (!all) co_return std::unexpected(from(all.error()));
            auto room = check_room(*all, taken->record);
            if (!room) co_return std::unexpected(std::move(room).error());
            if (*room) memory.emplace(std::move(**room));
        }
        if (auto stored = co_await ports_.ledger.put_ahead(operation); !stored) co_return std::unexpected(from(stored.error()));
        auto stored = co_await ports_.store.replace(std::move(taken->record));
        if (stored) co_return Accepted{.operation = std::move(operation), .changed = true};
        if (!somebody_was_faster(stored.error())) co_return std::unexpected(from(stored.error()));
    }
    co_return std::unexpected(
        Error{.kind = Error::Kind::unavailable, .code = "busy", .message = "the server changes too fast at the moment; try again"});
}

Servers::Answer<ServerView> Servers::patch(Caller caller, std::string space, std::string id, PatchOrder order) {
    for (int tried = 0; tried < write_tries_max; ++tried) {
        CO_TRY(record, co_await find(caller, space, id));
        if (order.settings) drop_masks(games_, record, *order.settings);
        if (auto wrong = check(order, record, games_, limits_.exposures); !wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));
        if (order.settings) {
            const auto before = std::exchange(record.settings, merged(record.settings, *order.settings));
            put_secrets_away(games_, record, before, ports_.random);
        }
        if (order.labels) record.labels = merged(std::move(record.labels), *order.labels);
        if (order.schedules) record.schedules = *order.schedules;
        if (order.backup_every) record.backup_every = *order.backup_every;
        if (order.launch) record.launch = *order.launch;
        if (order.wake) record.wake = *order.wake;
        if (order.idle) record.idle = *order.idle;
        if (order.notify) record.notify = *order.notify;
        if (order.exposure) {
            auto usual = usual_exposure(limits_.exposures, games_, record.game, record.package);
            change_exposure(record, *order.exposure ? *order.exposure : std::move(usual));
        }
        record.updated_at = ports_.clock.now();
        auto stored = co_await ports_.store.replace(record);
        if (stored) {
            record.version = *stored;
            co_return co_await view(std::move(record));
        }
        if (!somebody_was_faster(stored.error())) co_return std::unexpected(from(stored.error()));
    }
    co_return std::unexpected(
        Error{.kind = Error::Kind::unavailable, .code = "busy", .message = "the server changes too fast at the moment; try again"});
}

Task<ServerView> Servers::view(server::Record record) {
    ServerView out;
    const bool game_up = server::game_up(record);
    if (game_up) {
        if (auto seen = co_await ports_.runtime.observe(record.uid)) out.players = std::move(seen->players);
        if (auto usage = co_await ports_.runtime.usage(record.uid)) out.usage = *usage;
    }
    out.state = server::state_of(record);
    for (const auto& schedule : record.schedules) {
        const auto cron = schedule::parse_cron(schedule.at);
        const auto next = cron ? schedule::next_after(*cron, ports_.clock.calendar()) : std::nullopt;
        if (next && (!out.next_schedule || *next < *out.next_schedule)) out.next_schedule = next;
    }
    if (game_up) out.pending = pending_settings(record);
    if (game_up && ports_.wakefulness) out.awake = ports_.wakefulness(record);
    if (!out.players.max) out.players.max = player_limit(games_, record, game_up);
    record.settings = shown_settings(games_, record);
    out.record = std::move(record);
    co_return out;
}

Servers::Answer<ServerView> Servers::show(Caller caller, std::string space, std::string id) {
    CO_TRY(record, co_await find(caller, space, id));
    co_return co_await view(std::move(record));
}

Servers::Answer<std::vector<server::Record>> Servers::list(Caller caller, std::string space) {
    CO_TRY_OK(may(caller, Action::read, caller.tenant));
    auto all = co_await ports_.store.list();
    if (!all) co_return std::unexpected(from(all.error()));
    std::erase_if(*all, [&](const auto& record) { return record.tenant != caller.tenant || (!space.empty() && record.space != space); });
    co_return std::move(*all);
}

Servers::Answer<std::vector<vault::Snapshot>> Servers::snapshots(Caller caller, std::string space, std::string id) {
    CO_TRY(record, co_await find(caller, space, id));
    auto found = co_await ports_.ledger.snapshots(record.uid);
    if (!found) co_return std::unexpected(from(found.error()));
    co_return std::move(*found);
}

Servers::Answer<std::string> Servers::command(Caller caller, std::string space, std::string id, CommandOrder order, Idempotency once) {
    CO_TRY(record, co_await find(caller, std::move(space), std::move(id)));
    const auto& line = order.line;
    if (line.empty() || line.size() > 1000 || line.find_first_of("\n\r") != std::string::npos || line.contains('\0')) {
        co_return std::unexpected(invalid({{.pointer = "/command", .code = "bad_format", .detail = "one line of 1 to 1000 bytes is expected"}}));
    }
    if (!server::game_up(record)) co_return std::unexpected(not_running(record));
    CO_TRY_OK(co_await take_only_turn(ports_.ledger, ports_.clock.now(), std::move(caller), std::move(once), ports_.random.id<OperationId>(),
                                      "what the game answered is in its log"));
    auto reply = co_await ports_.runtime.command(record.uid, std::move(order.line), order.epoch);
    if (!reply) co_return std::unexpected(from(reply.error()));
    co_return std::move(*reply);
}

Servers::Answer<Operation> Servers::operation(Caller caller, OperationId id) {
    auto found = co_await ports_.ledger.operation(id);
    if (!found && found.error().kind != StoreError::Kind::not_found) co_return std::unexpected(from(found.error()));
    if (!found || found->tenant != caller.tenant) co_return std::unexpected(not_found("there is no such operation"));
    CO_TRY_OK(may(caller, Action::read, found->tenant));
    co_return std::move(*found);
}

Servers::Answer<std::vector<Operation>> Servers::operations(Caller caller, Ledger::OperationFilter filter, std::string space) {
    CO_TRY_OK(may(caller, Action::read, caller.tenant));
    std::vector<Operation> mine;
    const auto wanted = filter.limit;
    const auto is_asked_for = [&](const Operation& it) { return it.tenant == caller.tenant && (space.empty() || it.space == space); };
    // The ledger knows neither tenants nor namespaces: pages are read on until enough have been found.
    for (;;) {
        auto found = co_await ports_.ledger.operations(filter);
        if (!found) co_return std::unexpected(from(found.error()));
        const bool is_last = found->size() < filter.limit;
        if (!found->empty()) filter.after = found->back().id;
        for (auto& operation : *found) {
            if (is_asked_for(operation) && mine.size() < wanted) mine.push_back(std::move(operation));
        }
        if (is_last || mine.size() == wanted) co_return mine;
    }
}

}  // namespace gk::app
