#include "adapters/kubernetes/client/connections.hpp"

#include <utility>

namespace gk::kubernetes {
namespace {

class HttpLine final : public Line {
public:
    explicit HttpLine(net::HttpClient client) : client_(std::move(client)) {}
    Task<Result<net::ClientResponse, net::NetError>> send(net::ClientRequest request, Milliseconds limit) override {
        return client_.send(std::move(request), limit);
    }
    Task<Result<std::unique_ptr<net::ClientStream>, net::NetError>> open(net::ClientRequest request, Milliseconds limit) override {
        return client_.open(std::move(request), limit);
    }

private:
    net::HttpClient client_;
};

}  // namespace

Dial dial_http(boost::asio::any_io_executor executor, Clock& clock, net::Remote remote) {
    return [executor = std::move(executor), &clock, remote = std::move(remote)](std::optional<tls::Context> secured) -> std::unique_ptr<Line> {
        return std::make_unique<HttpLine>(net::HttpClient(executor, clock, remote, std::move(secured)));
    };
}

Task<Connections::Borrowed> Connections::borrow(std::optional<tls::Context> secured, std::uint64_t certificate) {
    while (free_ == 0) co_await waiting_.wait();
    --free_;
    const auto now = clock_.now();
    std::erase_if(idle_, [&](const Idle& idle) { return idle.certificate != certificate || now - idle.since >= idle_max; });
    if (idle_.empty()) co_return Borrowed(*this, separate(std::move(secured)), certificate);
    auto line = std::move(idle_.front().line);
    idle_.pop_front();
    co_return Borrowed(*this, std::move(line), certificate);
}

void Connections::give_back(std::unique_ptr<Line> line, std::uint64_t certificate) {
    idle_.push_front({.line = std::move(line), .certificate = certificate, .since = clock_.now()});
    ++free_;
    waiting_.wake_first();
}

}  // namespace gk::kubernetes
