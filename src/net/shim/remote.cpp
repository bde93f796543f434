#include "net/shim/remote.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"

namespace gk::net::shim {

namespace asio = boost::asio;
using boost::system::error_code;
using wire::files::Reply;
using wire::shim::Op;

namespace {

constexpr Milliseconds patience{10'000};
constexpr Milliseconds run_patience{30'000};     // A large program comes from a slow disk.
constexpr Milliseconds files_patience{60'000};   // For one call; a disk that hangs must not hold its caller.
constexpr Epoch onlooker{0};

RuntimeError nonsense(std::string_view what) { return {RuntimeError::Kind::unavailable, fmt::format("the shim answered nonsense to {}", what)}; }

}  // namespace

Asked<Success> run(LinkPtr link, wire::shim::Spec spec) {
    const auto epoch = spec.epoch;
    const auto bytes = wire::shim::encode(spec);
    auto asked = co_await link->ask(Op::run, std::string(as_text(bytes)), epoch, run_patience);
    if (!asked) co_return std::unexpected(std::move(asked).error());
    co_return Success{};
}

Asked<std::vector<LogLine>> logs(LinkPtr link, std::uint64_t cursor, std::size_t lines_max) {
    const wire::shim::LogQuery query{.cursor = cursor, .lines_max = static_cast<std::uint32_t>(lines_max)};
    auto text = wire::shim::to_text(query);
    auto answer = co_await link->ask(Op::log, std::move(text), onlooker, patience);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    auto part = wire::shim::log_part_from(*answer);
    if (!part) co_return std::unexpected(nonsense("a question for its log"));
    std::vector<LogLine> lines;
    for (auto& line : part->lines) lines.push_back({.cursor = line.cursor, .at = line.at, .line = std::move(line.text)});
    co_return lines;
}

Asked<std::uint64_t> log_cursor_from_end(LinkPtr link, std::size_t lines) {
    auto answer = co_await link->ask(Op::log_start, std::to_string(lines), onlooker, patience);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    std::uint64_t cursor = 0;
    const auto end = answer->data() + answer->size();
    const auto read = std::from_chars(answer->data(), end, cursor);
    if (read.ec != std::errc() || read.ptr != end) co_return std::unexpected(nonsense("a question for the start of its log"));
    co_return cursor;
}

Asked<Success> follow_log(LinkPtr link) {
    auto answer = co_await link->ask(Op::follow, std::string(), onlooker, patience);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return Success{};
}

Asked<wire::shim::PodUse> usage(LinkPtr link) {
    auto answer = co_await link->ask(Op::usage, std::string(), onlooker, patience);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    const auto use = wire::shim::pod_use_from(*answer);
    if (!use) co_return std::unexpected(nonsense("a question for its use"));
    co_return *use;
}

namespace {

using Kind = FilesError::Kind;
using Exchanged = Result<Reply, FilesError>;

FilesError unavailable(std::string detail) { return {Kind::unavailable, std::move(detail)}; }

// A connection that speaks in turn.
class Conversation {
public:
    Conversation(asio::generic::stream_protocol::socket socket, const noise::Key& key)
        : socket_(std::move(socket)),
          seal_(noise::Session::client(key, wire::shim::pod_purpose)) {}

    // Waits until it has been handed to the kernel, or, at the opening, until the peer can understand it.
    Task<Result<Success, FilesError>> say(std::vector<std::byte> bytes) {
        seal_.send(bytes);
        CO_TRY_OK(co_await send_out());
        while (!seal_.is_proved()) {
            CO_TRY_OK(co_await hear());
            CO_TRY_OK(co_await send_out());
        }
        co_return Success{};
    }
    // At least so many bytes are there then.
    Task<Result<Success, FilesError>> await(std::size_t size) {
        while (in_.size() < size) CO_TRY_OK(co_await hear());
        co_return Success{};
    }
    const std::vector<std::byte>& heard() const { return in_; }
    void drop(std::size_t size) { in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(size)); }

private:
    Task<Result<Success, FilesError>> send_out() {
        const auto out = seal_.take_output();
        const auto buffer = asio::buffer(out);
        error_code error;
        co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, error));
        co_return checked(error);
    }
    Task<Result<Success, FilesError>> hear() {
        const auto buffer = asio::buffer(chunk_);
        error_code error;
        const auto count = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
        CO_TRY_OK(checked(error));
        const auto fed = seal_.feed(ByteSpan(chunk_).first(count));
        if (!fed) co_return std::unexpected(unavailable("the shim that serves the files of this world: " + fed.error()));
        const auto plain = seal_.take_plain();
        in_.insert(in_.end(), plain.begin(), plain.end());
        co_return Success{};
    }
    static Result<Success, FilesError> checked(const error_code& error) {
        if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
        if (error) return std::unexpected(unavailable("the shim that serves the files of this world hung up: " + error.message()));
        return Success{};
    }

    asio::generic::stream_protocol::socket socket_;
    noise::Session seal_;
    std::array<std::byte, 16 * 1024> chunk_;
    std::vector<std::byte> in_;
};

// The shim hands this connection to whoever serves files, if our epoch is good enough.
Task<Result<Success, FilesError>> ask_for_files(Conversation& with, Epoch epoch) {
    auto request = wire::shim::encode(wire::shim::Request{.id = 1, .epoch = epoch, .op = Op::files, .text = {}});
    CO_TRY_OK(co_await with.say(std::move(request)));
    for (;;) {
        const auto framed = wire::shim::read_from_shim(with.heard());
        if (!framed) co_return std::unexpected(unavailable("the shim that serves the files of this world speaks another protocol"));
        if (!framed->message) {
            CO_TRY_OK(co_await with.await(with.heard().size() + 1));
            continue;
        }
        with.drop(framed->size);
        const auto* answer = std::get_if<wire::shim::Answer>(&*framed->message);
        if (answer != nullptr && answer->outcome == wire::shim::Outcome::ok) co_return Success{};
        co_return std::unexpected(unavailable("the shim serves no files: " + (answer != nullptr ? answer->text : std::string("no answer"))));
    }
}

Task<Exchanged> exchange(Conversation& with, std::vector<std::byte> frame) {
    CO_TRY_OK(co_await with.say(std::move(frame)));
    CO_TRY_OK(co_await with.await(wire::files::length_size));
    const auto size = wire::files::parse_length(ByteSpan(with.heard()).first(wire::files::length_size));
    if (!size) co_return std::unexpected(unavailable("the files of this world cannot be served: the reply is too long"));
    CO_TRY_OK(co_await with.await(wire::files::length_size + *size));
    auto reply = wire::files::parse_reply(ByteSpan(with.heard()).subspan(wire::files::length_size, *size));
    if (!reply)
        co_return std::unexpected(unavailable(fmt::format("the files of this world cannot be served: the reply is {}", name_of(reply.error()))));
    co_return std::move(*reply);
}

Task<Exchanged> exchange_at(Clock& clock, RemoteFiles::Place place, std::vector<std::byte> frame) {
    auto socket = co_await reach(clock, place.shim);
    if (!socket) co_return std::unexpected(unavailable(std::move(socket).error()));
    Conversation with(std::move(*socket), place.shim.key);
    CO_TRY_OK(co_await ask_for_files(with, place.epoch));
    co_return co_await exchange(with, std::move(frame));
}

}  // namespace

Files::Answer<Reply> RemoteFiles::ask(ServerUid server, wire::files::Request request) {
    auto place = co_await find_(server);
    if (!place) co_return std::unexpected(std::move(place).error());
    auto frame = wire::files::to_frame(request);
    const auto deadline = clock_.now() + files_patience;
    auto exchanging = exchange_at(clock_, std::move(*place), std::move(frame));
    auto reply = co_await async::with_deadline(clock_, deadline, std::move(exchanging));
    if (!reply) co_return std::unexpected(unavailable("the disk of this world does not answer"));
    co_return std::move(*reply);
}

}  // namespace gk::net::shim
