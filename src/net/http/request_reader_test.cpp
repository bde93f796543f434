#include "net/http/request_reader.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gk::net {
namespace {

constexpr std::size_t body_max = 1000;

// What one reader makes of some bytes, given in pieces of `step`.
struct Outcome {
    int status = 0;         // Of the refusal; 0 when none.
    bool complete = false;
    std::string body;
    std::string left_over;  // Bytes behind the request.
    Request request;
};

Outcome read(RequestReader& reader, std::string_view bytes, std::size_t step) {
    Outcome outcome;
    std::string buffer;
    bool has_head = false;
    for (std::size_t at = 0; at < bytes.size() && !outcome.complete; at += step) {
        buffer += bytes.substr(at, step);
        if (!has_head) {
            const auto taken = reader.read_head(buffer, outcome.request);
            if (!taken) {
                outcome.status = taken.error().status;
                return outcome;
            }
            has_head = *taken > 0;
            buffer.erase(0, *taken);
        }
        if (has_head && !reader.is_complete()) {
            const auto taken = reader.read_body(buffer, outcome.request, body_max);
            if (!taken) {
                outcome.status = taken.error().status;
                return outcome;
            }
            buffer.erase(0, *taken);
        }
        outcome.complete = has_head && reader.is_complete();
        if (outcome.complete) buffer += bytes.substr(std::min(at + step, bytes.size()));
    }
    outcome.body = outcome.request.body;
    outcome.left_over = buffer;
    return outcome;
}

Outcome read(std::string_view bytes, std::size_t step = 1'000'000) {
    RequestReader reader;
    return read(reader, bytes, step);
}

std::string with_headers(std::string_view headers) { return "POST /x HTTP/1.1\r\n" + std::string(headers) + "\r\n"; }

TEST(RequestReader, ReadsARequestHoweverItIsCutUp) {
    const std::string bytes = "\r\nPOST /v1/servers?limit=1 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nContent-Length: 5\r\n\r\nhelloGET /";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        SCOPED_TRACE(step);
        RequestReader reader;
        const auto outcome = read(reader, bytes, step);
        ASSERT_TRUE(outcome.complete);
        EXPECT_EQ(outcome.body, "hello");
        EXPECT_EQ(outcome.left_over, "GET /");
        EXPECT_EQ(outcome.request.method, Method::post);
        EXPECT_EQ(outcome.request.raw_target, "/v1/servers?limit=1");
        EXPECT_EQ(outcome.request.header("x-two"), "1");
        EXPECT_TRUE(reader.keeps_alive());
    }
}

TEST(RequestReader, ReadsChunkedBodiesHoweverTheyAreCutUp) {
    const std::string bytes =
        with_headers("Host: a\r\nTransfer-Encoding: Chunked\r\n") + "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\nrest";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        SCOPED_TRACE(step);
        const auto outcome = read(bytes, step);
        ASSERT_TRUE(outcome.complete);
        EXPECT_EQ(outcome.body, "hello world");
        EXPECT_EQ(outcome.left_over, "rest");
        EXPECT_EQ(outcome.request.header("Trailer"), std::nullopt);
    }
}

// Each row is a way to make two readers disagree about where a message ends or for whom it is.
TEST(RequestReader, RefusesWhatCouldSmuggleARequest) {
    const std::string rows[] = {
        with_headers("Host: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding: gzip\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding: chunked, identity\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding: identity, chunked\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding: xchunked\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding:\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        with_headers("Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        with_headers("Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n"),
        with_headers("Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n"),
        with_headers("Host: a\r\nContent-Length: 5, 5\r\n"),
        with_headers("Host: a\r\nContent-Length: +5\r\n"),
        with_headers("Host: a\r\nContent-Length: 0x5\r\n"),
        with_headers("Host: a\r\nContent-Length: 99999999999999999999\r\n"),
        with_headers("Host: a\r\nContent-Length:\r\n"),
        with_headers("Host: a\r\nHost: a\r\n"),
        with_headers("X: 1\r\n"),
        with_headers("Host: a\r\nX: 1\r\n folded\r\n"),
        with_headers("Host: a\r\nX: 1\r\n\tfolded\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding:\r\n chunked\r\n"),
        with_headers("Host: a\r\nTransfer-Encoding : chunked\r\n"),
        with_headers("Host: a\r\nX: 1\nY: 2\r\n"),
        with_headers("Host: a\r\nX: a\rb\r\n"),
        with_headers("Host: a\r\nX: a\x01b\r\n"),
        with_headers(std::string("Host: a\r\nX: a\0b\r\n", 17)),
        with_headers("Host: a\r\n: empty\r\n"),
        with_headers("Host: a\r\nno colon\r\n"),
        "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x\r\n\r\n",
        " GET /x HTTP/1.1\r\nHost: a\r\n\r\n",
        with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + "-5\r\nhello\r\n0\r\n\r\n",
        with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + "5\nhello\r\n0\r\n\r\n",
        with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + "5\r\nhelloo\r\n0\r\n\r\n",
        with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + "0x5\r\nhello\r\n0\r\n\r\n",
        with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    };
    for (const auto& bytes : rows) {
        EXPECT_EQ(read(bytes).status, 400) << bytes;
        EXPECT_EQ(read(bytes, 1).status, 400) << "byte by byte: " << bytes;
    }
}

TEST(RequestReader, NamesOtherReasonsByTheirStatus) {
    std::string many;
    for (int i = 0; i < 120; ++i) many += "X: 1\r\n";
    EXPECT_EQ(read("BREW /x HTTP/1.1\r\nHost: a\r\n\r\n").status, 501);
    EXPECT_EQ(read("GET /x  HTTP/1.1\r\nHost: a\r\n\r\n").status, 505);
    EXPECT_EQ(read("GET /x HTTP/2.0\r\nHost: a\r\n\r\n").status, 505);
    EXPECT_EQ(read("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n").status, 414);
    EXPECT_EQ(read(with_headers("Host: a\r\nX: " + std::string(33'000, 'x') + "\r\n")).status, 431);
    EXPECT_EQ(read(std::string(40'000, 'G'), 1000).status, 431);
    EXPECT_EQ(read(with_headers("Host: a\r\n" + many)).status, 431);
    EXPECT_EQ(read(with_headers("Host: a\r\nExpect: tea\r\n")).status, 417);
    EXPECT_EQ(read(with_headers("Host: a\r\nContent-Length: 1001\r\n") + "x").status, 413);
    EXPECT_EQ(read(with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + "3e9\r\n" + std::string(1001, 'x')).status, 413);
    const auto chunk = "258\r\n" + std::string(600, 'x') + "\r\n";
    EXPECT_EQ(read(with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + chunk + chunk + "0\r\n\r\n").status, 413);
}

TEST(RequestReader, AcceptsABodyOfExactlyTheLimit) {
    EXPECT_EQ(read(with_headers("Host: a\r\nContent-Length: 1000\r\n") + std::string(1000, 'x')).body.size(), 1000u);
    EXPECT_EQ(read(with_headers("Host: a\r\nTransfer-Encoding: chunked\r\n") + "3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n").body.size(),
              1000u);
}

TEST(RequestReader, KnowsWhetherTheConnectionGoesOn) {
    const auto keeps = [](std::string_view bytes) {
        RequestReader reader;
        read(reader, bytes, bytes.size());
        return reader.keeps_alive();
    };
    EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestReader, NeverSeesAWholeRequestInAPrefix) {
    const std::string bytes = with_headers("Host: a\r\nContent-Length: 5\r\n") + "hello";
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto outcome = read(std::string_view(bytes).substr(0, size));
        EXPECT_FALSE(outcome.complete) << size;
        EXPECT_EQ(outcome.status, 0) << size;
    }
}

}  // namespace
}  // namespace gk::net
