#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "adapters/sqlite/batch.hpp"
#include "adapters/sqlite/connection.hpp"
#include "base/result.hpp"
#include "ports/task.hpp"

namespace gk::sqlite {

// What is asked of the database: called on its thread, inside a transaction, possibly twice (a read is repeated when the transaction it shared
// was lost). It must own what it uses.
template <class T>
using Work = std::function<Result<T, StoreError>(Connection&)>;

// One database file of one process: SQLite blocks, so it has a thread of its own, and the loop's coroutines wait for it.
//
// Commits are shared. While one transaction is on its way to the disk, requests gather; then all of them go into the next transaction, each
// that writes between savepoints of its own, so that one that is refused undoes only itself. Nobody hears of success before the commit is on disk
// (synchronous=FULL), and everybody is told their own result. 100 writers at once cost about two commits, not 100.
//
// When the disk is full, what was written in that transaction is `unavailable` and reading goes on. When the disk fails, the process ends
// (connection.hpp). All calls come from the loop's thread.
class Database {
public:
    // Creates the file (mode 0600) when there is none; migrates and checks it. Refused while another process has it.
    static Result<std::unique_ptr<Database>, StoreError> open(boost::asio::any_io_executor loop, std::string path);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    // Finishes the transaction under way and closes the file; blocks for that long. Whoever still waits is not told anything any more.
    ~Database();

    template <class T>
    Task<Result<T, StoreError>> read(Work<T> work) {
        return run<T>(false, std::move(work));
    }
    // Success means: on disk.
    template <class T>
    Task<Result<T, StoreError>> write(Work<T> work) {
        return run<T>(true, std::move(work));
    }
    // Waits for no disk: it goes into the transaction of what is asked for next, before it, and that fails when this fails. Nobody is told
    // more. `unavailable` when too much waits.
    Result<Success, StoreError> write_ahead(Work<Success> work);

private:
    struct Job : BatchItem {
        std::move_only_function<void()> resume;  // Continues the coroutine that waits, at once.
    };
    using Batch = std::vector<std::shared_ptr<Job>>;
    class File;

    Database(boost::asio::any_io_executor loop, std::unique_ptr<File> file);

    template <class T>
    Task<Result<T, StoreError>> run(bool writes, Work<T> work) {
        // Shared with the job, because the database's thread may still use it when the waiting coroutine has been destroyed with its loop.
        const auto result = std::make_shared<std::optional<Result<T, StoreError>>>();
        auto job = std::make_shared<Job>();
        job->writes = writes;
        job->perform = [result, work = std::move(work)](Connection& db) { return result->emplace(work(db)).has_value(); };
        job->fail = [result](StoreError error) { result->emplace(std::unexpected(std::move(error))); };
        co_await finish(std::move(job));
        co_return std::move(**result);
    }
    Task<void> finish(std::shared_ptr<Job> job);
    void enqueue(std::shared_ptr<Job> job);
    void start_batch();
    void end_batch(const Batch& batch);

    boost::asio::any_io_executor loop_;
    std::unique_ptr<File> file_;
    Batch waiting_;
    bool is_running_ = false;
    std::shared_ptr<Database*> alive_;  // What comes back from the thread after we are gone finds null here.
    boost::asio::thread_pool thread_{1};
};

}  // namespace gk::sqlite
