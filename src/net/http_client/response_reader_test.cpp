#include "net/http_client/response_reader.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gk::net {
namespace {

// What a reader makes of bytes that come in pieces of `step`, and then the end of the stream.
std::string read(std::string_view bytes, std::size_t step, bool to_head = false) {
    ResponseReader reader(to_head);
    ClientResponse response;
    std::string buffer;
    std::string body;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        buffer += bytes.substr(at, step);
        for (std::size_t before = buffer.size() + 1; buffer.size() < before && !buffer.empty();) {
            before = buffer.size();
            if (reader.is_complete()) break;
            const auto taken = reader.has_head() ? reader.read_body(buffer, body) : reader.read_head(buffer, response);
            if (!taken) return taken.error();
            buffer.erase(0, *taken);
        }
    }
    if (!reader.has_head()) return "no head";
    if (!reader.is_complete()) {
        if (const auto end = reader.end_of_stream(); !end) return end.error();
    }
    return std::to_string(response.status) + " " + body;
}

TEST(ResponseReader, ReadsBodiesOfEveryFramingHoweverTheyAreCutUp) {
    struct Row {
        std::string_view bytes;
        std::string_view outcome;
    };
    const Row rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "200 hello"},
        {"HTTP/1.1 200 OK\r\n\r\nhello", "200 hello"},
        {"HTTP/1.1 204 No Content\r\n\r\n", "204 "},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", "201 ok"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "the answer broke off in the middle"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", "the answer broke off in the middle"},
        {"HTTP/1.1 200 OK\r\nContent-", "no head"},
    };
    for (const auto& row : rows) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, row.bytes.size()}) EXPECT_EQ(read(row.bytes, step), row.outcome) << row.bytes;
    }
}

TEST(ResponseReader, AReplyToHeadHasNoBody) { EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100, true), "200 "); }

TEST(ResponseReader, SaysThatAnAnswerIsNotHttp) { EXPECT_TRUE(read("SSH-2.0-OpenSSH_9.2\r\n\r\n", 100).starts_with("the answer is not HTTP")); }

}  // namespace
}  // namespace gk::net
