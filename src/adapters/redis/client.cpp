#include "adapters/redis/client.hpp"

#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"

namespace gk::redis {

Client::Client(boost::asio::any_io_executor loop, Clock& clock, ClientOptions options)
    : loop_(std::move(loop)),
      clock_(clock),
      options_(std::move(options)) {}

void Client::close() {
    transport_.reset();
    unread_.clear();
}

Task<Result<Success, std::string>> Client::open() {
    close();
    auto connecting = connect();
    auto connected = co_await async::with_deadline(clock_, clock_.now() + options_.call_limit, std::move(connecting));
    if (!connected) co_return std::unexpected(fmt::format("Redis did not let us in within {}", duration_text(options_.call_limit)));
    if (!*connected) co_return std::unexpected(std::move(connected->error()));
    auto greeted = co_await run(greeting());
    if (!greeted) co_return std::unexpected(std::move(greeted.error()));
    co_return Success{};
}

Task<Result<Success, std::string>> Client::connect() {
    auto transport = co_await net::connect(loop_, options_.address.remote, options_.trust);
    if (!transport) co_return std::unexpected(fmt::format("Redis cannot be reached ({}): see redis.url", transport.error().detail));
    transport_ = std::move(*transport);
    co_return Success{};
}

Commands Client::greeting() const {
    Commands commands;
    if (options_.password.empty()) commands.add({"HELLO", "3", "SETNAME", "gamekeeper"});
    else commands.add({"HELLO", "3", "AUTH", options_.address.user, options_.password.reveal(), "SETNAME", "gamekeeper"});
    if (options_.address.database != 0) commands.add({"SELECT", std::to_string(options_.address.database)});
    return commands;
}

Task<Client::Replies> Client::run(Commands commands) {
    if (!transport_) co_return std::unexpected(std::string("Redis is not connected"));
    auto exchanging = exchange(std::move(commands));
    auto replies = co_await async::with_deadline(clock_, clock_.now() + options_.call_limit, std::move(exchanging));
    if (replies && *replies) co_return std::move(*replies);
    close();
    if (replies) co_return std::move(*replies);
    co_return std::unexpected(fmt::format("Redis did not answer within {}", duration_text(options_.call_limit)));
}

// Redis reads on while nobody takes its replies; it keeps them for us.
Task<Client::Replies> Client::exchange(Commands commands) {
    const auto failed = co_await transport_->write_all(commands.text());
    if (failed) co_return std::unexpected(fmt::format("the connection to Redis broke: {}", failed.message()));
    std::vector<Reply> replies;
    while (replies.size() < commands.count()) {
        CO_TRY(reply, co_await receive());
        if (reply.kind == Reply::Kind::error) co_return std::unexpected(fmt::format("Redis refuses: {}", reply.text));
        replies.push_back(std::move(reply));
    }
    co_return replies;
}

Task<Result<Reply, std::string>> Client::receive() {
    std::array<char, 16 * 1024> piece;
    for (;;) {
        std::string_view bytes = unread_;
        CO_TRY(reply, take_reply(bytes));
        if (reply) {
            unread_.erase(0, unread_.size() - bytes.size());
            co_return std::move(*reply);
        }
        const auto got = co_await transport_->read_some(piece);
        if (got.error || got.bytes == 0)
            co_return std::unexpected(fmt::format("the connection to Redis broke: {}", got.error ? got.error.message() : "it was closed"));
        unread_.append(piece.data(), got.bytes);
    }
}

}  // namespace gk::redis
