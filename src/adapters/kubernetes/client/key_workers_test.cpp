#include "adapters/kubernetes/client/key_workers.hpp"

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"

namespace gk::kubernetes {
namespace {
using namespace std::chrono_literals;
using wire::kubernetes::ObjectKey;

class KeyWorkersTest : public testing::Test {
protected:
    KeyWorkersTest() { group.spawn("workers", workers.run()); }
    ~KeyWorkersTest() override {
        group.cancel();
        async::run_until_done(io, group.join());
    }
    void settle() {
        for (int i = 0; i < 50; ++i) io.poll();
    }
    void add(const char* name) {
        workers.add({.space = "", .name = name});
        settle();
    }
    // Every turn takes a second.
    static Task<Turn> work(KeyWorkersTest& test, ObjectKey key) {
        test.begun.push_back(key.name);
        co_await test.clock.sleep(1s);
        ++test.ended;
        co_return test.result;
    }
    void pass(Milliseconds time) {
        clock.advance(time);
        settle();
    }

    boost::asio::io_context io;
    async::ManualClock clock;
    Turn result;
    std::vector<std::string> begun;
    int ended = 0;
    async::TaskGroup group{io.get_executor()};
    KeyWorkers workers{clock, 2, [this](ObjectKey key) { return work(*this, std::move(key)); }};
};

TEST_F(KeyWorkersTest, WorkOnSomeKeysAtOnceAndOnNoneTwice) {
    for (const auto* name : {"a", "b", "c", "a", "a"}) add(name);
    EXPECT_EQ(begun, (std::vector<std::string>{"a", "b"}));

    pass(1s);
    EXPECT_EQ(begun, (std::vector<std::string>{"a", "b", "c", "a"}));
    pass(1s);
    pass(1h);
    EXPECT_EQ(ended, 4);
}

TEST_F(KeyWorkersTest, AFailedKeyComesBackLater) {
    result.is_good = false;
    add("a");
    pass(1s);
    EXPECT_EQ(begun.size(), 1u);

    pass(5ms);
    EXPECT_EQ(begun.size(), 2u);
    pass(1s);
    pass(9ms);
    EXPECT_EQ(begun.size(), 2u);
    pass(1ms);
    EXPECT_EQ(begun.size(), 3u);
}

TEST_F(KeyWorkersTest, AKeyCanAskToComeBack) {
    result.again_after = 10s;
    add("a");
    pass(1s);
    pass(10s - 1ms);
    EXPECT_EQ(begun.size(), 1u);
    pass(1ms);
    EXPECT_EQ(begun.size(), 2u);
}

TEST_F(KeyWorkersTest, CloseLetsWhatIsReadyHaveItsTurn) {
    for (const auto* name : {"a", "b", "c"}) add(name);
    workers.close();
    add("d");

    pass(1s);
    pass(1s);

    EXPECT_EQ(begun, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(group.size(), 0u);
}

}  // namespace
}  // namespace gk::kubernetes
