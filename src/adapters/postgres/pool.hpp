#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/connection.hpp"
#include "async/wait_queue.hpp"
#include "ports/clock.hpp"

namespace gk::postgres {

// A few connections that calls share. A call waits for a free one, makes it anew when the server has left it, and is over within
// Options::call_limit: what is not answered by then is `unavailable`, and so is everything while connecting fails (with back-off). Owned by whoever
// lets it outlive its calls.
class Pool {
public:
    Pool(boost::asio::any_io_executor loop, Clock& clock, Options options);

    using Answers = Result<std::vector<Rows>, StoreError>;
    // Statements that see one state of the database each.
    Task<Answers> read(std::vector<Statement> statements);
    // One transaction: success means that all of it is on disk.
    Task<Answers> write(std::vector<Statement> statements);

    // A connection beside the others, for who needs one for itself; as call().
    Task<Result<Success, StoreError>> open(Connection& connection);
    // Whether the server calls one of these connections so.
    bool is_ours(int pid) const;
    const Options& options() const { return options_; }

private:
    struct Place {
        Connection connection;
        bool is_taken = false;
    };
    class Lease;

    Task<Answers> call(std::vector<Statement> statements);
    Task<Answers> attempt(std::vector<Statement> statements);
    Task<Place*> free_place();
    Milliseconds back_off() const;

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Options options_;
    std::vector<Place> places_;
    async::WaitQueue waiting_;
    std::uint32_t failures_ = 0;  // To connect, in a row.
    Time retry_at_{};
    std::string last_failure_;
};

}  // namespace gk::postgres
