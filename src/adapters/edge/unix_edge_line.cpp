#include "adapters/edge/unix_edge_line.hpp"

#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "base/log.hpp"
#include "net/json/json.hpp"

namespace gk::edge_line {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

constexpr std::size_t report_size_max = 16 << 20;
constexpr net::JsonLimits report_limits{.depth = 32, .size = report_size_max};
constexpr mode_t ours_alone = 0600;

bool is_ours(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

struct UnixEdgeLine::Peer {
    Peer(std::uint64_t number, Socket from) : id(number), socket(std::move(from)) {}
    std::uint64_t id;
    Socket socket;
    async::Signal news;
    std::shared_ptr<const std::string> sent;
};

UnixEdgeLine::UnixEdgeLine(asio::any_io_executor executor, std::string path) : executor_(executor), path_(std::move(path)), acceptor_(executor) {}

UnixEdgeLine::~UnixEdgeLine() = default;

Result<Success, std::string> UnixEdgeLine::open() {
    boost::system::error_code error;
    const auto failed = [&] { return std::unexpected(fmt::format("the edge's socket {}: {}", path_, error.message())); };
    if (path_.size() >= sizeof(sockaddr_un{}.sun_path))
        return std::unexpected(fmt::format("the edge's socket {}: the path is too long for a socket; choose a shorter state folder", path_));
    ::unlink(path_.c_str());
    acceptor_.open(Local(), error);
    if (error) return failed();
    acceptor_.bind(Local::endpoint(path_), error);
    if (error) return failed();
    ::chmod(path_.c_str(), ours_alone);
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failed();
    return Success{};
}

Task<void> UnixEdgeLine::run() {
    async::TaskGroup serving(executor_);
    const auto accept = [](UnixEdgeLine& line, async::TaskGroup& into) -> Task<void> {
        for (;;) {
            auto [error, socket] = co_await line.acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
            if (error == asio::error::operation_aborted) co_return;
            if (error || !is_ours(socket.native_handle())) continue;
            auto peer = std::make_shared<Peer>(++line.last_, std::move(socket));
            line.peers_.emplace(peer->id, peer);
            into.spawn("edge", line.serve(std::move(peer)));
        }
    };
    auto accepting = accept(*this, serving);
    co_await async::run_with(serving, std::move(accepting));
}

Task<void> UnixEdgeLine::serve(std::shared_ptr<Peer> peer) {
    log::info("edge", "an edge connected", {{"edge", peer->id}});
    async::TaskGroup writing(executor_);
    writing.spawn("routes to an edge", write(*peer));
    auto reading = read(*peer);
    co_await async::run_with(writing, std::move(reading));
    peers_.erase(peer->id);
    log::info("edge", "an edge went", {{"edge", peer->id}});
    tell(peer->id, nullptr);
}

Task<void> UnixEdgeLine::write(Peer& peer) {
    for (;;) {
        if (table_ && peer.sent != table_) {
            const auto line = table_;
            const auto [failed, size] = co_await asio::async_write(peer.socket, asio::buffer(*line), asio::as_tuple(asio::use_awaitable));
            if (failed) break;
            peer.sent = line;
            continue;
        }
        co_await peer.news.wait();
    }
    // Whoever reads is to see it too.
    peer.socket.close();
}

Task<void> UnixEdgeLine::read(Peer& peer) {
    std::string text;
    for (;;) {
        auto buffer = asio::dynamic_buffer(text, report_size_max);
        const auto [failed, size] = co_await asio::async_read_until(peer.socket, buffer, '\n', asio::as_tuple(asio::use_awaitable));
        if (failed) co_return;
        const auto document = net::parse_json(std::string_view(text).substr(0, size - 1), report_limits);
        Errors errors;
        front::Report report;
        if (!document || !decode(*document, "", errors, report)) {
            log::warning("edge", "what an edge said is no report", {{"edge", peer.id}});
            co_return;
        }
        text.erase(0, size);
        tell(peer.id, &report);
    }
}

void UnixEdgeLine::tell(std::uint64_t edge, const front::Report* report) {
    if (const auto heard = heard_; heard) (*heard)(edge, report);
}

void UnixEdgeLine::publish(wake::RouteTable table) {
    table_ = std::make_shared<const std::string>(to_json(document_of(table)) + '\n');
    for (const auto& [id, peer] : peers_) peer->news.raise();
}

std::shared_ptr<void> UnixEdgeLine::listen(Heard heard) {
    heard_ = std::make_shared<Heard>(std::move(heard));
    return std::shared_ptr<void>(nullptr, [this](void*) { heard_.reset(); });
}

}  // namespace gk::edge_line
