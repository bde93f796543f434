#include "adapters/sqlite/database.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/sqlite/file_lock.hpp"
#include "adapters/sqlite/schema.hpp"

namespace asio = boost::asio;

namespace gk::sqlite {
namespace {

constexpr std::size_t waiting_max = 10'000;

// Exclusive locking keeps the index of the log in memory instead of a mapped file, which could neither be trusted nor grow on a full disk.
// cell_size_check lets damage be found when a page is read. The cache holds what one shared transaction of thousands of joins changes: a page that
// does not fit is written, and read back, several times before the commit. What savepoints keep for undoing needs no file.
// The log is left as long as it grew, within bounds: to write into a file that need not grow again takes a tenth of the time. No wal_autocheckpoint
// here: it would take away the hook of Connection, which begins checkpoints.
constexpr const char* settings = R"sql(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = 67108864;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
PRAGMA cell_size_check = ON;
PRAGMA cache_size = -32768;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
)sql";

StoreError too_much_to_do() { return {StoreError::Kind::unavailable, "the database has too much to do: try again later"}; }

// SQLite would create it with the umask's rights; passwords of games are inside.
Result<Success, StoreError> create_private(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return std::unexpected(StoreError{StoreError::Kind::unavailable, fmt::format("cannot open the database {}: {}", path, std::strerror(errno))});
    }
    close(descriptor);
    return Success{};
}

}  // namespace

class Database::File {
public:
    File(FileLock lock, std::unique_ptr<Connection> connection) : lock_(std::move(lock)), connection_(std::move(connection)) {}
    Connection& connection() { return *connection_; }

private:
    FileLock lock_;  // Let go last.
    std::unique_ptr<Connection> connection_;
};

Result<std::unique_ptr<Database>, StoreError> Database::open(asio::any_io_executor loop, std::string path) {
    TRY(lock, FileLock::take(path));
    TRY_OK(create_private(path));
    TRY(connection, Connection::open(path));
    TRY_OK(connection->execute(settings));
    TRY_OK(migrate(*connection, path));
    TRY_OK(check_integrity(*connection, path));
    auto file = std::make_unique<File>(std::move(lock), std::move(connection));
    return std::unique_ptr<Database>(new Database(std::move(loop), std::move(file)));
}

Database::Database(asio::any_io_executor loop, std::unique_ptr<File> file)
    : loop_(std::move(loop)),
      file_(std::move(file)),
      alive_(std::make_shared<Database*>(this)) {}

Database::~Database() { thread_.join(); }

// The waiting coroutine must not hold the job: the job holds the coroutine, and neither would ever go away without the other.
Task<void> Database::finish(std::shared_ptr<Job> job) {
    auto start = [this, job = std::move(job)](auto handler) mutable {
        job->resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
        enqueue(std::move(job));
    };
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(start), asio::use_awaitable);
}

Result<Success, StoreError> Database::write_ahead(Work<Success> work) {
    if (waiting_.size() >= waiting_max) return std::unexpected(too_much_to_do());
    auto job = std::make_shared<Job>();
    job->writes = job->is_essential = true;
    job->perform = [work = std::move(work)](Connection& db) { return work(db).has_value(); };
    job->fail = [](const StoreError&) {};
    job->resume = [] {};
    waiting_.push_back(std::move(job));
    return Success{};
}

void Database::enqueue(std::shared_ptr<Job> job) {
    if (waiting_.size() >= waiting_max) {
        job->fail(too_much_to_do());
        asio::post(loop_, [job] { job->resume(); });
        return;
    }
    waiting_.push_back(std::move(job));
    if (!is_running_) start_batch();
}

void Database::start_batch() {
    is_running_ = true;
    // The loop must not run out of work while the thread has some.
    const auto loop = asio::prefer(loop_, asio::execution::outstanding_work.tracked);
    auto work = [batch = std::exchange(waiting_, {}), loop, &db = file_->connection(), alive = std::weak_ptr(alive_)] {
        std::vector<const BatchItem*> items;
        for (const auto& job : batch) items.push_back(job.get());
        perform_batch(db, items);
        asio::post(loop, [batch, alive] {
            if (const auto self = alive.lock()) (*self)->end_batch(batch);
        });
    };
    asio::post(thread_, std::move(work));
}

void Database::end_batch(const Batch& batch) {
    // The thread goes on with what has gathered while we tell those who waited. What they ask for in turn gathers into one batch behind it.
    const bool is_next_begun = !waiting_.empty();
    if (is_next_begun) start_batch();
    for (const auto& job : batch) job->resume();
    if (is_next_begun) return;
    is_running_ = false;
    if (!waiting_.empty()) start_batch();
}

}  // namespace gk::sqlite
