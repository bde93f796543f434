#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports/runtime.hpp"

namespace gk::apptest {

// A runtime in which nothing runs; it answers what a test has put into its members.
class QuietRuntime : public Runtime {
public:
    Seen seen;
    std::optional<server::Usage> use = server::Usage();
    std::vector<LogLine> log;
    // Adds a line and wakes who follows.
    void print(std::string line) {
        log.push_back({.cursor = log.empty() ? 1 : log.back().cursor + 1, .at = {}, .line = std::move(line)});
        std::erase_if(followers_, [](const auto& known) { return known.expired(); });
        for (const auto& known : followers_) {
            if (const auto follower = known.lock()) (*follower)();
        }
    }
    std::size_t followers() const {
        return static_cast<std::size_t>(std::ranges::count_if(followers_, [](const auto& known) { return !known.expired(); }));
    }
    std::string reply = "ok";
    std::string last_command;

    Answer<Seen> observe(ServerUid) override { co_return seen; }
    Answer<std::vector<ServerUid>> list() override { co_return std::vector<ServerUid>(); }
    std::shared_ptr<void> watch(Changed) override { return nullptr; }
    Answer<Success> create_disk(ServerUid, DiskSpec, Epoch) override { co_return Success{}; }
    Answer<Success> free_disk(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> stage_disk(ServerUid, DiskSpec, Epoch) override { co_return Success{}; }
    Answer<Success> commit_staged(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> discard_staged(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> launch(server::LaunchSpec, Epoch) override { co_return Success{}; }
    Answer<Success> stop(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> kill(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> clean(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> forget(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> quiesce(ServerUid, Epoch) override { co_return Success{}; }
    Answer<Success> resume(ServerUid, Epoch) override { co_return Success{}; }
    Answer<std::string> command(ServerUid, std::string line, Epoch) override {
        last_command = std::move(line);
        co_return reply;
    }
    Answer<std::vector<LogLine>> logs(ServerUid, std::uint64_t cursor, std::size_t lines_max) override {
        std::vector<LogLine> out;
        for (const auto& line : log) {
            if (line.cursor > cursor && out.size() < lines_max) out.push_back(line);
        }
        co_return out;
    }
    Answer<std::uint64_t> log_cursor_from_end(ServerUid, std::size_t lines) override {
        co_return log.size() > lines ? log[log.size() - lines - 1].cursor : std::uint64_t{0};
    }
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid, std::function<void()> grown) override {
        auto follower = std::make_shared<std::function<void()>>(std::move(grown));
        followers_.push_back(follower);
        return follower;
    }
    Answer<server::Usage> usage(ServerUid) override {
        if (use) co_return *use;
        co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the host does not answer"});
    }
    Answer<std::string> health() override { co_return std::string(); }

private:
    std::vector<std::weak_ptr<std::function<void()>>> followers_;
};

}  // namespace gk::apptest
