#include "programs/load/connections.hpp"

#include <utility>

namespace gk::programs {

// Comes back when it is done, however that came about.
class Connections::Lent {
public:
    Lent(Connections& owner, std::unique_ptr<net::HttpClient> client) : owner_(owner), client_(std::move(client)) {}
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    ~Lent() {
        owner_.free_.push_back(std::move(client_));
        owner_.waiting_.wake_first();
    }
    net::HttpClient& client() { return *client_; }

private:
    Connections& owner_;
    std::unique_ptr<net::HttpClient> client_;
};

Task<Result<net::ClientResponse, net::NetError>> Connections::send(net::ClientRequest request, Milliseconds limit) {
    while (free_.empty() && made_ == most_) co_await waiting_.wait();
    if (free_.empty()) {
        free_.push_back(std::make_unique<net::HttpClient>(executor_, clock_, remote_, secured_));
        ++made_;
    }
    auto client = std::move(free_.back());
    free_.pop_back();
    Lent lent(*this, std::move(client));
    co_return co_await lent.client().send(std::move(request), limit);
}

}  // namespace gk::programs
