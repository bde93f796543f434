#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "adapters/download/unpack.hpp"
#include "adapters/download/web.hpp"
#include "async/task_group.hpp"
#include "async/wait_queue.hpp"
#include "ports/game_files.hpp"

namespace gk::download {

struct DownloadOptions {
    std::string folder;                            // Below the state directory; made when it is missing.
    Milliseconds patience = std::chrono::seconds(2);  // How long fetch() waits for the end.
    WebLimits web;
    UnpackLimits unpack;
};

// Files from the web, proven by their hash, in folders of the machine:
//     <folder>/<key>/           what is whole: one file, or an archive's files; the key is the hash of all that is said of it but the address
//     <folder>/incoming/<key>/  what is being fetched; whatever is there when we begin is from before a crash, and goes
// A folder gets its last name, by one rename, only after its content was proven and is on the disk. So what has the name is whole. Nobody but us
// writes there, and games see it read-only.
class DownloadedGameFiles final : public GameFiles {
public:
    DownloadedGameFiles(boost::asio::any_io_executor executor, Clock& clock, tls::Context trust, DownloadOptions options);
    ~DownloadedGameFiles() override;

    // Fetches what is asked for, until the task is cancelled. Without it fetch() answers `unavailable`.
    Task<void> run();

    std::string folder(const catalog::Download& download) const override;
    bool has(const catalog::Download& download) const override;
    Task<Result<bool, GameFilesError>> fetch(catalog::Download download) override;

private:
    using Done = Result<Success, GameFilesError>;
    struct Transfer {
        std::optional<Done> result;
        async::WaitQueue ended;
    };

    Task<void> carry_out(std::string key, catalog::Download download, std::shared_ptr<Transfer> transfer);
    Task<Done> bring(std::string key, catalog::Download download);
    Task<Done> receive(catalog::Download download, std::string path);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    DownloadOptions options_;
    Web web_;
    async::TaskGroup* tasks_ = nullptr;  // While run() runs.
    std::map<std::string, std::shared_ptr<Transfer>> transfers_;
    boost::asio::thread_pool disk_{1};  // Unpacks, and waits for the disk, beside the loop.
};

}  // namespace gk::download
