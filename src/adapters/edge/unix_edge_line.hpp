#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "base/result.hpp"
#include "ports/edge_line.hpp"

namespace gk::edge_line {

// Lines of JSON over a Unix socket: tables go to the edges, reports come back (docs/formats/edge-stream.md). Only processes of our own user may
// connect. What an edge says that is no report ends its connection.
class UnixEdgeLine final : public EdgeLine {
public:
    UnixEdgeLine(boost::asio::any_io_executor executor, std::string path);
    ~UnixEdgeLine() override;

    // Takes the place of a socket that was left behind. A sentence when nobody could connect.
    Result<Success, std::string> open();
    // Serves whoever connects, until the task is cancelled.
    Task<void> run();

    void publish(wake::RouteTable table) override;
    std::shared_ptr<void> listen(Heard heard) override;

private:
    using Socket = boost::asio::local::stream_protocol::socket;
    struct Peer;
    Task<void> serve(std::shared_ptr<Peer> peer);
    Task<void> write(Peer& peer);
    Task<void> read(Peer& peer);
    void tell(std::uint64_t edge, const front::Report* report);

    boost::asio::any_io_executor executor_;
    std::string path_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    std::shared_ptr<const std::string> table_;  // As it goes over the line; null before the first.
    std::map<std::uint64_t, std::shared_ptr<Peer>> peers_;
    std::uint64_t last_ = 0;
    std::shared_ptr<Heard> heard_;
};

}  // namespace gk::edge_line
