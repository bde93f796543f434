#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/signal.hpp"
#include "base/time.hpp"
#include "net/http/message.hpp"
#include "net/http/request_reader.hpp"
#include "net/http/router.hpp"
#include "net/http/transport.hpp"
#include "ports/task.hpp"

namespace gk::net {

class HttpServer;

// Serves the requests of one connection, one after the other. Lives in the frame of HttpServer::serve().
class Connection {
public:
    Connection(HttpServer& server, std::unique_ptr<Transport> transport);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Returns when the connection is over.
    Task<void> run();

    // Called by the server, on the loop. Ends the wait of this connection when its deadline is past.
    void expire(Time now);
    // Lets the request under way finish; closes at once when there is none, and ends a stream.
    void begin_stop();

private:
    class ChunkedStream;
    // What the connection does, which decides what a time-out and a stop do to it.
    enum class Stage : std::uint8_t { idle, reading, handling, writing, streaming };

    Task<bool> serve_one();
    Task<Result<Success, Problem>> read_head();
    Task<Result<Success, Problem>> read_body(std::size_t body_max);
    Task<ReadResult> fill_buffer();
    Task<bool> answer(const Route* route, Response response);
    Task<bool> refuse(const Route* route, Problem problem);
    Task<void> send_continue();
    Task<bool> send_whole(const Response& response);
    Task<bool> send_stream(const Response& response);
    Task<void> produce(const Response::Producer& producer, Stream& stream, async::Signal& ended);
    Task<void> watch_client(async::Signal& ended);
    Task<bool> write(std::string_view first, std::string_view second = {});
    Task<void> part();

    void begin_request();
    void append_head(const Response& response, bool chunked);
    void report(const Route* route, int status) const;
    std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
    void consume(std::size_t bytes) { begin_ += bytes; }
    void set_stage(Stage stage, std::optional<Milliseconds> limit);

    HttpServer& server_;
    std::unique_ptr<Transport> transport_;
    RequestReader reader_;
    Request request_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::string out_;

    Stage stage_ = Stage::idle;
    std::optional<Time> deadline_;
    Time began_{};
    std::uint64_t body_sent_ = 0;
    bool keep_alive_ = false;
    bool timed_out_ = false;
    bool broken_ = false;    // Reading or writing failed: nothing more can be said to this client.
    bool stopping_ = false;
    async::Signal* stream_ended_ = nullptr;
};

}  // namespace gk::net
