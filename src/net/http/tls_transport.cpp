#include "net/http/tls_transport.hpp"

#include <array>
#include <utility>

#include <boost/asio/error.hpp>

#include "async/wait_queue.hpp"
#include "tls/session.hpp"

namespace gk::net {
namespace asio = boost::asio;
namespace {

using boost::system::error_code;
using State = tls::Session::State;

class TlsTransport final : public Transport {
public:
    TlsTransport(std::unique_ptr<Transport> over, tls::Session session) : over_(std::move(over)), session_(std::move(session)) {}

    Task<Result<Success, NetError>> handshake() {
        for (;;) {
            const auto state = session_.handshake();
            // Also when it failed: the peer is told why.
            const auto unsent = co_await flush();
            if (!state) co_return std::unexpected(NetError{NetError::Kind::invalid, state.error()});
            if (*state == State::done) co_return Success{};
            if (unsent) co_return std::unexpected(broken(unsent));
            if (const auto ended = co_await fill()) co_return std::unexpected(broken(ended));
        }
    }

    Task<ReadResult> read_some(std::span<char> into) override {
        for (;;) {
            const auto read = session_.read(into);
            // A reader may owe the peer an answer too, such as that to an update of keys.
            if (const auto unsent = co_await flush()) co_return ReadResult{.error = unsent};
            if (!read) co_return ReadResult{.error = asio::error::connection_reset};
            if (read->state == State::done) co_return ReadResult{.bytes = read->bytes};
            if (read->state == State::ended) co_return ReadResult();
            if (const auto ended = co_await fill()) co_return ReadResult{.error = ended};
        }
    }

    Task<error_code> write_all(std::string_view first, std::string_view second) override {
        if (!session_.write(first) || !session_.write(second)) co_return asio::error::connection_reset;
        co_return co_await flush();
    }

    void cancel() override { over_->cancel(); }
    Task<void> shutdown_send() override {
        session_.end();
        std::ignore = co_await flush();
        co_await over_->shutdown_send();
    }
    void close() override { over_->close(); }
    const Peer& peer() const override { return over_->peer(); }

private:
    static NetError broken(const error_code& error) { return {NetError::Kind::unavailable, error.message()}; }

    // Waits for bytes of the peer.
    Task<error_code> fill() {
        const auto got = co_await over_->read_some(piece_);
        if (got.error) co_return got.error;
        if (got.bytes == 0) co_return asio::error::connection_reset;
        session_.feed(std::string_view(piece_.data(), got.bytes));
        co_return error_code();
    }

    // Sends what waits to be sent. One at a time, because records must leave in their order: a reader and a writer may both be here.
    Task<error_code> flush() {
        while (is_flushing_) co_await flushed_.wait();
        const Turn turn(*this);
        for (;;) {
            const auto out = session_.take_output();
            if (out.empty()) co_return error_code();
            if (const auto error = co_await over_->write_all(out)) co_return error;
        }
    }
    class Turn {
    public:
        explicit Turn(TlsTransport& of) : of_(of) { of_.is_flushing_ = true; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            of_.is_flushing_ = false;
            of_.flushed_.wake_first();
        }

    private:
        TlsTransport& of_;
    };

    std::unique_ptr<Transport> over_;
    tls::Session session_;
    async::WaitQueue flushed_;
    bool is_flushing_ = false;
    std::array<char, 16 * 1024> piece_{};
};

}  // namespace

Task<Result<std::unique_ptr<Transport>, NetError>> connect_tls(std::unique_ptr<Transport> over, tls::Context context, std::string server) {
    auto session = tls::Session::client(context, server);
    if (!session) co_return std::unexpected(NetError{NetError::Kind::invalid, session.error()});
    auto made = std::make_unique<TlsTransport>(std::move(over), std::move(*session));
    CO_TRY_OK(co_await made->handshake());
    co_return made;
}

Result<std::unique_ptr<Transport>, std::string> accept_tls(std::unique_ptr<Transport> over, const tls::Context& context) {
    TRY(session, tls::Session::server(context));
    return std::make_unique<TlsTransport>(std::move(over), std::move(session));
}

}  // namespace gk::net
