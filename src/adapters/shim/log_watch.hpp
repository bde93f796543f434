#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "async/watchers.hpp"
#include "ports/runtime.hpp"

namespace gk::shim {

// Tells those who follow logs that a log has grown, by the kernel's notices on the log folders (inotify): one instance for all, made for the
// first follower, and one watch for each folder that anybody follows. Nothing is read or asked between two notices.
class LogWatch : public std::enable_shared_from_this<LogWatch> {
public:
    explicit LogWatch(boost::asio::any_io_executor loop) : loop_(std::move(loop)), notices_(loop_) {}

    // As Runtime::watch_log. A folder that does not exist yet is followed from appeared() on.
    Result<std::shared_ptr<void>, RuntimeError> follow(const std::filesystem::path& folder, std::function<void()> grown);
    // A server was started: its log folder is there now.
    void appeared(const std::filesystem::path& folder);

private:
    struct Folder;  // One that is followed; its followers own it.

    Result<std::shared_ptr<Folder>, RuntimeError> folder_of(const std::filesystem::path& path);
    Result<Success, RuntimeError> open();
    // Success also when the folder does not exist.
    Result<Success, RuntimeError> attach(Folder& folder);
    void forget(const Folder& folder);
    void wait();
    void read_notices();
    void wake(int watch, std::uint32_t what);

    boost::asio::any_io_executor loop_;
    boost::asio::posix::stream_descriptor notices_;
    std::map<std::filesystem::path, std::weak_ptr<Folder>> folders_;
};

}  // namespace gk::shim
