#include "adapters/postgres/shared_writes.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

namespace gk::postgres {
namespace {

constexpr std::size_t waiting_max = 10'000;
constexpr std::size_t calls_most = 64;
// The server must be able to read a transaction whole before anybody reads its answers (Connection::send()).
constexpr std::size_t bytes_most = 64u << 10;

std::size_t bytes_of(const std::vector<Statement>& statements) {
    std::size_t bytes = 0;
    for (const auto& statement : statements) {
        for (const auto& value : statement.values) bytes += value.size();
    }
    return bytes;
}

}  // namespace

// A call among those that wait, until it is taken or its caller has gone.
class SharedWrites::Place {
public:
    Place(SharedWrites& writes, std::shared_ptr<Call> call) : writes_(writes), call_(std::move(call)) { writes_.waiting_.push_back(call_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // Whoever goes hands the turn to send on: it may have been its own.
    ~Place() {
        std::erase(writes_.waiting_, call_);
        call_->is_abandoned = true;
        if (!writes_.is_sending_ && !writes_.waiting_.empty()) writes_.waiting_.front()->woken.wake_all();
    }

private:
    SharedWrites& writes_;
    std::shared_ptr<Call> call_;
};

// One transaction on its way. What was not answered when it ends goes back to the front.
class SharedWrites::Turn {
public:
    explicit Turn(SharedWrites& writes) : writes_(writes), batch_(writes.take()) { writes_.is_sending_ = true; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        writes_.is_sending_ = false;
        for (auto& call : std::views::reverse(batch_)) {
            if (call->answer) call->woken.wake_all();
            else if (!call->is_abandoned) writes_.waiting_.push_front(call);
        }
        if (!writes_.waiting_.empty()) writes_.waiting_.front()->woken.wake_all();
    }
    const Batch& batch() const { return batch_; }

private:
    SharedWrites& writes_;
    Batch batch_;
};

Task<Result<Rows, StoreError>> SharedWrites::run(Statement statement, bool is_told) {
    std::vector<Statement> statements;
    statements.push_back(std::move(statement));
    CO_TRY(answers, co_await run_all(std::move(statements), is_told));
    co_return std::move(answers.front());
}

Task<Result<std::vector<Rows>, StoreError>> SharedWrites::run_all(std::vector<Statement> statements, bool is_told) {
    if (waiting_.size() >= waiting_max) {
        co_return std::unexpected(StoreError{StoreError::Kind::unavailable, "the database has too much to do: try again later"});
    }
    const auto call = std::make_shared<Call>();
    call->bytes = bytes_of(statements);
    call->statements = std::move(statements);
    call->is_told = is_told;
    const Place place(*this, call);
    while (!call->answer) {
        if (is_sending_ || waiting_.front() != call) co_await call->woken.wait();
        else co_await send();
    }
    co_return std::move(*call->answer);
}

SharedWrites::Batch SharedWrites::take() {
    Batch batch;
    std::size_t bytes = 0;
    while (!waiting_.empty() && batch.size() < calls_most) {
        bytes += waiting_.front()->bytes;
        if (!batch.empty() && bytes > bytes_most) break;
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return batch;
}

Task<void> SharedWrites::send() {
    const Turn turn(*this);
    std::vector<Statement> statements{first_};
    for (const auto& call : turn.batch()) std::ranges::copy(call->statements, std::back_inserter(statements));
    if (std::ranges::any_of(turn.batch(), &Call::is_told)) statements.push_back(last_);
    auto answers = co_await pool_.write(std::move(statements));
    // A call that was cancelled may look like a lost connection. That is this caller's own affair: the others are sent again by the next.
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
    std::size_t place = 1;  // Behind that of `first`.
    for (const auto& call : turn.batch()) {
        if (!answers) {
            call->answer.emplace(std::unexpected(answers.error()));
            continue;
        }
        std::vector<Rows> own;
        for (std::size_t i = 0; i < call->statements.size(); ++i) own.push_back(std::move((*answers)[place++]));
        call->answer.emplace(std::move(own));
    }
}

}  // namespace gk::postgres
