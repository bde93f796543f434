#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adapters/memory/ledger.hpp"
#include "adapters/memory/port_map.hpp"
#include "adapters/memory/random.hpp"
#include "adapters/memory/server_store.hpp"
#include "app/game_book.hpp"
#include "ports/notifier.hpp"
#include "tests/sim/passage.hpp"

// The ports of one life: honest memory adapters, or effects on the ground, behind a Passage.
namespace gk::sim {

class SimStore final : public ServerStore {
public:
    SimStore(Ground& ground, Passage& passage, memory::MemoryServerStore& inner, memory::MemoryLedger& ledger)
        : ground_(ground),
          passage_(passage),
          inner_(inner),
          ledger_(ledger) {}
    Task<Result<server::Version, StoreError>> create(server::Record record) override;
    Task<Result<server::Version, StoreError>> replace(server::Record record) override;
    Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) override {
        return passage_.pass("store.remove", inner_.remove(uid, seen));
    }
    Task<Result<server::Record, StoreError>> get(ServerUid uid) override { return passage_.ask("store.get", inner_.get(uid)); }
    Task<Result<server::Record, StoreError>> find(std::string space, std::string id) override {
        return passage_.ask("store.find", inner_.find(std::move(space), std::move(id)));
    }
    Task<Result<std::vector<server::Record>, StoreError>> list() override { return passage_.ask("store.list", inner_.list()); }
    std::shared_ptr<void> watch(Changed changed) override { return inner_.watch(std::move(changed)); }

private:
    using Ahead = std::vector<Operation>;
    Task<Result<server::Version, StoreError>> do_create(Ahead ahead, server::Record record);
    Task<Result<server::Version, StoreError>> do_replace(Ahead ahead, server::Record record);
    Task<void> write(Ahead ahead);

    Ground& ground_;
    Passage& passage_;
    memory::MemoryServerStore& inner_;
    memory::MemoryLedger& ledger_;
};

class SimLedger final : public Ledger {
public:
    // Where records are kept: in one store with it, or elsewhere.
    enum class Beside : std::uint8_t { records, elsewhere };
    SimLedger(Ground& ground, Passage& passage, memory::MemoryLedger& inner, Beside beside = Beside::records)
        : ground_(ground),
          passage_(passage),
          inner_(inner),
          beside_(beside) {}
    Answer<Epoch> next_epoch() override;
    Answer<Success> put(Operation operation, WrittenBy by) override;
    // Nothing is awaited between this and the write that it precedes, so there is nothing that could be slow or die.
    Answer<Success> put_ahead(Operation operation) override;
    Answer<Operation> operation(OperationId id) override { return passage_.ask("ledger.operation", inner_.operation(id)); }
    Answer<std::vector<Operation>> operations(OperationFilter filter) override {
        return passage_.ask("ledger.operations", inner_.operations(filter));
    }
    Answer<std::optional<IdempotentReply>> remember(std::string scope, std::string key, IdempotentReply reply, Time now) override;
    Answer<std::uint64_t> append(Event event) override { return passage_.pass("ledger.append", inner_.append(std::move(event))); }
    Answer<std::vector<Event>> events_after(std::uint64_t number, std::size_t limit) override {
        return passage_.ask("ledger.events_after", inner_.events_after(number, limit));
    }
    std::shared_ptr<void> watch_events(std::function<void()> appended) override { return inner_.watch_events(std::move(appended)); }
    Answer<vault::Snapshot> put(vault::Snapshot snapshot, WrittenBy by) override {
        return write("ledger.put_snapshot", by, inner_.put(std::move(snapshot), shown(by)));
    }
    Answer<std::vector<vault::Snapshot>> snapshots(ServerUid server) override;
    Answer<Success> remove(ServerUid server, SnapshotId id, WrittenBy by) override {
        return write("ledger.remove_snapshot", by, inner_.remove(server, id, shown(by)));
    }
    Answer<Success> put(ApiKey key) override { return inner_.put(std::move(key)); }
    Answer<std::vector<ApiKey>> keys() override { return inner_.keys(); }
    Answer<Success> put(KeptWorld world, WrittenBy by) override;
    Answer<std::vector<KeptWorld>> kept_worlds() override { return passage_.ask("ledger.kept_worlds", inner_.kept_worlds()); }
    Answer<Success> remove_kept(ServerUid uid, WrittenBy by) override { return write("ledger.remove_kept", by, inner_.remove_kept(uid, shown(by))); }
    Answer<std::optional<std::string>> fact(std::string name) override { return passage_.ask("ledger.fact", inner_.fact(std::move(name))); }
    Answer<Success> set_fact(std::string name, std::string value, WrittenBy by) override {
        return write("ledger.set_fact", by, inner_.set_fact(std::move(name), std::move(value), shown(by)));
    }

private:
    Answer<Success> do_put_ahead(Operation operation);
    static Answer<Success> done();
    // A keeper's write, and the rule about it.
    template <class T>
    Answer<T> write(const char* what, WrittenBy by, Answer<T> call) {
        return passage_.pass(what, watched(what, by, std::move(call)));
    }
    template <class T>
    Answer<T> watched(const char* what, WrittenBy by, Answer<T> call) {
        auto answer = co_await std::move(call);
        if (answer && by) ground_.check_writer(what, *by);
        co_return answer;
    }
    WrittenBy shown(WrittenBy by) const { return ground_.plant == Plant::ledger_not_fenced ? no_keeper : by; }

    Ground& ground_;
    Passage& passage_;
    memory::MemoryLedger& inner_;
    Beside beside_;
};

class SimPortMap final : public PortMap {
public:
    SimPortMap(Ground& ground, Passage& passage, memory::MemoryPortMap& inner) : ground_(ground), passage_(passage), inner_(inner) {}
    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                     std::vector<server::PortBinding> before) override {
        return passage_.pass("ports.reserve", do_reserve(std::move(owner), std::move(wishes), std::move(before)));
    }
    Answer<Success> release(ServerUid server) override { return passage_.pass("ports.release", do_release(server)); }
    Answer<std::vector<Reservation>> list() override { return passage_.ask("ports.list", inner_.list()); }

private:
    Answer<std::vector<server::PortBinding>> do_reserve(PortOwner owner, std::vector<PortWish> wishes, std::vector<server::PortBinding> before);
    Answer<Success> do_release(ServerUid server);

    Ground& ground_;
    Passage& passage_;
    memory::MemoryPortMap& inner_;
};

class SimRuntime final : public Runtime {
public:
    SimRuntime(Ground& ground, Passage& passage) : ground_(ground), passage_(passage) {}
    Answer<Success> fence(Epoch epoch) override;
    Answer<Seen> observe(ServerUid uid) override { return passage_.ask("observe", see(uid)); }
    Answer<std::vector<ServerUid>> list() override { return passage_.ask("runtime.list", see_all()); }
    std::shared_ptr<void> watch(Changed) override { return nullptr; }  // Life::wake() hears the ground.
    Answer<Success> create_disk(ServerUid uid, DiskSpec, Epoch epoch) override { return command("create_disk", uid, epoch, &Ground::create_disk); }
    Answer<Success> free_disk(ServerUid uid, Epoch epoch) override { return command("free_disk", uid, epoch, &Ground::free_disk); }
    Answer<Success> stage_disk(ServerUid uid, DiskSpec, Epoch epoch) override { return command("stage_disk", uid, epoch, &Ground::stage_disk); }
    Answer<Success> commit_staged(ServerUid uid, Epoch epoch) override { return command("commit_staged", uid, epoch, &Ground::commit_staged); }
    Answer<Success> discard_staged(ServerUid uid, Epoch epoch) override { return command("discard_staged", uid, epoch, &Ground::discard_staged); }
    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override;
    Answer<Success> stop(ServerUid uid, Epoch epoch) override { return command("stop", uid, epoch, &Ground::stop); }
    Answer<Success> kill(ServerUid uid, Epoch epoch) override { return command("kill", uid, epoch, &Ground::kill); }
    Answer<Success> clean(ServerUid uid, Epoch epoch) override { return command("clean", uid, epoch, &Ground::clean); }
    Answer<Success> forget(ServerUid uid, Epoch epoch) override { return command("forget", uid, epoch, &Ground::forget); }
    Answer<Success> quiesce(ServerUid uid, Epoch epoch) override { return command("quiesce", uid, epoch, &Ground::quiesce); }
    Answer<Success> resume(ServerUid uid, Epoch epoch) override { return command("resume", uid, epoch, &Ground::resume); }
    Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch) override {
        return passage_.pass("command", type(uid, std::move(line), epoch));
    }
    Answer<std::vector<LogLine>> logs(ServerUid, std::uint64_t, std::size_t) override { co_return std::vector<LogLine>(); }
    Answer<std::uint64_t> log_cursor_from_end(ServerUid, std::size_t) override { co_return std::uint64_t{0}; }
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid, std::function<void()>) override { return nullptr; }  // Nothing is logged.
    Answer<server::Usage> usage(ServerUid) override { co_return server::Usage(); }
    Answer<std::string> health() override { co_return std::string(); }

private:
    Answer<Success> command(const char* what, ServerUid uid, Epoch epoch, Ground::Effect (Ground::*act)(ServerUid));
    Answer<std::string> type(ServerUid uid, std::string line, Epoch epoch);
    Answer<Seen> see(ServerUid uid);
    Answer<std::vector<ServerUid>> see_all();

    Ground& ground_;
    Passage& passage_;
};

class SimVault final : public Vault {
public:
    SimVault(Ground& ground, Passage& passage) : ground_(ground), passage_(passage) {}
    Answer<Success> probe() override { return passage_.ask("vault.probe", do_probe()); }
    Answer<TakenSnapshot> take(SnapshotOrder order) override { return passage_.pass("vault.take", do_take(std::move(order))); }
    Answer<Success> verify(ServerUid server, std::string engine_id) override {
        return passage_.ask("vault.verify", do_verify(server, std::move(engine_id)));
    }
    Answer<Success> restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t, Epoch) override {
        return passage_.pass("vault.restore", do_restore(server, std::move(engine_id)));
    }
    Answer<Value> record_of(ServerUid, std::string) override { co_return Value(); }
    Answer<std::vector<VaultEntry>> list(ServerUid server) override { return passage_.ask("vault.list", do_list(server)); }
    Answer<std::vector<ServerUid>> repositories() override { return passage_.ask("vault.repositories", do_repositories()); }
    Answer<Success> forget(ServerUid server, std::vector<std::string> engine_ids, Epoch) override {
        return passage_.pass("vault.forget", do_forget(server, std::move(engine_ids)));
    }
    Answer<Success> sample(ServerUid, int, std::uint64_t) override { return passage_.ask("vault.sample", do_probe()); }
    Answer<Success> remove_repository(ServerUid server, Epoch) override { return passage_.pass("vault.remove_repository", do_remove(server)); }

private:
    static VaultError away() { return {VaultError::Kind::unavailable, "the vault is away"}; }
    Answer<Success> do_probe();
    Answer<TakenSnapshot> do_take(SnapshotOrder order);
    Answer<Success> do_verify(ServerUid server, std::string engine_id);
    Answer<Success> do_restore(ServerUid server, std::string engine_id);
    Answer<std::vector<VaultEntry>> do_list(ServerUid server);
    Answer<std::vector<ServerUid>> do_repositories();
    Answer<Success> do_forget(ServerUid server, std::vector<std::string> engine_ids);
    Answer<Success> do_remove(ServerUid server);

    Ground& ground_;
    Passage& passage_;
};

// Knows two files: one whose presence means that the world has its defaults, and the settings that the game reads.
class SimFiles final : public Files {
public:
    SimFiles(Ground& ground, Passage& passage) : ground_(ground), passage_(passage) {}
    Answer<std::vector<FileInfo>> list(ServerUid, std::string) override { co_return std::vector<FileInfo>(); }
    Answer<std::vector<std::byte>> read(ServerUid server, std::string, std::size_t) override { return passage_.ask("files.read", do_read(server)); }
    Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) override {
        return passage_.pass("files.write", do_write(server, std::move(path), std::move(content)));
    }
    Answer<Success> remove(ServerUid, std::string, bool) override { co_return Success{}; }

private:
    Answer<std::vector<std::byte>> do_read(ServerUid server);
    Answer<Success> do_write(ServerUid server, std::string path, std::vector<std::byte> content);

    Ground& ground_;
    Passage& passage_;
};

class SimNotifier final : public Notifier {
public:
    explicit SimNotifier(Passage& passage) : passage_(passage) {}
    Task<void> notify(Notice) override { return passage_.wait("notify"); }

private:
    Passage& passage_;
};

class ToyBook final : public app::GameBook {
public:
    Result<server::LaunchSpec, app::Error> launch_spec(const server::Record& record) const override;
    std::vector<std::string> files_to_read(const server::Record&) const override { return {"world.cfg"}; }
    Result<std::vector<app::WorldFile>, app::Error> files_to_write(const server::Record&,
                                                                   const std::map<std::string, std::string>& present) const override;
    std::vector<std::string> snapshot_excludes(const server::Record&) const override { return {}; }
    Value definition(const server::Record&) const override { return Value(); }
};

// The keeper's: it draws the ids of snapshots. The same id again and again, for one of the planted defects.
class SimRandom final : public Random {
public:
    SimRandom(std::uint64_t seed, Plant plant) : inner_(seed), plant_(plant) {}
    void fill(std::span<std::byte> out) override {
        inner_.fill(out);
        if (plant_ == Plant::same_snapshot_id) std::ranges::fill(out, std::byte{7});
    }

private:
    memory::SeededRandom inner_;
    Plant plant_;
};

}  // namespace gk::sim
