#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "base/result.hpp"
#include "net/http/endpoint.hpp"
#include "net/http/line_reader.hpp"
#include "net/http/listener.hpp"
#include "ports/clock.hpp"
#include "ports/edge_line.hpp"
#include "tls/context.hpp"

namespace gk::edge_line {

// Lines of JSON over a stream: tables go to the edges, reports come back (docs/formats/edge-stream.md). Over a Unix socket only processes of our own
// user may connect, over the network only who shows a certificate that the keys ask for. What an edge says that is no report ends its connection.
class StreamEdgeLine final : public EdgeLine {
public:
    // What a connection over the network is secured with, asked anew for each, so that renewed files count; an error is a sentence.
    using Keys = std::function<Result<tls::Context, std::string>()>;
    // Without `keys` only for a Unix socket.
    StreamEdgeLine(boost::asio::any_io_executor executor, Clock& clock, net::Endpoint at, Keys keys = nullptr);
    ~StreamEdgeLine() override;

    // Takes the place of a socket file that was left behind. A sentence when nobody could connect.
    Result<Success, std::string> open();
    // Where that is: with port 0 the kernel has chosen.
    const net::Endpoint& endpoint() const { return at_; }
    // Serves whoever connects, until the task is cancelled; then nobody can connect any more. Only after open().
    Task<void> run();

    void publish(wake::RouteTable table) override;
    std::shared_ptr<void> listen(Heard heard) override;

private:
    struct Peer;
    Task<void> accept(std::unique_ptr<net::Listener> listener, async::TaskGroup& serving);
    void admit(std::unique_ptr<net::Transport> transport, async::TaskGroup& serving);
    Result<std::unique_ptr<net::Transport>, std::string> secure(std::unique_ptr<net::Transport> transport) const;
    Task<void> serve(std::shared_ptr<Peer> peer);
    Task<void> write(Peer& peer);
    Task<void> read(Peer& peer);
    Task<void> hear_first(Peer& peer, bool& is_edge);
    bool take(const Peer& peer, std::string_view line);
    void tell(std::uint64_t edge, const front::Report* report);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    net::Endpoint at_;
    Keys keys_;
    std::unique_ptr<net::Listener> listener_;
    std::shared_ptr<const std::string> table_;  // As it goes over the line; null before the first.
    std::map<std::uint64_t, std::shared_ptr<Peer>> peers_;
    std::uint64_t last_ = 0;
    std::shared_ptr<Heard> heard_;
};

}  // namespace gk::edge_line
