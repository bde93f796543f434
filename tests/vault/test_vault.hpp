#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <boost/asio/io_context.hpp>

#include "adapters/restic/folder.hpp"
#include "adapters/restic/folder_place.hpp"
#include "adapters/restic/vault.hpp"
#include "async/run.hpp"
#include "domain/vault/recovery_key.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/vault/child_workbench.hpp"

namespace gk::restic {

// What is there, for tests that know that it can be read.
inline Names names_in(const std::filesystem::path& repository, std::string_view kind) { return list_names(repository, kind).value_or(Names{}); }

// For tests: a temporary folder with worlds and a vault of real restic repositories.
class TestVault {
public:
    TestVault() : bench(root / "worlds"), vault(bench, place(), options()) { copy_spare(); }

    ResticOptions options() const { return {.password = Secret("main"), .recovery_key = recovery_key()}; }
    std::unique_ptr<Place> place() const { return place_in(root / "vault"); }
    static std::unique_ptr<Place> place_in(const std::filesystem::path& folder, std::int64_t free_min_bytes = 0) {
        return std::make_unique<FolderPlace>(FolderOptions{.folder = folder, .free_min_bytes = free_min_bytes});
    }
    std::filesystem::path repository_of(ServerUid server) const { return root / "vault" / server.text(); }
    static Secret recovery_key() { return vault::recovery_key_text(vault::RecoveryKeyBits{}); }

    template <class T>
    T run(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }

    void write_world(ServerUid uid, const std::map<std::string, std::string>& files, WorldDisk which = WorldDisk::live) {
        std::filesystem::create_directories(bench.world(uid, which));
        for (const auto& [name, content] : files) {
            const auto path = bench.world(uid, which) / name;
            std::filesystem::create_directories(path.parent_path());
            std::ofstream(path, std::ios::binary) << content;
        }
    }
    std::map<std::string, std::string> read_world(ServerUid uid, WorldDisk which) const { return read_tree(bench.world(uid, which)); }
    static std::map<std::string, std::string> read_tree(const std::filesystem::path& tree) {
        std::map<std::string, std::string> files;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(tree)) {
            if (entry.is_regular_file()) files[std::filesystem::relative(entry.path(), tree)] = read_file(entry.path());
        }
        return files;
    }

    const test::TemporaryDirectory directory;
    const std::filesystem::path& root = directory.path();
    boost::asio::io_context io;
    ChildWorkbench bench;
    ResticVault vault;

private:
    // Deriving the two keys of a repository takes six seconds: it is done once, and every test begins with a copy.
    void copy_spare() {
        static const Template made(*this);
        std::filesystem::copy(made.folder, root / "vault", std::filesystem::copy_options::recursive);
    }
    struct Template {
        explicit Template(TestVault& first) {
            if (!first.run(first.vault.prepare_spare())) std::abort();
            std::filesystem::rename(first.root / "vault", folder);
        }
        const test::TemporaryDirectory directory;
        const std::filesystem::path folder = directory.path() / "vault";
    };
};

inline ServerUid server_of(std::uint8_t n) {
    UuidBits bits{};
    bits[0] = n;
    bits[6] = 0x40;
    return ServerUid(bits);
}

inline SnapshotOrder order_of(ServerUid server, std::uint8_t n) {
    UuidBits bits{};
    bits[15] = n;
    SnapshotOrder order;
    order.server = server;
    order.epoch = Epoch{1};
    order.id = SnapshotId(bits);
    order.consistency = vault::Consistency::at_rest;
    order.trigger = vault::Trigger::pause;
    order.record = Value::object({{"id", "castle"}, {"number", n}});
    return order;
}

}  // namespace gk::restic
