#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>

#include "async/wait_queue.hpp"
#include "net/http_client/client.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"

namespace gk::kubernetes {

// Connections to one server that calls share: at most `most` calls at once, others wait in the order in which they came. A connection that nobody
// used for a while is closed before the server would close it under the next call, which could not be told from a lost one.
class Connections {
public:
    static constexpr Milliseconds idle_max{30'000};

    Connections(boost::asio::any_io_executor executor, Clock& clock, net::Remote remote, std::size_t most)
        : executor_(std::move(executor)),
          clock_(clock),
          remote_(std::move(remote)),
          free_(most) {}

    // For one call at a time; goes back when it is destroyed.
    class Borrowed {
    public:
        Borrowed(Connections& from, std::unique_ptr<net::HttpClient> client, std::uint64_t certificate)
            : from_(&from),
              client_(std::move(client)),
              certificate_(certificate) {}
        Borrowed(Borrowed&&) noexcept = default;
        Borrowed& operator=(Borrowed&&) = delete;
        ~Borrowed() {
            if (client_ != nullptr) from_->give_back(std::move(client_), certificate_);
        }
        net::HttpClient& operator*() const { return *client_; }
        net::HttpClient* operator->() const { return client_.get(); }

    private:
        Connections* from_;
        std::unique_ptr<net::HttpClient> client_;
        std::uint64_t certificate_;
    };

    // `certificate` numbers what `secured` says about us: connections of another number are not used again.
    Task<Borrowed> borrow(std::optional<tls::Context> secured, std::uint64_t certificate);
    // One that is not shared, for a stream.
    std::unique_ptr<net::HttpClient> separate(std::optional<tls::Context> secured) const {
        return std::make_unique<net::HttpClient>(executor_, clock_, remote_, std::move(secured));
    }

private:
    struct Idle {
        std::unique_ptr<net::HttpClient> client;
        std::uint64_t certificate;
        Time since;
    };
    void give_back(std::unique_ptr<net::HttpClient> client, std::uint64_t certificate);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    net::Remote remote_;
    std::size_t free_;
    std::list<Idle> idle_;  // The one that was used last is at the front.
    async::WaitQueue waiting_;
};

}  // namespace gk::kubernetes
