#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ports/task.hpp"
#include "programs/serve/ports.hpp"

// Ends the process with SIGKILL at a chosen external effect, so that tests/e2e/test_crash.py can try every one of them. The points lie around
// the ports: whatever changes the world goes through one of these classes, and a new pure method of a port does not compile before it has its
// point here.
namespace gk::programs {

// Counts external effects from the start of the process, in the order in which they happen. Chosen by the environment variable
// GK_TEST_CRASH: "before:N" and "after:N" die around the N-th effect (from 1); "log:FILE" appends each effect's name to a file. Whoever dies
// says at which effect on its standard error.
class CrashPoints {
public:
    // Null when the variable is not set: then nothing is wrapped.
    static std::unique_ptr<CrashPoints> from_environment();
    explicit CrashPoints(std::string_view order);

    template <class T>
    Task<T> around(std::string_view name, Task<T> effect) {
        const auto number = before(name);
        T result = co_await std::move(effect);
        after(number, name);
        co_return result;
    }

private:
    std::uint64_t before(std::string_view name);
    void after(std::uint64_t number, std::string_view name);
    std::uint64_t count_ = 0;
    std::uint64_t die_before_ = 0;
    std::uint64_t die_after_ = 0;
    std::string log_;
};

class CrashingStore final : public ServerStore {
public:
    CrashingStore(ServerStore& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Task<Result<server::Version, StoreError>> create(server::Record record) override {
        return points_.around("store.create", inner_.create(std::move(record)));
    }
    Task<Result<server::Version, StoreError>> replace(server::Record record) override {
        return points_.around("store.replace", inner_.replace(std::move(record)));
    }
    Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) override {
        return points_.around("store.remove", inner_.remove(uid, seen));
    }
    Task<Result<server::Record, StoreError>> get(ServerUid uid) override { return inner_.get(uid); }
    Task<Result<server::Record, StoreError>> find(std::string space, std::string id) override { return inner_.find(std::move(space), std::move(id)); }
    Task<Result<std::vector<server::Record>, StoreError>> list() override { return inner_.list(); }
    std::shared_ptr<void> watch(Changed changed) override { return inner_.watch(std::move(changed)); }

private:
    ServerStore& inner_;
    CrashPoints& points_;
};

class CrashingLedger final : public Ledger {
public:
    CrashingLedger(Ledger& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Answer<Epoch> next_epoch() override { return points_.around("ledger.next_epoch", inner_.next_epoch()); }
    Answer<Success> put(Operation operation, WrittenBy by) override {
        return points_.around("ledger.put_operation", inner_.put(std::move(operation), by));
    }
    Answer<Success> put_ahead(Operation operation) override { return points_.around("ledger.put_ahead", inner_.put_ahead(std::move(operation))); }
    Answer<Operation> operation(OperationId id) override { return inner_.operation(id); }
    Answer<std::vector<Operation>> operations(OperationFilter filter) override { return inner_.operations(filter); }
    Answer<std::optional<IdempotentReply>> remember(std::string scope, std::string key, IdempotentReply reply, Time now) override {
        return points_.around("ledger.remember", inner_.remember(std::move(scope), std::move(key), std::move(reply), now));
    }
    Answer<std::uint64_t> append(Event event) override { return points_.around("ledger.append", inner_.append(std::move(event))); }
    Answer<std::vector<Event>> events_after(std::uint64_t number, std::size_t limit) override { return inner_.events_after(number, limit); }
    std::shared_ptr<void> watch_events(std::function<void()> appended) override { return inner_.watch_events(std::move(appended)); }
    Answer<vault::Snapshot> put(vault::Snapshot snapshot, WrittenBy by) override {
        return points_.around("ledger.put_snapshot", inner_.put(std::move(snapshot), by));
    }
    Answer<std::vector<vault::Snapshot>> snapshots(ServerUid server) override { return inner_.snapshots(server); }
    Answer<Success> remove(ServerUid server, SnapshotId id, WrittenBy by) override {
        return points_.around("ledger.remove_snapshot", inner_.remove(server, id, by));
    }
    Answer<Success> put(ApiKey key) override { return points_.around("ledger.put_key", inner_.put(std::move(key))); }
    Answer<std::vector<ApiKey>> keys() override { return inner_.keys(); }
    Answer<Success> put(KeptWorld world, WrittenBy by) override { return points_.around("ledger.put_kept", inner_.put(std::move(world), by)); }
    Answer<std::vector<KeptWorld>> kept_worlds() override { return inner_.kept_worlds(); }
    Answer<Success> remove_kept(ServerUid uid, WrittenBy by) override { return points_.around("ledger.remove_kept", inner_.remove_kept(uid, by)); }
    Answer<std::optional<std::string>> fact(std::string name) override { return inner_.fact(std::move(name)); }
    Answer<Success> set_fact(std::string name, std::string value, WrittenBy by) override {
        return points_.around("ledger.set_fact", inner_.set_fact(std::move(name), std::move(value), by));
    }

private:
    Ledger& inner_;
    CrashPoints& points_;
};

class CrashingRuntime final : public Runtime {
public:
    CrashingRuntime(Runtime& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Answer<Success> fence(Epoch epoch) override { return inner_.fence(epoch); }
    Answer<Seen> observe(ServerUid uid) override { return inner_.observe(uid); }
    Answer<std::vector<ServerUid>> list() override { return inner_.list(); }
    std::shared_ptr<void> watch(Changed changed) override { return inner_.watch(std::move(changed)); }
    Answer<Success> create_disk(ServerUid uid, DiskSpec spec, Epoch epoch) override {
        return points_.around("runtime.create_disk", inner_.create_disk(uid, spec, epoch));
    }
    Answer<Success> free_disk(ServerUid uid, Epoch epoch) override { return points_.around("runtime.free_disk", inner_.free_disk(uid, epoch)); }
    Answer<Success> stage_disk(ServerUid uid, DiskSpec spec, Epoch epoch) override {
        return points_.around("runtime.stage_disk", inner_.stage_disk(uid, spec, epoch));
    }
    Answer<Success> commit_staged(ServerUid uid, Epoch epoch) override {
        return points_.around("runtime.commit_staged", inner_.commit_staged(uid, epoch));
    }
    Answer<Success> discard_staged(ServerUid uid, Epoch epoch) override {
        return points_.around("runtime.discard_staged", inner_.discard_staged(uid, epoch));
    }
    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override {
        return points_.around("runtime.launch", inner_.launch(std::move(spec), epoch));
    }
    Answer<std::string> host_of(ServerUid uid) override { return inner_.host_of(uid); }
    Answer<Success> stop(ServerUid uid, Epoch epoch) override { return points_.around("runtime.stop", inner_.stop(uid, epoch)); }
    Answer<Success> kill(ServerUid uid, Epoch epoch) override { return points_.around("runtime.kill", inner_.kill(uid, epoch)); }
    Answer<Success> clean(ServerUid uid, Epoch epoch) override { return points_.around("runtime.clean", inner_.clean(uid, epoch)); }
    Answer<Success> forget(ServerUid uid, Epoch epoch) override { return points_.around("runtime.forget", inner_.forget(uid, epoch)); }
    Answer<Success> quiesce(ServerUid uid, Epoch epoch) override { return points_.around("runtime.quiesce", inner_.quiesce(uid, epoch)); }
    Answer<Success> resume(ServerUid uid, Epoch epoch) override { return points_.around("runtime.resume", inner_.resume(uid, epoch)); }
    Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch) override {
        return points_.around("runtime.command", inner_.command(uid, std::move(line), epoch));
    }
    Answer<Success> tell(ServerUid uid, std::string line, Epoch epoch) override {
        return points_.around("runtime.tell", inner_.tell(uid, std::move(line), epoch));
    }
    Answer<Success> label(ServerUid uid, std::map<std::string, std::string> labels, Epoch epoch) override {
        return points_.around("runtime.label", inner_.label(uid, std::move(labels), epoch));
    }
    Answer<std::vector<LogLine>> logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) override {
        return inner_.logs(uid, cursor, lines_max);
    }
    Answer<std::uint64_t> log_cursor_from_end(ServerUid uid, std::size_t lines) override { return inner_.log_cursor_from_end(uid, lines); }
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid uid, std::function<void()> grown) override {
        return inner_.watch_log(uid, std::move(grown));
    }
    Answer<server::Usage> usage(ServerUid uid) override { return inner_.usage(uid); }
    Answer<std::string> health() override { return inner_.health(); }

private:
    Runtime& inner_;
    CrashPoints& points_;
};

class CrashingVault final : public Vault {
public:
    CrashingVault(Vault& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Answer<Success> probe() override { return points_.around("vault.probe", inner_.probe()); }
    Answer<TakenSnapshot> take(SnapshotOrder order) override { return points_.around("vault.take", inner_.take(std::move(order))); }
    Answer<Success> verify(ServerUid server, std::string engine_id) override {
        return points_.around("vault.verify", inner_.verify(server, std::move(engine_id)));
    }
    Answer<Success> restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t slot, Epoch epoch) override {
        return points_.around("vault.restore_to_stage", inner_.restore_to_stage(server, std::move(engine_id), slot, epoch));
    }
    Answer<Value> record_of(ServerUid server, std::string engine_id) override { return inner_.record_of(server, std::move(engine_id)); }
    Answer<std::vector<VaultEntry>> list(ServerUid server) override { return inner_.list(server); }
    Answer<std::vector<ServerUid>> repositories() override { return inner_.repositories(); }
    Answer<Success> forget(ServerUid server, std::vector<std::string> engine_ids, Epoch epoch) override {
        return points_.around("vault.forget", inner_.forget(server, std::move(engine_ids), epoch));
    }
    Answer<Success> sample(ServerUid server, int percent, std::uint64_t turn) override { return inner_.sample(server, percent, turn); }
    Answer<Success> remove_repository(ServerUid server, Epoch epoch) override {
        return points_.around("vault.remove_repository", inner_.remove_repository(server, epoch));
    }

private:
    Vault& inner_;
    CrashPoints& points_;
};

class CrashingFiles final : public Files {
public:
    CrashingFiles(Files& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Answer<std::vector<FileInfo>> list(ServerUid server, std::string path) override { return inner_.list(server, std::move(path)); }
    Answer<std::vector<std::byte>> read(ServerUid server, std::string path, std::size_t size_max) override {
        return inner_.read(server, std::move(path), size_max);
    }
    Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) override {
        return points_.around("files.write", inner_.write(server, std::move(path), std::move(content)));
    }
    Answer<Success> remove(ServerUid server, std::string path, bool recursive) override {
        return points_.around("files.remove", inner_.remove(server, std::move(path), recursive));
    }

private:
    Files& inner_;
    CrashPoints& points_;
};

class CrashingPortMap final : public PortMap {
public:
    CrashingPortMap(PortMap& inner, CrashPoints& points) : inner_(inner), points_(points) {}
    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                     std::vector<server::PortBinding> before) override {
        return points_.around("port_map.reserve", inner_.reserve(std::move(owner), std::move(wishes), std::move(before)));
    }
    Answer<Success> enter(ServerUid server, std::vector<server::PortBinding> bindings) override { return inner_.enter(server, std::move(bindings)); }
    Answer<Success> release(ServerUid server) override { return points_.around("port_map.release", inner_.release(server)); }
    Answer<std::vector<Reservation>> list() override { return inner_.list(); }

private:
    PortMap& inner_;
    CrashPoints& points_;
};

// Every port of one control plane behind its points.
struct CrashingPorts {
    CrashingPorts(CrashPoints& points, ServerStore& s, Ledger& l, Runtime& r, Vault& v, Files& f, PortMap& p)
        : store(s, points),
          ledger(l, points),
          runtime(r, points),
          vault(v, points),
          files(f, points),
          port_map(p, points) {}
    Ports instead_of(const Ports& real) { return {store, ledger, runtime, vault, files, port_map, real.game_files, real.clock, real.random}; }
    CrashingStore store;
    CrashingLedger ledger;
    CrashingRuntime runtime;
    CrashingVault vault;
    CrashingFiles files;
    CrashingPortMap port_map;
};

}  // namespace gk::programs
