#include "adapters/edge/stream_edge_line.hpp"

#include <string_view>
#include <unistd.h>
#include <utility>

#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "net/http/tls_transport.hpp"
#include "net/json/json.hpp"

namespace gk::edge_line {
namespace {

constexpr std::size_t report_size_max = 16 << 20;
constexpr net::JsonLimits report_limits{.depth = 32, .size = report_size_max};
constexpr unsigned ours_alone = 0600;
// Each is an edge, or somebody who has yet to prove that he is one.
constexpr std::size_t peers_max = 256;
// An edge speaks at once. Within that time whoever connects has shown a certificate and said a first report.
constexpr Milliseconds first_word_most = std::chrono::seconds(10);
constexpr Milliseconds retry_accept{200};

bool is_ours(const net::Peer& peer) { return peer.uid && (*peer.uid == ::geteuid() || *peer.uid == 0); }

}  // namespace

struct StreamEdgeLine::Peer {
    Peer(std::uint64_t number, std::unique_ptr<net::Transport> from) : id(number), transport(std::move(from)), lines(*transport, report_size_max) {}
    std::uint64_t id;
    std::unique_ptr<net::Transport> transport;
    net::LineReader lines;
    async::Signal news;
    std::shared_ptr<const std::string> sent;
};

StreamEdgeLine::StreamEdgeLine(boost::asio::any_io_executor executor, Clock& clock, net::Endpoint at, Keys keys)
    : executor_(std::move(executor)),
      clock_(clock),
      at_(std::move(at)),
      keys_(std::move(keys)) {}

StreamEdgeLine::~StreamEdgeLine() = default;

Result<Success, std::string> StreamEdgeLine::open() {
    if (!at_.is_unix() && !keys_) return std::unexpected("edges come over the network only with certificates");
    auto opened = net::Listener::open(executor_, at_, ours_alone);
    if (!opened) return std::unexpected(fmt::format("the line to the edges: {}", opened.error().detail));
    listener_ = std::move(*opened);
    at_ = listener_->endpoint();
    return Success{};
}

Task<void> StreamEdgeLine::run() {
    async::TaskGroup serving(executor_);
    auto accepting = accept(std::move(listener_), serving);
    co_await async::run_with(serving, std::move(accepting));
}

Task<void> StreamEdgeLine::accept(std::unique_ptr<net::Listener> listener, async::TaskGroup& serving) {
    for (;;) {
        boost::system::error_code error;
        auto transport = co_await listener->accept(error);
        if (error == boost::asio::error::operation_aborted) co_return;
        if (transport) admit(std::move(transport), serving);
        else co_await clock_.sleep(retry_accept);  // No descriptor is left, for one.
    }
}

void StreamEdgeLine::admit(std::unique_ptr<net::Transport> transport, async::TaskGroup& serving) {
    if (at_.is_unix() && !is_ours(transport->peer())) return;
    if (peers_.size() >= peers_max) return log::warning("edge", "too many connections of edges; one was refused", {{"most", peers_max}});
    auto secured = secure(std::move(transport));
    if (!secured) return log::error("edge", "no edge can be spoken to", {{"why", secured.error()}});
    auto peer = std::make_shared<Peer>(++last_, std::move(*secured));
    peers_.emplace(peer->id, peer);
    serving.spawn("edge", serve(std::move(peer)));
}

Result<std::unique_ptr<net::Transport>, std::string> StreamEdgeLine::secure(std::unique_ptr<net::Transport> transport) const {
    if (!keys_) return transport;
    TRY(context, keys_());
    return net::accept_tls(std::move(transport), context);
}

Task<void> StreamEdgeLine::serve(std::shared_ptr<Peer> peer) {
    bool is_edge = false;
    auto first = hear_first(*peer, is_edge);
    co_await async::finishes_by(clock_, clock_.now() + first_word_most, std::move(first));
    if (is_edge) {
        log::info("edge", "an edge connected", {{"edge", peer->id}, {"from", peer->transport->peer().address}});
        async::TaskGroup writing(executor_);
        writing.spawn("routes to an edge", write(*peer));
        auto reading = read(*peer);
        co_await async::run_with(writing, std::move(reading));
        log::info("edge", "an edge went", {{"edge", peer->id}});
    } else {
        log::warning("edge", "who connected is no edge", {{"from", peer->transport->peer().address}});
    }
    peers_.erase(peer->id);
    tell(peer->id, nullptr);
}

// Hands are shaken within it: before, nothing may be said to whoever it is.
Task<void> StreamEdgeLine::hear_first(Peer& peer, bool& is_edge) {
    const auto line = co_await peer.lines.next();
    is_edge = line && take(peer, *line);
}

Task<void> StreamEdgeLine::write(Peer& peer) {
    for (;;) {
        if (table_ && peer.sent != table_) {
            const auto line = table_;
            if (co_await peer.transport->write_all(*line)) break;
            peer.sent = line;
            continue;
        }
        co_await peer.news.wait();
    }
    // Whoever reads is to see it too.
    peer.transport->close();
}

Task<void> StreamEdgeLine::read(Peer& peer) {
    for (;;) {
        const auto line = co_await peer.lines.next();
        if (!line || !take(peer, *line)) co_return;
    }
}

bool StreamEdgeLine::take(const Peer& peer, std::string_view line) {
    const auto document = net::parse_json(line, report_limits);
    Errors errors;
    front::Report report;
    if (!document || !decode(*document, "", errors, report)) {
        log::warning("edge", "what an edge said is no report", {{"edge", peer.id}});
        return false;
    }
    tell(peer.id, &report);
    return true;
}

void StreamEdgeLine::tell(std::uint64_t edge, const front::Report* report) {
    if (const auto heard = heard_; heard) (*heard)(edge, report);
}

void StreamEdgeLine::publish(wake::RouteTable table) {
    table_ = std::make_shared<const std::string>(to_json(document_of(table)) + '\n');
    for (const auto& [id, peer] : peers_) peer->news.raise();
}

std::shared_ptr<void> StreamEdgeLine::listen(Heard heard) {
    heard_ = std::make_shared<Heard>(std::move(heard));
    return std::shared_ptr<void>(nullptr, [this](void*) { heard_.reset(); });
}

}  // namespace gk::edge_line
