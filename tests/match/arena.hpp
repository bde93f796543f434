#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/game_book.hpp"
#include "async/watchers.hpp"
#include "ports/runtime.hpp"

namespace gk::matchtest {

// A runtime whose games do what a test says: each comes up at once, unless they are told to be slow or to fail.
class Arena final : public Runtime {
public:
    explicit Arena(boost::asio::any_io_executor loop) : changed_(std::move(loop)) {}

    struct Game {
        Seen::Process process = Seen::Process::gone;
        server::LaunchSpec spec;
        std::vector<std::string> lines;  // That were typed into its console.
        std::map<std::string, std::string> labels;
    };
    std::map<ServerUid, Game> games;
    bool is_slow = false;    // Games start and do not become ready.
    bool is_broken = false;  // Games end before they are ready.
    bool is_deaf = false;    // No game takes a command.
    std::set<ServerUid> silent;   // Nothing is heard of these.
    std::map<ServerUid, Problem> troubled;  // What is wrong where these are.
    std::set<ServerUid> leaving;  // These are on a node that is to be emptied.
    int launches = 0;

    void become(ServerUid uid, Seen::Process process) {
        games.at(uid).process = process;
        changed_.notify(uid);
    }
    void tell(ServerUid uid) { changed_.notify(uid); }
    std::vector<ServerUid> running() const {
        std::vector<ServerUid> out;
        for (const auto& [uid, game] : games) {
            if (game.process == Seen::Process::ready || game.process == Seen::Process::starting) out.push_back(uid);
        }
        return out;
    }

    Answer<Seen> observe(ServerUid uid) override {
        Seen seen;
        if (silent.contains(uid)) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the shim does not answer"});
        const auto at = games.find(uid);
        if (at != games.end()) seen.process = at->second.process;
        if (const auto trouble = troubled.find(uid); trouble != troubled.end()) seen.obstacle = trouble->second;
        if (leaving.contains(uid)) seen.leave = Problem{"node_cordoned", "node-2 is to be emptied"};
        co_return seen;
    }
    Answer<std::vector<ServerUid>> list() override {
        std::vector<ServerUid> out;
        for (const auto& [uid, game] : games) out.push_back(uid);
        co_return out;
    }
    std::shared_ptr<void> watch(Changed changed) override { return changed_.add(std::move(changed)); }
    Answer<Success> create_disk(ServerUid, DiskSpec, Epoch) override { co_return Success{}; }
    Answer<Success> free_disk(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> stage_disk(ServerUid, DiskSpec, Epoch) override { co_return Success{}; }
    Answer<Success> commit_staged(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> discard_staged(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> launch(server::LaunchSpec spec, Epoch) override {
        ++launches;
        const auto uid = spec.uid;
        const auto process = is_broken ? Seen::Process::exited : is_slow ? Seen::Process::starting : Seen::Process::ready;
        games[uid] = {.process = process, .spec = std::move(spec), .lines = {}};
        changed_.notify(uid);
        co_return Success{};
    }
    Answer<Success> stop(ServerUid uid, Epoch) override {
        if (games.contains(uid)) become(uid, Seen::Process::exited);
        co_return Success{};
    }
    Answer<Success> kill(ServerUid uid, Epoch) override {
        if (games.contains(uid)) become(uid, Seen::Process::exited);
        co_return Success{};
    }
    Answer<Success> clean(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> forget(ServerUid uid, Epoch) override {
        games.erase(uid);
        co_return Success{};
    }
    Answer<Success> quiesce(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> resume(ServerUid, Epoch) override { co_return Success{}; }
    // Answers of games are not waited for.
    Answer<std::string> command(ServerUid, std::string, Epoch) override {
        co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the game does not answer"});
    }
    Answer<Success> tell(ServerUid uid, std::string line, Epoch) override {
        if (is_deaf) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the shim does not answer"});
        games.at(uid).lines.push_back(std::move(line));
        co_return Success{};
    }
    Answer<Success> label(ServerUid uid, std::map<std::string, std::string> labels, Epoch) override {
        games.at(uid).labels = std::move(labels);
        co_return Success{};
    }
    Answer<std::vector<LogLine>> logs(ServerUid, std::uint64_t, std::size_t) override { co_return std::vector<LogLine>(); }
    Answer<std::uint64_t> log_cursor_from_end(ServerUid, std::size_t) override { co_return std::uint64_t{0}; }
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid, std::function<void()>) override { return nullptr; }
    Answer<server::Usage> usage(ServerUid) override { co_return server::Usage(); }
    Answer<std::string> health() override { co_return std::string(); }

private:
    async::Watchers<ServerUid> changed_;
};

// Every game is started alike.
class OneGame final : public app::GameBook {
public:
    std::vector<PortWish> port_wishes(const server::Record&) const override { return {{.role = "game", .tcp = true}}; }
    Result<server::LaunchSpec, app::Error> launch_spec(const server::Record& record) const override {
        server::LaunchSpec spec;
        spec.uid = record.uid;
        spec.name = record.id;
        spec.ports = record.ports;
        spec.exposure = record.applied_exposure;
        return spec;
    }
    std::vector<std::string> files_to_read(const server::Record&) const override { return {}; }
    Result<std::vector<app::WorldFile>, app::Error> files_to_write(const server::Record&, const std::map<std::string, std::string>&) const override {
        return std::vector<app::WorldFile>();
    }
    std::vector<std::string> snapshot_excludes(const server::Record&) const override { return {}; }
    Value definition(const server::Record&) const override { return {}; }
};

}  // namespace gk::matchtest
