#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "adapters/system/clock.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "domain/front/report.hpp"
#include "edge/edge.hpp"
#include "programs/edge/kept_table.hpp"

namespace gk::programs {

// The edge's end of the stream from the control plane (docs/adr/0028): takes its tables, keeps them, and says what only the edge knows. While nobody
// is at the other end the edge relays on by the last table, and who knocks is remembered. It works on a thread of its own.
class RouteStream {
public:
    // `folder` outlives it.
    RouteStream(std::string socket, EdgeFolder& folder);
    ~RouteStream() { end(); }
    RouteStream(const RouteStream&) = delete;
    RouteStream& operator=(const RouteStream&) = delete;

    // Somebody knocked at a server that sleeps. From any thread, also before begin().
    void knocked(edge::WakeCall call);
    // From now on `edge`, which relays by `table`, follows the stream, until end().
    void begin(edge::Edge& edge, edge::RouteTable table);
    // Returns when `edge` is not used any more.
    void end();

private:
    using Socket = boost::asio::local::stream_protocol::socket;

    Task<void> run();
    Task<bool> connect(Socket& socket);
    Task<void> converse(Socket socket);
    Task<void> read(Socket& socket);
    Task<void> report(Socket& socket);
    void take(edge::RouteTable table);
    void forget_woken();
    front::Report report_now();

    std::string socket_;
    EdgeFolder& folder_;
    boost::asio::io_context loop_;
    system::SystemClock clock_;
    async::TaskGroup tasks_;
    async::Signal news_;
    std::map<std::string, front::Knocker> knockers_;  // By server; until a table says that it is not asleep any more.
    edge::Edge* edge_ = nullptr;
    edge::RouteTable table_;
    std::vector<std::string> wrong_;
    std::thread thread_;
};

}  // namespace gk::programs
