#include "tests/sim/cluster/shim_end.hpp"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include "wire/shim/pod.hpp"

namespace gk::sim {

namespace asio = boost::asio;
using boost::system::error_code;

ShimEnd::ShimEnd(Nodes& nodes, const SimPod& pod, Socket socket)
    : nodes_(nodes),
      pod_(pod.uid),
      socket_(std::move(socket)),
      seal_(noise::Session::server(pod.secret, wire::shim::pod_purpose)) {}

void ShimEnd::read_on() {
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code error, std::size_t count) {
        if (error) return self->close();
        self->on_bytes(count);
    });
}

void ShimEnd::on_bytes(std::size_t count) {
    if (!seal_.feed(ByteSpan(chunk_).first(count))) return close();
    const auto plain = seal_.take_plain();
    in_.insert(in_.end(), plain.begin(), plain.end());
    send({});  // Our part of the opening.
    for (;;) {
        auto framed = wire::shim::read_request(in_);
        if (!framed) return close();
        if (!framed->message) break;
        in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(framed->size));
        nodes_.request(shared_from_this(), pod_, std::move(*framed->message));
    }
    if (is_open()) read_on();
}

void ShimEnd::send(const std::vector<std::byte>& frame) {
    if (!is_open()) return;
    seal_.send(frame);
    const auto bytes = seal_.take_output();
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    if (sending_.empty()) write_on();
}

void ShimEnd::write_on() {
    sending_ = std::exchange(out_, {});
    if (sending_.empty()) return;
    asio::async_write(socket_, asio::buffer(sending_), [self = shared_from_this()](error_code error, std::size_t) {
        self->sending_.clear();
        if (error) return self->close();
        self->write_on();
    });
}

void ShimEnd::close() {
    error_code ignored;
    socket_.close(ignored);
}

Task<Result<ShimEnd::Socket, std::string>> reach_pod(Nodes& nodes, Clock& clock, std::string address) {
    co_await clock.sleep(Milliseconds(2));
    if (nodes.listener(address) == nullptr) {
        co_await clock.sleep(Milliseconds(5000));
        co_return std::unexpected("the shim at " + address + " cannot be reached: nobody answers");
    }
    const auto executor = co_await asio::this_coro::executor;
    asio::local::stream_protocol::socket ours(executor), theirs(executor);
    asio::local::connect_pair(ours, theirs);
    auto* pod = nodes.listener(address);
    auto end = std::make_shared<ShimEnd>(nodes, *pod, ShimEnd::Socket(std::move(theirs)));
    pod->ends.push_back(end);
    end->read_on();
    co_return ShimEnd::Socket(std::move(ours));
}

}  // namespace gk::sim
