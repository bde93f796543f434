#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

// One connection as calls use it: net::HttpClient behind it, except in the simulator, which answers them itself.
class Line {
public:
    virtual ~Line() = default;
    virtual Task<Result<net::ClientResponse, net::NetError>> send(net::ClientRequest request, Milliseconds limit) = 0;
    virtual Task<Result<std::unique_ptr<net::ClientStream>, net::NetError>> open(net::ClientRequest request, Milliseconds limit) = 0;
};

// Makes a connection; nothing is sent before it is used.
using Dial = std::function<std::unique_ptr<Line>(std::optional<tls::Context> secured)>;
Dial dial_http(boost::asio::any_io_executor executor, Clock& clock, net::Remote remote);

// Connections to one server that calls share: at most `most` calls at once, others wait in the order in which they came. A connection that nobody
// used for a while is closed before the server would close it under the next call, which could not be told from a lost one.
class Connections {
public:
    static constexpr Milliseconds idle_max{30'000};

    Connections(Dial dial, Clock& clock, std::size_t most) : dial_(std::move(dial)), clock_(clock), free_(most) {}

    // For one call at a time; goes back when it is destroyed.
    class Borrowed {
    public:
        Borrowed(Connections& from, std::unique_ptr<Line> line, std::uint64_t certificate)
            : from_(&from),
              line_(std::move(line)),
              certificate_(certificate) {}
        Borrowed(Borrowed&&) noexcept = default;
        Borrowed& operator=(Borrowed&&) = delete;
        ~Borrowed() {
            if (line_ != nullptr) from_->give_back(std::move(line_), certificate_);
        }
        Line* operator->() const { return line_.get(); }

    private:
        Connections* from_;
        std::unique_ptr<Line> line_;
        std::uint64_t certificate_;
    };

    // `certificate` numbers what `secured` says about us: connections of another number are not used again.
    Task<Borrowed> borrow(std::optional<tls::Context> secured, std::uint64_t certificate);
    // One that is not shared, for a stream.
    std::unique_ptr<Line> separate(std::optional<tls::Context> secured) const { return dial_(std::move(secured)); }

private:
    struct Idle {
        std::unique_ptr<Line> line;
        std::uint64_t certificate;
        Time since;
    };
    void give_back(std::unique_ptr<Line> line, std::uint64_t certificate);

    Dial dial_;
    Clock& clock_;
    std::size_t free_;
    std::list<Idle> idle_;  // The one that was used last is at the front.
    async::WaitQueue waiting_;
};

}  // namespace gk::kubernetes
