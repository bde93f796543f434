#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/postgres/pool.hpp"
#include "async/wait_queue.hpp"

namespace gk::postgres {

// Statements of many callers in shared transactions, in the order of their asking: while one transaction is under way, the next one gathers. Each
// caller hears the answer to its own statement, after the commit. A statement must leave the transaction good whatever it answers, and must be one
// that may be done twice: when the caller who sends a transaction is cancelled in the middle, another sends what it held once more.
class SharedWrites {
public:
    // `first` begins each transaction, `last` ends it when one of its statements is told.
    SharedWrites(Pool& pool, Statement first, Statement last) : pool_(pool), first_(std::move(first)), last_(std::move(last)) {}

    // `is_told`: what it changes is of interest to others.
    Task<Result<Rows, StoreError>> run(Statement statement, bool is_told);
    // Several in one transaction: an answer for each.
    Task<Result<std::vector<Rows>, StoreError>> run_all(std::vector<Statement> statements, bool is_told);

private:
    struct Call {
        std::vector<Statement> statements;
        bool is_told = false;
        std::size_t bytes = 0;
        bool is_abandoned = false;  // Nobody wants its answer any more.
        std::optional<Result<std::vector<Rows>, StoreError>> answer;
        async::WaitQueue woken;
    };
    using Batch = std::vector<std::shared_ptr<Call>>;
    class Place;
    class Turn;

    Batch take();
    Task<void> send();

    Pool& pool_;
    Statement first_;
    Statement last_;
    std::deque<std::shared_ptr<Call>> waiting_;
    bool is_sending_ = false;
};

}  // namespace gk::postgres
