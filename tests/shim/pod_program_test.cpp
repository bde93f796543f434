#include <gtest/gtest.h>

#include "adapters/system/clock.hpp"
#include "net/shim/program.hpp"
#include "tests/shim/pod_run.hpp"

namespace gk::pod_test {
namespace {

using Ended = Result<Workbench::Ended, RuntimeError>;
using wire::shim::ProgramOrder;

// A pod and the folder in which programs work.
class ProgramInAPod : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directory(work);
        ASSERT_TRUE(pod.start());
    }
    ProgramOrder script(std::string text) const {
        return {.argv = {"sh", "-c", std::move(text)},
                .env = {{"PATH", "/usr/bin:/bin"}},
                .working_directory = work.string(),
                .world = "data",
                .input = {},
                .folder = "record",
                .files = {}};
    }
    Task<Ended> running(ProgramOrder order, Epoch epoch = Epoch{1}) {
        const net::shim::ProgramLimits limits{.open_by = clock.now() + patience, .run = patience, .output_max = 1'000'000, .errors_kept = 1'000};
        return net::shim::run_program(clock, pod.remote(), epoch, std::move(order), limits);
    }
    Ended run(ProgramOrder order, Epoch epoch = Epoch{1}) { return async::run_until_done(io, running(std::move(order), epoch)); }

    PodRun pod;
    const fs::path work = pod.directory.path() / "work";
    boost::asio::io_context io;
    system::SystemClock clock{io.get_executor()};
};

TEST_F(ProgramInAPod, IsGivenItsOrderAndHeardToTheEnd) {
    auto order = script("cat; cat record/a.txt; echo $TREASURE; pwd; ls; echo oops >&2; exit 3");
    order.input = "from its input\n";
    order.files = {{"a.txt", "from a file\n"}};
    order.env["TREASURE"] = "gold";

    const auto ended = run(order);

    ASSERT_TRUE(ended) << ended.error().detail;
    EXPECT_EQ(ended->code, 3);
    EXPECT_EQ(ended->output, "from its input\nfrom a file\ngold\n" + work.string() + "\ndata\nrecord\n");
    EXPECT_EQ(ended->errors, "oops\n");
    EXPECT_FALSE(fs::exists(work / "record")) << "what it was given is gone afterwards";
    EXPECT_TRUE(fs::exists(work / "data"));
}

TEST_F(ProgramInAPod, MayWriteMuchAndDieByASignal) {
    const auto ended = run(script("head -c 900000 /dev/zero | tr '\\0' x; head -c 100000 /dev/zero | tr '\\0' y >&2; echo end >&2; kill -9 $$"));

    ASSERT_TRUE(ended) << ended.error().detail;
    EXPECT_EQ(ended->output.size(), 900'000U);
    EXPECT_EQ(ended->errors.size(), 1'000U);
    EXPECT_TRUE(ended->errors.ends_with("yend\n"));
    EXPECT_EQ(ended->code, 128 + SIGKILL);
}

TEST_F(ProgramInAPod, ThatFloodsItsListenerIsEnded) {
    const auto ended = run(script("trap 'touch asked; exit' INT; while :; do echo flood flood flood flood flood flood flood; done"));

    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, RuntimeError::Kind::exhausted);
    // The next is let in when it has gone.
    while (run(script("exit 0")).has_value() == false) {
    }
    EXPECT_TRUE(fs::exists(work / "asked")) << "in order: restic removes its lock";
}

TEST_F(ProgramInAPod, ThatIsNotThereIsSaid) {
    auto order = script("");
    order.argv = {"no-such-program"};

    const auto ended = run(order);

    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, RuntimeError::Kind::invalid);
    EXPECT_NE(ended.error().detail.find("no-such-program"), std::string::npos) << ended.error().detail;
}

TEST_F(ProgramInAPod, OutOfMemoryIsSaid) {
    const auto events = (pod.cgroup / "memory.events").string();
    const auto ended = run(script("printf 'oom 1\\noom_kill 1\\n' >" + events + "; kill -9 $$"));

    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, RuntimeError::Kind::exhausted);
}

// A named pipe tells that the program runs, and a second one is a sign of its end: nobody holds it open any more.
class Sign {
public:
    explicit Sign(const fs::path& at) : path(at) {
        EXPECT_EQ(::mkfifo(at.c_str(), 0600), 0);
        reader_.reset(::open(at.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    }
    bool was_given() const {
        char byte = 0;
        return readable(reader_.get()) && ::read(reader_.get(), &byte, 1) == 1;
    }
    // The one who wrote has ended.
    bool is_over() const {
        char byte = 0;
        while (readable(reader_.get())) {
            if (::read(reader_.get(), &byte, 1) <= 0) return true;
        }
        return false;
    }
    const fs::path path;

private:
    Descriptor reader_;
};

std::string until_ended(const Sign& sign) {
    return "trap 'touch asked; exit' INT; exec 5>" + sign.path.string() + "; echo >&5; while :; do sleep 0.05; done";
}

// Asks for a program and hangs up when it runs.
void order_and_leave(const PodRun& pod, const ProgramOrder& order, const Sign& sign) {
    SealedPeer peer(pod.port, pod.key);
    peer.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::program, .text = {}}));
    ASSERT_FALSE(peer.receive(1).empty());
    peer.send(wire::shim::encode(order));
    ASSERT_TRUE(sign.was_given());
}

TEST_F(ProgramInAPod, EndsWithItsListener) {
    const Sign sign(pod.directory.path() / "sign");

    order_and_leave(pod, script(until_ended(sign)), sign);

    EXPECT_TRUE(sign.is_over());
    EXPECT_TRUE(fs::exists(work / "asked"));
}

TEST_F(ProgramInAPod, OfAReplacedKeeperIsEndedAndItsNextRefused) {
    const Sign sign(pod.directory.path() / "sign");
    SealedPeer peer(pod.port, pod.key);
    peer.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::program, .text = {}}));
    ASSERT_FALSE(peer.receive(1).empty());
    peer.send(wire::shim::encode(script(until_ended(sign))));
    ASSERT_TRUE(sign.was_given());

    const auto newer = run(script("echo mine"), Epoch{2});

    ASSERT_TRUE(newer) << newer.error().detail;
    EXPECT_EQ(newer->output, "mine\n");
    EXPECT_TRUE(sign.is_over());
    const auto older = run(script("true"), Epoch{1});
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().kind, RuntimeError::Kind::refused);
}

TEST_F(ProgramInAPod, IsEndedInOrderWhenThePodIs) {
    const Sign sign(pod.directory.path() / "sign");
    SealedPeer peer(pod.port, pod.key);
    peer.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::program, .text = {}}));
    ASSERT_FALSE(peer.receive(1).empty());
    peer.send(wire::shim::encode(script(until_ended(sign))));
    ASSERT_TRUE(sign.was_given());

    pod.terminate();

    EXPECT_EQ(pod.wait_for_end(), 0);
    EXPECT_TRUE(fs::exists(work / "asked"));
}

}  // namespace
}  // namespace gk::pod_test
