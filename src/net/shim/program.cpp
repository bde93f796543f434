#include "net/shim/program.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "net/shim/conversation.hpp"

namespace gk::net::shim {
namespace {

using Ended = Workbench::Ended;
template <class T>
using Answer = Workbench::Answer<T>;
using ConversationPtr = std::unique_ptr<Conversation>;
using wire::shim::ProgramEnd;
using wire::shim::ProgramPiece;

constexpr Milliseconds first_pause{25};  // Most shims listen so soon after their container runs.
constexpr Milliseconds pause_max{1'000};
constexpr Milliseconds opening_patience{10'000};
constexpr int by_signal = 128;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }
std::unexpected<RuntimeError> lost(const std::string& why) {
    return fail(RuntimeError::Kind::unavailable, "the program in the pod was lost: " + why);
}

Answer<ConversationPtr> open_once(Clock& clock, RemoteShim shim, Epoch epoch) {
    auto socket = co_await reach(clock, shim);
    if (!socket) co_return fail(RuntimeError::Kind::unavailable, std::move(socket).error());
    auto with = std::make_unique<Conversation>(std::move(*socket), shim.key);
    const auto asked = co_await with->ask_for(wire::shim::Op::program, epoch);
    if (asked) co_return std::move(with);
    const bool is_stale = with->refusal() && with->refusal()->outcome == wire::shim::Outcome::stale;
    co_return fail(is_stale ? RuntimeError::Kind::refused : RuntimeError::Kind::unavailable, asked.error());
}

// Nothing has been started before the order is given: to ask again is safe.
Answer<ConversationPtr> open(Clock& clock, RemoteShim shim, Epoch epoch, Time deadline) {
    for (auto pause = first_pause;; pause = std::min(pause * 2, pause_max)) {
        auto opening = open_once(clock, shim, epoch);
        const auto by = clock.now() + opening_patience;
        auto opened = co_await async::with_deadline(clock, by, std::move(opening));
        if (opened && (*opened || opened->error().kind != RuntimeError::Kind::unavailable)) co_return std::move(*opened);
        if (clock.now() >= deadline) {
            if (opened) co_return std::move(*opened);
            co_return fail(RuntimeError::Kind::unavailable, "the shim of the pod does not answer");
        }
        co_await clock.sleep(pause);
    }
}

// Absent: it goes on.
Result<std::optional<Ended>, RuntimeError> take_in(wire::shim::FromProgram message, Ended& told, const ProgramLimits& limits) {
    if (const auto* piece = std::get_if<ProgramPiece>(&message)) {
        const bool is_output = piece->stream == ProgramPiece::Stream::output;
        auto& text = is_output ? told.output : told.errors;
        text += piece->bytes;
        if (is_output && text.size() > limits.output_max)
            return fail(RuntimeError::Kind::exhausted, fmt::format("the program writes more than {} bytes", limits.output_max));
        // Not at each piece: erasing at the front costs.
        if (!is_output && text.size() > 2 * limits.errors_kept) text.erase(0, text.size() - limits.errors_kept);
        return std::nullopt;
    }
    auto& end = std::get<ProgramEnd>(message);
    switch (end.how) {
    case ProgramEnd::How::not_started: return fail(RuntimeError::Kind::invalid, "the program cannot be started: " + end.detail);
    case ProgramEnd::How::out_of_memory: return fail(RuntimeError::Kind::exhausted, "the program's pod ran out of memory");
    case ProgramEnd::How::exited: told.code = end.number; break;
    case ProgramEnd::How::signalled: told.code = by_signal + end.number; break;
    }
    if (told.errors.size() > limits.errors_kept) told.errors.erase(0, told.errors.size() - limits.errors_kept);
    return std::move(told);
}

Answer<Ended> follow(ConversationPtr with, std::vector<std::byte> order, ProgramLimits limits) {
    const auto said = co_await with->say(std::move(order));
    if (!said) co_return lost(said.error());
    for (Ended told;;) {
        auto framed = wire::shim::read_from_program(with->heard());
        if (!framed) co_return lost("the shim speaks another protocol");
        if (framed->message) {
            with->drop(framed->size);
            CO_TRY(ended, take_in(std::move(*framed->message), told, limits));
            if (ended) co_return std::move(*ended);
            continue;
        }
        const auto heard = co_await with->hear();
        if (!heard) co_return lost(heard.error());
    }
}

}  // namespace

Answer<Ended> run_program(Clock& clock, RemoteShim shim, Epoch epoch, wire::shim::ProgramOrder order, ProgramLimits limits) {
    auto bytes = wire::shim::encode(order);
    if (bytes.size() > wire::shim::program_order_size_max)
        co_return fail(RuntimeError::Kind::invalid, "a program's arguments, input and files are larger than 4 MiB together");
    CO_TRY(with, co_await open(clock, std::move(shim), epoch, limits.open_by));
    auto following = follow(std::move(with), std::move(bytes), limits);
    const auto deadline = clock.now() + limits.run;
    auto ended = co_await async::with_deadline(clock, deadline, std::move(following));
    if (ended) co_return std::move(*ended);
    co_return fail(RuntimeError::Kind::unavailable, fmt::format("the program did not end within {}", duration_text(limits.run)));
}

}  // namespace gk::net::shim
