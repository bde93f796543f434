#pragma once

#include <filesystem>

#include <boost/asio/thread_pool.hpp>

#include "adapters/restic/place.hpp"

namespace gk::restic {

struct FolderOptions {
    std::filesystem::path folder;  // Absolute. Every repository is a folder in it.
    std::int64_t free_min_bytes = std::int64_t{64} << 20;  // With less room than this a backup is not begun.
};

// Repositories in a local folder. All calls must have ended when it is destroyed.
class FolderPlace final : public Place {
public:
    explicit FolderPlace(FolderOptions options) : options_(std::move(options)) {}

    Answer<Way> way_to(std::string name) override;
    std::string text(const std::string& name) const override { return path(name).string(); }
    Answer<Success> probe() override;
    Answer<std::vector<std::string>> repositories() override;
    Answer<State> state_of(std::string name) override;
    Answer<Success> clear(std::string name) override;
    Answer<Success> move(std::string from, std::string to) override;
    Answer<Success> remove(std::string name) override;
    Answer<Names> list(std::string name, std::string kind) override;
    Answer<Success> check(std::string name, std::string kind, Names files) override;
    Answer<Names> move_damaged(std::string name) override;
    Answer<std::string> journal(std::string name) override;
    Answer<Success> write_journal(std::string name, std::string text) override;
    Answer<bool> locks_are_dead(std::string name) override;
    Answer<Success> remove_lock(std::string name, std::string id) override;

private:
    std::filesystem::path path(const std::string& name) const { return options_.folder / name; }

    FolderOptions options_;
    boost::asio::thread_pool disk_{1};  // Reads and hashes packs beside the loop.
};

}  // namespace gk::restic
