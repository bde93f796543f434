#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/descriptor_base.hpp>

#include "adapters/postgres/options.hpp"
#include "adapters/postgres/rows.hpp"
#include "base/result.hpp"
#include "ports/server_store.hpp"
#include "ports/task.hpp"

namespace gk::postgres {

// One statement with the values of $1, $2, ... as text, which the server reads as what their place asks for. No value may hold a zero byte.
struct Statement {
    const char* sql;
    std::vector<std::string> values;
};

// One connection to the server, on the loop: nothing here blocks but the files of certificates. One coroutine uses it at a time, and whoever is
// cancelled in the middle leaves it unusable. No call has a time limit of its own; the caller sets one.
//
// Every failure is a StoreError: `fenced` and `corrupt` as the server says, `conflict` where a constraint was violated, everything else
// `unavailable`. After a lost connection nobody knows whether a commit under way took place.
class Connection {
public:
    explicit Connection(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

    // Closes what was open, and connects anew.
    Task<Result<Success, StoreError>> open(const Options& options);
    // Connected, idle, and not known to have been left by the server.
    bool is_usable();
    // How the server calls us, for what it tells about others.
    int pid() const { return conn_ ? PQbackendPID(conn_.get()) : 0; }
    // By which the server sees this machine, unless something in between changes it; empty for a Unix socket.
    std::string local_address() const;

    // One round trip: an answer for each statement. Whoever writes says BEGIN and COMMIT: then everything or nothing is done, and an answer means
    // that it is on disk.
    Task<Result<std::vector<Rows>, StoreError>> run(std::vector<Statement> statements);
    // Statements without values, separated by semicolons; what the last one answered.
    Task<Result<Rows, StoreError>> script(std::string sql);
    struct Told {
        int pid = 0;  // Who told it, as the server calls it.
        std::string channel;
    };
    // Returns when something was told on a channel that this connection listens to.
    Task<Result<std::vector<Told>, StoreError>> hear();

private:
    using Wait = boost::asio::posix::descriptor_base;
    Task<Result<Success, StoreError>> start(const Options& options);
    Task<Result<Success, StoreError>> send();
    Task<Result<PGresult*, StoreError>> receive();
    Task<Result<Rows, StoreError>> receive_one();
    Task<Result<std::vector<Rows>, StoreError>> receive_all(std::size_t count);
    Task<bool> ready(Wait::wait_type what);
    Result<Success, StoreError> queue(const Statement& statement);
    StoreError lost() const;

    struct Finish {
        void operator()(PGconn* conn) const { PQfinish(conn); }
    };
    boost::asio::any_io_executor loop_;
    std::unique_ptr<PGconn, Finish> conn_;
    bool is_idle_ = false;  // Everything that was sent has been answered.
};

}  // namespace gk::postgres
