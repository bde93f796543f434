#include "programs/load/visit.hpp"

#include <tuple>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"

namespace gk::programs {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using wire::match::Reply;

namespace {

constexpr Milliseconds retry_pause(250);
constexpr Milliseconds attempt_limit = std::chrono::seconds(5);
constexpr std::size_t read_bytes = 512;

}  // namespace

Task<void> Visit::connect_once(std::string host, std::uint16_t port, error_code& error) {
    socket_ = tcp::socket(socket_.get_executor());
    const auto address = asio::ip::make_address(host, error);
    if (!error) {
        const tcp::endpoint at(address, port);
        co_await socket_.async_connect(at, asio::redirect_error(asio::use_awaitable, error));
    } else {
        tcp::resolver resolver(socket_.get_executor());
        const auto service = std::to_string(port);
        const auto found = co_await resolver.async_resolve(host, service, asio::redirect_error(asio::use_awaitable, error));
        if (!error) std::ignore = co_await asio::async_connect(socket_, found, asio::redirect_error(asio::use_awaitable, error));
    }
    error_code ignored;
    if (!error) socket_.set_option(tcp::no_delay(true), ignored);
}

Task<Result<int, LoadError>> Visit::connect(std::string host, std::uint16_t port, Time deadline) {
    std::string why = "there was no time left";
    for (int attempts = 1; clock_.now() < deadline; ++attempts) {
        error_code error;
        auto connecting = connect_once(host, port, error);
        const bool in_time = co_await async::finishes_by(clock_, std::min(deadline, clock_.now() + attempt_limit), std::move(connecting));
        if (in_time && !error) co_return attempts;
        why = in_time ? error.message() : "no answer";
        co_await clock_.sleep_until(std::min(deadline, clock_.now() + retry_pause));
    }
    co_return std::unexpected(LoadError{LoadFault::connect, fmt::format("the match server at {}:{}: {}", host, port, why)});
}

Task<Result<Success, LoadError>> Visit::begin(const Assignment& assignment, bool names_session, double seconds) {
    std::string text;
    if (names_session) text += fmt::format("SESSION {}\n", assignment.session);
    if (!assignment.join_token.empty()) text += fmt::format("TOKEN {}\n", assignment.join_token);
    text += fmt::format("REQUEST_MATCH {}\n", seconds);
    error_code error;
    const auto buffer = asio::buffer(text);
    std::ignore = co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(LoadError{LoadFault::cut_off, fmt::format("the match server went away: {}", error.message())});
    co_return Success{};
}

Task<Result<std::optional<Reply>, LoadError>> Visit::hear(Time deadline) {
    auto reading = next_reply();
    auto reply = co_await async::with_deadline(clock_, deadline, std::move(reading));
    if (!reply) co_return std::unexpected(LoadError{LoadFault::cut_off, "the match server did not say the end of the match in time"});
    co_return *reply;
}

Task<std::optional<Reply>> Visit::next_reply() {
    for (;;) {
        if (const auto line = reader_.next(unread_)) co_return wire::match::parse_reply(*line);
        if (reader_.is_too_long()) co_return std::nullopt;
        received_.resize(read_bytes);
        error_code error;
        const auto buffer = asio::buffer(received_);
        const auto size = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::nullopt;
        received_.resize(size);
        unread_ = received_;
    }
}

}  // namespace gk::programs
