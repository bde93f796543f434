#include "net/s3/bucket.hpp"

#include <deque>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/memory/random.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tls/digest.hpp"

namespace gk::net::s3 {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Kind = StoreError::Kind;

std::string http(int status, const std::string& body) {
    return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}
std::string error(int status, const std::string& code) { return http(status, "<Error><Code>" + code + "</Code></Error>"); }
std::string page(const std::string& key, const std::string& more) {
    return http(200, fmt::format("<ListBucketResult><IsTruncated>{}</IsTruncated><NextContinuationToken>{}</NextContinuationToken><Contents><Key>{}"
                                 "</Key><Size>1</Size><LastModified>2026-11-21T10:00:00Z</LastModified></Contents></ListBucketResult>",
                                 more.empty() ? "false" : "true", more, key));
}

// A store that says what the test told it to, one answer for each connection, and a clock that moves on when nothing else happens.
class BucketTest : public testing::Test {
protected:
    BucketTest() : acceptor(io, {asio::ip::address_v4::loopback(), 0}), tasks(io.get_executor()) {
        tasks.spawn("store", serve());
        tasks.spawn("time", keep_time_moving());
    }
    ~BucketTest() override {
        tasks.cancel();
        async::run_until_done(io, tasks.join());
    }

    template <class T>
    T run(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    BucketOptions options() const {
        return {.location = parse_location(fmt::format("s3:http://127.0.0.1:{}/worlds/castle", acceptor.local_endpoint().port())).value(),
                .credentials = {.key_id = "key-id", .secret = Secret("very-secret")}};
    }

    asio::io_context io;
    async::ManualClock clock;
    memory::SeededRandom random{1};
    tcp::acceptor acceptor;
    std::deque<std::string> answers;
    std::vector<std::string> requests;
    async::TaskGroup tasks;
    Bucket bucket{io.get_executor(), clock, random, options(), {}};

private:
    Task<void> serve() {
        for (;;) {
            auto socket = co_await acceptor.async_accept(asio::use_awaitable);
            boost::system::error_code failed;
            std::string request(65536, '\0');
            const auto room = asio::buffer(request);
            request.resize(co_await socket.async_read_some(room, asio::redirect_error(asio::use_awaitable, failed)));
            requests.push_back(request);
            if (answers.empty()) continue;
            const auto answer = std::move(answers.front());
            answers.pop_front();
            const auto said = asio::buffer(answer);
            co_await asio::async_write(socket, said, asio::redirect_error(asio::use_awaitable, failed));
        }
    }
    Task<void> keep_time_moving() {
        for (;;) {
            co_await asio::post(io, asio::use_awaitable);
            clock.advance(Milliseconds(1));
        }
    }
};

TEST_F(BucketTest, RequestsAreSignedAndBelowThePrefix) {
    answers = {http(200, "journal")};

    EXPECT_EQ(run(bucket.get("uid/gamekeeper.journal")).value(), "journal");

    ASSERT_EQ(requests.size(), 1U);
    EXPECT_TRUE(requests[0].starts_with("GET /worlds/castle/uid/gamekeeper.journal HTTP/1.1\r\n")) << requests[0];
    EXPECT_TRUE(requests[0].contains("Authorization: AWS4-HMAC-SHA256 Credential=key-id/")) << requests[0];
    EXPECT_FALSE(requests[0].contains("very-secret"));
}

TEST_F(BucketTest, WhatPassesIsTriedAgain) {
    const std::string good = http(200, "content");
    const std::vector<std::string> passing = {error(503, "SlowDown"), error(500, "InternalError"), error(200, "InternalError"), "",
                                              good.substr(0, 40),     "nonsense\r\n\r\n"};
    for (const auto& bad : passing) {
        answers = {bad, good};
        requests.clear();

        const auto hash = run(bucket.hash_of("pack"));

        ASSERT_TRUE(hash) << bad << ": " << hash.error().detail;
        EXPECT_EQ(*hash, tls::hex(tls::sha256(as_byte_span("content")))) << bad;
        EXPECT_EQ(requests.size(), 2U) << bad;
        answers = {bad, good};
        EXPECT_TRUE(run(bucket.put("object", "content"))) << bad;
    }
}

TEST_F(BucketTest, AStoreThatStaysAwayIsNotTriedForEver) {
    const auto begun = clock.now();
    const auto got = run(bucket.get("object"));
    EXPECT_EQ(got.error().kind, Kind::unavailable);
    EXPECT_TRUE(got.error().detail.contains(bucket.location().text())) << got.error().detail;
    EXPECT_EQ(requests.size(), 5U);
    EXPECT_LT(clock.now() - begun, std::chrono::seconds(30));
}

TEST_F(BucketTest, AWrongKeyIsAPersonsMatterAndNotTriedAgain) {
    answers = {error(403, "SignatureDoesNotMatch"), http(200, "")};
    const auto put = run(bucket.put("object", "x"));
    EXPECT_EQ(put.error().kind, Kind::denied);
    EXPECT_TRUE(put.error().detail.contains("secret_file")) << put.error().detail;
    EXPECT_FALSE(put.error().detail.contains("very-secret"));
    EXPECT_EQ(requests.size(), 1U);
}

TEST_F(BucketTest, ListsGoOnUntilTheirEnd) {
    answers = {page("castle/a", "next/1"), error(503, "SlowDown"), page("castle/b", "")};

    const auto listed = run(bucket.list(""));

    ASSERT_TRUE(listed) << listed.error().detail;
    ASSERT_EQ(listed->size(), 2U);
    EXPECT_EQ(listed->at(0).key, "a");
    EXPECT_EQ(listed->at(1).key, "b");
    EXPECT_TRUE(requests[1].contains("continuation-token=next%2F1")) << requests[1];
    EXPECT_TRUE(requests[0].contains("prefix=castle%2F")) << requests[0];
}

TEST_F(BucketTest, WhatIsGoneNeedNotBeRemoved) {
    answers = {error(404, "NoSuchKey"), error(404, "NoSuchBucket"), error(404, "NoSuchKey")};
    EXPECT_TRUE(run(bucket.remove("object")));
    EXPECT_EQ(run(bucket.remove("object")).error().kind, Kind::denied);
    EXPECT_EQ(run(bucket.get("object")).error().kind, Kind::not_found);
}

TEST_F(BucketTest, ACopyIsMadeByTheStore) {
    answers = {http(200, "<CopyObjectResult/>"), error(200, "AccessDenied")};
    EXPECT_TRUE(run(bucket.copy("uid/data/00/pack", "uid.damaged/pack")));
    EXPECT_TRUE(requests[0].starts_with("PUT /worlds/castle/uid.damaged/pack HTTP/1.1\r\n"));
    EXPECT_TRUE(requests[0].contains("x-amz-copy-source: /worlds/castle/uid/data/00/pack\r\n")) << requests[0];
    EXPECT_EQ(run(bucket.copy("a", "b")).error().kind, Kind::denied) << "an error in an answer with status 200";
}

}  // namespace
}  // namespace gk::net::s3
