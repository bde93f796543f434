#include "net/shim/link.hpp"

#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "async/deadline.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tests/support/temporary_directory.hpp"
#include "wire/shim/layout.hpp"

namespace gk::net::shim {
namespace {

constexpr Epoch third{3};

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using wire::shim::Op;
using wire::shim::Outcome;

// A shim in name only: it says what the test wants it to say.
struct FakeShim : testing::Test {
    Task<wire::shim::Request> receive() {
        for (;;) {
            auto framed = wire::shim::read_request(in);
            if (framed && framed->message) {
                in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(framed->size));
                co_return std::move(*framed->message);
            }
            std::array<std::byte, 512> bytes{};
            const auto room = asio::buffer(bytes);
            const auto count = co_await peer->async_read_some(room, asio::use_awaitable);
            in.insert(in.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        }
    }
    Task<void> send(std::vector<std::byte> frame) {
        const auto bytes = asio::buffer(frame);
        co_await asio::async_write(*peer, bytes, asio::use_awaitable);
    }
    Task<void> send_answer(std::uint32_t id, Outcome outcome, std::string text) {
        auto frame = wire::shim::encode(wire::shim::Answer{.id = id, .outcome = outcome, .text = std::move(text)});
        co_await send(std::move(frame));
    }
    Task<void> welcome() {
        peer.emplace(co_await acceptor.async_accept(asio::use_awaitable));
        const auto hello = co_await receive();
        wire::shim::Status status;
        status.phase = wire::shim::Phase::ready;
        auto frame = wire::shim::encode(status);
        co_await send(std::move(frame));
        co_await send_answer(hello.id, Outcome::ok, hello_text);
    }
    Task<std::shared_ptr<Link>> connect() {
        async::TaskGroup group(io.get_executor());
        group.spawn("shim", welcome());
        const auto changed = [this] { ++changes; };
        auto link = co_await Link::connect(clock, folder, third, changed);
        co_await group.join();
        EXPECT_TRUE(link.has_value());
        co_return link.value_or(nullptr);
    }
    template <class T>
    T run(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    void run(Task<void> task) { async::run_until_done(io, std::move(task)); }

    asio::io_context io;
    async::ManualClock clock;
    test::TemporaryDirectory directory;
    const std::string folder = directory.path();
    asio::local::stream_protocol::acceptor acceptor{io, {folder + "/" + std::string(wire::shim::layout::socket_file)}};
    std::optional<Socket> peer;
    std::vector<std::byte> in;
    std::string hello_text = wire::shim::hello_text();
    int changes = 0;
};

TEST_F(FakeShim, KnowsTheStatusAsSoonAsItIsConnected) {
    const auto link = run(connect());

    EXPECT_EQ(link->status().phase, wire::shim::Phase::ready);
    EXPECT_EQ(changes, 0);
}

Task<void> two_questions(FakeShim& shim, Link& link) {
    async::TaskGroup group(shim.io.get_executor());
    const auto second_first = [](FakeShim& s) -> Task<void> {
        const auto first = co_await s.receive();
        const auto second = co_await s.receive();
        co_await s.send_answer(second.id, Outcome::ok, std::string("to two"));
        co_await s.send_answer(first.id, Outcome::stale, std::string("to one"));
    };
    const auto one = [](Link& l) -> Task<void> {
        const auto reply = co_await l.ask(Op::command, std::string("one"), third, Milliseconds(1000));
        EXPECT_EQ(reply.error().kind, RuntimeError::Kind::refused);
        EXPECT_EQ(reply.error().detail, "to one");
    };
    const auto two = [](Link& l) -> Task<void> {
        const auto reply = co_await l.ask(Op::command, std::string("two"), third, Milliseconds(1000));
        EXPECT_EQ(reply.value_or("none"), "to two");
    };
    group.spawn("shim", second_first(shim));
    group.spawn("one", one(link));
    group.spawn("two", two(link));
    co_await group.join();
}

TEST_F(FakeShim, GivesEveryQuestionItsOwnAnswer) {
    const auto link = run(connect());

    run(two_questions(*this, *link));
}

Task<wire::shim::Request> what_comes_of_telling(FakeShim& shim, Link& link) {
    async::TaskGroup group(shim.io.get_executor());
    wire::shim::Request heard;
    const auto obey = [](FakeShim& s, wire::shim::Request& request) -> Task<void> {
        request = co_await s.receive();
        co_await s.send_answer(request.id, Outcome::ok, std::string("whatever it said"));
    };
    group.spawn("shim", obey(shim, heard));
    const auto told = co_await link.tell(std::string("ALLOCATE"), third, Milliseconds(1000));
    EXPECT_TRUE(told.has_value());
    co_await group.join();
    co_return heard;
}

TEST_F(FakeShim, IsToldWhatNeedsNoAnswer) {
    const auto link = run(connect());

    const auto heard = run(what_comes_of_telling(*this, *link));

    EXPECT_EQ(heard.op, Op::tell);
    EXPECT_EQ(heard.text, "ALLOCATE");
}

// It would hang up on a word that it does not know.
TEST_F(FakeShim, FromBeforeThatIsGivenACommand) {
    hello_text = "";
    const auto link = run(connect());

    EXPECT_EQ(run(what_comes_of_telling(*this, *link)).op, Op::command);
    EXPECT_TRUE(link->is_open());
    link->close();
}

Task<void> lost_in_between(FakeShim& shim, Link& link) {
    async::TaskGroup group(shim.io.get_executor());
    const auto hang_up = [](FakeShim& s) -> Task<void> {
        const auto request = co_await s.receive();
        s.peer->close();
    };
    group.spawn("shim", hang_up(shim));
    const auto reply = co_await link.ask(Op::stop, std::string(), third, Milliseconds(1000));
    EXPECT_EQ(reply.error().kind, RuntimeError::Kind::unavailable);
    co_await group.join();
}

TEST_F(FakeShim, TellsThatTheConnectionIsLost) {
    const auto link = run(connect());

    run(lost_in_between(*this, *link));

    EXPECT_FALSE(link->is_open());
    EXPECT_EQ(changes, 1);
}

Task<void> silence(FakeShim& shim, Link& link) {
    async::TaskGroup group(shim.io.get_executor());
    const auto wait = [](FakeShim& s) -> Task<void> {
        const auto request = co_await s.receive();
        s.clock.advance(Milliseconds(1000));
    };
    group.spawn("shim", wait(shim));
    const auto reply = co_await link.ask(Op::stop, std::string(), third, Milliseconds(1000));
    EXPECT_EQ(reply.error().kind, RuntimeError::Kind::unavailable);
    EXPECT_EQ(reply.error().detail, "stop: no answer within 1s");
    co_await group.join();
}

TEST_F(FakeShim, IsNotWaitedForForEver) {
    const auto link = run(connect());

    run(silence(*this, *link));

    EXPECT_TRUE(link->is_open());
    link->close();
}

Task<void> opening_cancelled(FakeShim& shim) {
    async::TaskGroup group(shim.io.get_executor());
    const auto say_nothing = [](FakeShim& s) -> Task<void> {
        s.peer.emplace(co_await s.acceptor.async_accept(asio::use_awaitable));
        const auto hello = co_await s.receive();
        s.clock.advance(Milliseconds(100));
    };
    group.spawn("shim", say_nothing(shim));
    const auto ignored = [] {};
    auto connecting = Link::connect(shim.clock, shim.folder, third, ignored);
    const auto deadline = shim.clock.now() + Milliseconds(100);
    const auto link = co_await async::with_deadline(shim.clock, deadline, std::move(connecting));
    EXPECT_FALSE(link);
    co_await group.join();

    std::array<std::byte, 16> bytes{};
    const auto room = asio::buffer(bytes);
    boost::system::error_code error;
    co_await shim.peer->async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
    EXPECT_EQ(error, asio::error::eof);
}

TEST_F(FakeShim, LeavesNoConnectionBehindWhenItsOpeningIsCancelled) { run(opening_cancelled(*this)); }

Task<void> nonsense(FakeShim& shim, Link& link) {
    std::vector<std::byte> bytes(64, std::byte{0xff});
    co_await shim.send(std::move(bytes));
    const auto reply = co_await link.ask(Op::stop, std::string(), third, Milliseconds(1000));
    EXPECT_FALSE(reply.has_value());
}

TEST_F(FakeShim, HangsUpOnOneThatSpeaksNonsense) {
    const auto link = run(connect());

    run(nonsense(*this, *link));

    EXPECT_FALSE(link->is_open());
}

TEST_F(FakeShim, SaysThatNobodyListens) {
    acceptor.close();

    const auto link = run(Link::connect(clock, folder, Epoch{1}, [] {}));
    const auto nowhere = run(Link::connect(clock, folder + "/none", Epoch{1}, [] {}));

    EXPECT_EQ(link.error().kind, RuntimeError::Kind::not_found);
    EXPECT_EQ(nowhere.error().kind, RuntimeError::Kind::not_found);
}

}  // namespace
}  // namespace gk::net::shim
