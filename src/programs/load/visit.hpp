#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "programs/load/front.hpp"
#include "wire/match/line_reader.hpp"
#include "wire/match/protocol.hpp"

namespace gk::programs {

// A player at a match server: the line protocol of wire/match from the client's side.
class Visit {
public:
    Visit(boost::asio::any_io_executor executor, Clock& clock) : clock_(clock), socket_(std::move(executor)) {}

    // Tries again while nobody listens, once in retry_pause, until `deadline`. How many times it took.
    Task<Result<int, LoadError>> connect(std::string host, std::uint16_t port, Time deadline);
    // Introduces the player where that is asked for, and asks for the match.
    Task<Result<Success, LoadError>> begin(const Assignment& assignment, bool names_session, double seconds);
    // The next line that says something; none: it was closed. An error when nothing came by `deadline`.
    Task<Result<std::optional<wire::match::Reply>, LoadError>> hear(Time deadline);

private:
    Task<void> connect_once(std::string host, std::uint16_t port, boost::system::error_code& error);
    Task<std::optional<wire::match::Reply>> next_reply();

    Clock& clock_;
    boost::asio::ip::tcp::socket socket_;
    wire::match::LineReader reader_{wire::match::line_bytes_max};
    std::string received_;
    std::string_view unread_;
};

}  // namespace gk::programs
