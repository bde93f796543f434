#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "domain/front/report.hpp"
#include "edge/edge.hpp"
#include "net/http_client/connect.hpp"
#include "programs/edge/face_watch.hpp"
#include "programs/edge/kept_table.hpp"

namespace gk::programs {

// Where the control plane says the routes.
struct ControlPlanePlace {
    net::Remote remote{};       // A Unix socket, or over the network by TLS.
    std::string certificate{};  // Over TLS: PEM files of what we show ...
    std::string key{};
    std::string authority{};    // ... and of who signed what we are shown. Read for each connection: they may be renewed.
};

// The edge's end of the stream from the control plane (docs/adr/0028): takes its tables, keeps them, and says what only the edge knows. While nobody
// is at the other end the edge relays on by the last table, and who knocks is remembered. It works on a thread of its own.
class RouteStream {
public:
    // `folder` outlives it.
    RouteStream(ControlPlanePlace place, EdgeFolder& folder);
    ~RouteStream() { end(); }
    RouteStream(const RouteStream&) = delete;
    RouteStream& operator=(const RouteStream&) = delete;

    // Somebody knocked at a server that sleeps. From any thread, also before begin().
    void knocked(edge::WakeCall call);
    // A table as the edge is to relay by it: with what servers looked like. Before begin().
    edge::RouteTable shown(edge::RouteTable table) const { return faces_.shown(std::move(table)); }
    // From now on `edge`, which relays by shown(`table`), follows the stream, until end().
    void begin(edge::Edge& edge, edge::RouteTable table);
    // Returns when `edge` is not used any more.
    void end();

private:
    using Connected = Result<std::unique_ptr<net::Transport>, net::NetError>;

    Task<void> run();
    Task<void> keep_log_small();
    Task<Connected> connect();
    Task<Connected> try_to_connect();
    void explain(const net::NetError& error);
    Task<void> converse(net::Transport& transport);
    Task<void> read(net::Transport& transport);
    Task<void> report(net::Transport& transport);
    void take(edge::RouteTable table);
    void relay_by_table();
    void forget_woken();
    void look_for_relayed();
    front::Report report_now();

    ControlPlanePlace place_;
    std::string explained_;  // Why it could not be reached, as was said last.
    EdgeFolder& folder_;
    boost::asio::io_context loop_;
    system::SystemClock clock_;
    FaceWatch faces_;
    async::TaskGroup tasks_;
    async::Signal news_;
    std::map<std::string, front::Knocker> knockers_;  // By server; until a table says that it is not asleep any more.
    // The last wake of each server; without a time until somebody has been relayed to it.
    struct Wake {
        std::string trace;
        std::optional<Time> relayed;
    };
    std::map<std::string, Wake> wakes_;
    system::SystemRandom random_;
    edge::Edge* edge_ = nullptr;
    edge::RouteTable table_;
    std::vector<std::string> wrong_;
    std::thread thread_;
};

}  // namespace gk::programs
