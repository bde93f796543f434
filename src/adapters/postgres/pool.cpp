#include "adapters/postgres/pool.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"

namespace gk::postgres {
namespace {

using Kind = StoreError::Kind;
constexpr std::size_t waiting_max = 10'000;
constexpr std::uint32_t doublings_max = 16;

StoreError too_late(std::string_view what, Milliseconds limit) {
    return {Kind::unavailable, fmt::format("PostgreSQL {} within {} ms", what, limit.count())};
}

}  // namespace

// One place for the time of one call, whatever becomes of the call.
class Pool::Lease {
public:
    Lease(Pool& pool, Place& place) : pool_(pool), place_(place) { place_.is_taken = true; }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
        place_.is_taken = false;
        pool_.waiting_.wake_first();
    }
    Connection& connection() { return place_.connection; }

private:
    Pool& pool_;
    Place& place_;
};

Pool::Pool(boost::asio::any_io_executor loop, Clock& clock, Options options) : loop_(std::move(loop)), clock_(clock), options_(std::move(options)) {
    places_.reserve(options_.connections);
    for (std::size_t i = 0; i < options_.connections; ++i) places_.push_back({.connection = Connection(loop_)});
}

Task<Pool::Answers> Pool::read(std::vector<Statement> statements) { return call(std::move(statements)); }

Task<Pool::Answers> Pool::write(std::vector<Statement> statements) {
    statements.insert(statements.begin(), Statement{"BEGIN", {}});
    statements.push_back({"COMMIT", {}});
    auto answers = co_await call(std::move(statements));
    if (!answers) co_return answers;
    answers->erase(answers->begin());
    answers->pop_back();
    co_return answers;
}

Task<Pool::Answers> Pool::call(std::vector<Statement> statements) {
    if (waiting_.size() >= waiting_max) co_return std::unexpected(StoreError{Kind::unavailable, "the database has too much to do: try again later"});
    auto trying = attempt(std::move(statements));
    auto answers = co_await async::with_deadline(clock_, clock_.now() + options_.call_limit, std::move(trying));
    if (!answers) co_return std::unexpected(too_late("did not answer", options_.call_limit));
    co_return std::move(*answers);
}

Task<Pool::Answers> Pool::attempt(std::vector<Statement> statements) {
    auto* place = co_await free_place();
    Lease lease(*this, *place);
    if (!lease.connection().is_usable()) CO_TRY_OK(co_await open(lease.connection()));
    co_return co_await lease.connection().run(std::move(statements));
}

Task<Pool::Place*> Pool::free_place() {
    for (;;) {
        const auto free = std::ranges::find(places_, false, &Place::is_taken);
        if (free != places_.end()) co_return &*free;
        co_await waiting_.wait();
    }
}

Task<Result<Success, StoreError>> Pool::open(Connection& connection) {
    if (clock_.now() < retry_at_) co_return std::unexpected(StoreError{Kind::unavailable, last_failure_});
    auto opening = connection.open(options_);
    auto opened = co_await async::with_deadline(clock_, clock_.now() + options_.connect_limit, std::move(opening));
    if (opened && *opened) {
        if (std::exchange(failures_, 0) > 0) log::info("postgres", "PostgreSQL is back");
        co_return Success{};
    }
    const auto error = opened ? opened->error() : too_late("let nobody in", options_.connect_limit);
    // Whoever goes in the middle says nothing about the server.
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) co_return std::unexpected(error);
    if (failures_ == 0) log::warning("postgres", "PostgreSQL cannot be used", {{"detail", error.detail}});
    retry_at_ = clock_.now() + back_off();
    last_failure_ = error.detail;
    ++failures_;
    co_return std::unexpected(error);
}

Milliseconds Pool::back_off() const { return std::min(options_.retry_first * (1 << std::min(failures_, doublings_max)), options_.retry_most); }

bool Pool::is_ours(int pid) const {
    return std::ranges::any_of(places_, [&](const Place& place) { return place.connection.pid() == pid; });
}

}  // namespace gk::postgres
