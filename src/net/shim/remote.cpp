#include "net/shim/remote.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "net/shim/conversation.hpp"

namespace gk::net::shim {

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
FilesError unserved(const std::string& why) { return unavailable("the files of this world cannot be served: " + why); }

Task<Exchanged> exchange(Conversation& with, std::vector<std::byte> frame) {
    const auto said = co_await with.say(std::move(frame));
    if (!said) co_return std::unexpected(unserved(said.error()));
    auto heard = co_await with.await(wire::files::length_size);
    if (!heard) co_return std::unexpected(unserved(heard.error()));
    const auto size = wire::files::parse_length(ByteSpan(with.heard()).first(wire::files::length_size));
    if (!size) co_return std::unexpected(unserved("the reply is too long"));
    heard = co_await with.await(wire::files::length_size + *size);
    if (!heard) co_return std::unexpected(unserved(heard.error()));
    auto reply = wire::files::parse_reply(ByteSpan(with.heard()).subspan(wire::files::length_size, *size));
    if (!reply) co_return std::unexpected(unserved(fmt::format("the reply is {}", name_of(reply.error()))));
    with.drop(wire::files::length_size + *size);
    co_return std::move(*reply);
}

struct Attempt {
    Exchanged reply;
    bool is_stale = false;  // The epoch had been replaced: nothing was done.
};

Task<Attempt> exchange_at(Clock& clock, RemoteFiles::Place place, std::vector<std::byte> frame) {
    auto socket = co_await reach(clock, place.shim);
    if (!socket) co_return Attempt{std::unexpected(unavailable(std::move(socket).error()))};
    Conversation with(std::move(*socket), place.shim.key);
    const auto asked = co_await with.ask_for(Op::files, place.epoch);
    const bool is_stale = with.refusal() && with.refusal()->outcome == wire::shim::Outcome::stale;
    if (!asked) co_return Attempt{std::unexpected(unserved(asked.error())), is_stale};
    auto reply = co_await exchange(with, std::move(frame));
    co_return Attempt{std::move(reply)};
}

}  // namespace

Files::Answer<Reply> RemoteFiles::ask(ServerUid server, wire::files::Request request) {
    auto place = co_await find_(server);
    if (!place) co_return std::unexpected(std::move(place).error());
    auto frame = wire::files::to_frame(request);
    const auto deadline = clock_.now() + files_patience;
    for (;;) {
        auto exchanging = exchange_at(clock_, *place, frame);
        auto attempt = co_await async::with_deadline(clock_, deadline, std::move(exchanging));
        if (!attempt) co_return std::unexpected(unavailable("the disk of this world does not answer"));
        if (!attempt->is_stale) co_return std::move(attempt->reply);
        // Whoever does not command takes the epoch that the shim knows, which may have risen in between: of a new pod it always does.
        auto again = co_await find_(server);
        if (!again || again->epoch <= place->epoch) co_return std::move(attempt->reply);
        place = std::move(again);
    }
}

}  // namespace gk::net::shim
