#include "adapters/kubernetes/connections.hpp"

#include <utility>

namespace gk::kubernetes {

Task<Connections::Borrowed> Connections::borrow(std::optional<tls::Context> secured, std::uint64_t certificate) {
    while (free_ == 0) co_await waiting_.wait();
    --free_;
    const auto now = clock_.now();
    std::erase_if(idle_, [&](const Idle& idle) { return idle.certificate != certificate || now - idle.since >= idle_max; });
    if (idle_.empty()) co_return Borrowed(*this, separate(std::move(secured)), certificate);
    auto client = std::move(idle_.front().client);
    idle_.pop_front();
    co_return Borrowed(*this, std::move(client), certificate);
}

void Connections::give_back(std::unique_ptr<net::HttpClient> client, std::uint64_t certificate) {
    idle_.push_front({.client = std::move(client), .certificate = certificate, .since = clock_.now()});
    ++free_;
    waiting_.wake_first();
}

}  // namespace gk::kubernetes
