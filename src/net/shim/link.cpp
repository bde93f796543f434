#include "net/shim/link.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "wire/shim/layout.hpp"
#include "wire/shim/pod.hpp"

namespace gk::net::shim {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t chunk_size = 16 * 1024;
constexpr Milliseconds hello_patience{5'000};

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

// No `default`: a new outcome must find its kind here.
RuntimeError::Kind kind_of(wire::shim::Outcome outcome) {
    using enum wire::shim::Outcome;
    switch (outcome) {
    case ok: break;
    case stale: return RuntimeError::Kind::refused;
    case not_found: return RuntimeError::Kind::not_found;
    case invalid: return RuntimeError::Kind::invalid;
    case unavailable: return RuntimeError::Kind::unavailable;
    }
    return RuntimeError::Kind::unavailable;
}

}  // namespace

Link::Link(asio::any_io_executor executor, Clock& clock) : clock_(clock), socket_(executor), chunk_(chunk_size) {}

Task<Result<std::shared_ptr<Link>, RuntimeError>> Link::connect(Clock& clock, std::string run_folder, Epoch epoch, Changed changed) {
    auto link = std::make_shared<Link>(co_await asio::this_coro::executor, clock);
    CO_TRY_OK(co_await link->open(run_folder));
    CO_TRY_OK(co_await link->greet(epoch, std::move(changed)));
    co_return link;
}

Task<Result<std::shared_ptr<Link>, RuntimeError>> Link::connect(Clock& clock, RemoteShim shim, Epoch epoch, Changed changed, Reach reach) {
    auto link = std::make_shared<Link>(co_await asio::this_coro::executor, clock);
    auto socket = co_await reach(clock, shim);
    if (!socket) co_return fail(RuntimeError::Kind::unavailable, std::move(socket).error());
    link->socket_ = std::move(*socket);
    link->seal_ = noise::Session::client(shim.key, wire::shim::pod_purpose);
    link->begin();
    CO_TRY_OK(co_await link->greet(epoch, std::move(changed)));
    co_return link;
}

// Ends a connection that nobody is given, also when its opening was cancelled: it would read on for ever.
class Link::Unkept {
public:
    explicit Unkept(Link& link) : link_(&link) {}
    ~Unkept() {
        if (link_ != nullptr) link_->close();
    }
    Unkept(const Unkept&) = delete;
    Unkept& operator=(const Unkept&) = delete;
    void keep() { link_ = nullptr; }

private:
    Link* link_;
};

Task<Result<Success, RuntimeError>> Link::greet(Epoch epoch, Changed changed) {
    Unkept unkept(*this);
    auto hello = co_await ask(wire::shim::Op::hello, std::string(), epoch, hello_patience);
    if (!hello) {
        const bool stranger = seal_ && !seal_->is_proved();
        if (stranger) hello.error().detail = "whoever listens there does not hold the key of this server's shim: " + hello.error().detail;
        co_return std::unexpected(std::move(hello).error());
    }
    hello_ = std::move(*hello);
    // The first status has come before the answer; from here on the owner hears of the next.
    changed_ = std::move(changed);
    unkept.keep();
    co_return Success{};
}

// A socket's address holds 107 characters, a state folder's path may be longer: through /proc every folder has a short name.
Task<Result<Success, RuntimeError>> Link::open(const std::string& run_folder) {
    const int folder = ::open(run_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) co_return fail(RuntimeError::Kind::not_found, "there is no run folder " + run_folder);
    const asio::local::stream_protocol::endpoint endpoint(fmt::format("/proc/self/fd/{}/{}", folder, wire::shim::layout::socket_file));
    error_code error;
    co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    ::close(folder);
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) {
        const bool nobody = error == boost::system::errc::no_such_file_or_directory || error == asio::error::connection_refused;
        co_return fail(nobody ? RuntimeError::Kind::not_found : RuntimeError::Kind::unavailable,
                       fmt::format("no shim answers in {}: {}", run_folder, error.message()));
    }
    begin();
    co_return Success{};
}

void Link::begin() {
    open_ = true;
    write({});  // What a sealed connection opens with.
    read_on();
}

Task<Result<std::string, RuntimeError>> Link::ask(wire::shim::Op op, std::string text, Epoch epoch, Milliseconds patience) {
    if (!open_) co_return fail(RuntimeError::Kind::unavailable, "the connection to the shim has ended");
    const auto self = shared_from_this();  // The owner may drop its reference while we wait.
    const auto id = ++last_id_;
    const auto pending = std::make_shared<Pending>();
    pending_[id] = pending;
    write(wire::shim::encode(wire::shim::Request{.id = id, .epoch = epoch, .op = op, .text = std::move(text)}));
    auto waiting = wait_for(pending);
    const bool in_time = co_await async::finishes_by(clock_, clock_.now() + patience, std::move(waiting));
    pending_.erase(id);
    if (!pending->answer) {
        const auto why = in_time ? std::string("the connection to the shim ended") : "no answer within " + duration_text(patience);
        co_return fail(RuntimeError::Kind::unavailable, fmt::format("{}: {}", name_of(op), why));
    }
    auto& answer = *pending->answer;
    if (answer.outcome != wire::shim::Outcome::ok) co_return fail(kind_of(answer.outcome), std::move(answer.text));
    co_return std::move(answer.text);
}

Task<Result<Success, RuntimeError>> Link::tell(std::string line, Epoch epoch, Milliseconds patience) {
    const auto op = wire::shim::knows(hello_, wire::shim::Op::tell) ? wire::shim::Op::tell : wire::shim::Op::command;
    CO_TRY_OK(co_await ask(op, std::move(line), epoch, patience));
    co_return Success{};
}

Task<void> Link::wait_for(std::shared_ptr<Pending> pending) { co_await pending->arrived.wait(); }

void Link::read_on() {
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code error, std::size_t count) {
        if (error) return self->end();
        self->on_bytes(count);
    });
}

void Link::on_bytes(std::size_t count) {
    if (!unseal(ByteSpan(chunk_).first(count))) return end();
    for (;;) {
        auto framed = wire::shim::read_from_shim(in_);
        if (!framed) return end();  // Not a shim of ours.
        if (!framed->message) break;
        in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(framed->size));
        on_message(std::move(*framed->message));
    }
    if (open_) read_on();
}

// False: somebody stands between us and the shim.
bool Link::unseal(ByteSpan bytes) {
    if (!seal_) {
        in_.insert(in_.end(), bytes.begin(), bytes.end());
        return true;
    }
    if (!seal_->feed(bytes)) return false;
    const auto plain = seal_->take_plain();
    in_.insert(in_.end(), plain.begin(), plain.end());
    write({});  // What waited for the peer's part of the opening.
    return true;
}

void Link::on_message(wire::shim::FromShim message) {
    if (auto* status = std::get_if<wire::shim::Status>(&message)) {
        status_ = std::move(*status);
        if (changed_) changed_();
        return;
    }
    auto& answer = std::get<wire::shim::Answer>(message);
    const auto asked = pending_.find(answer.id);
    if (asked == pending_.end()) return;  // Nobody waits for it any more.
    const auto pending = std::move(asked->second);
    pending_.erase(asked);
    pending->answer = std::move(answer);
    pending->arrived.raise();
}

void Link::write(const std::vector<std::byte>& frame) {
    if (seal_) seal_->send(frame);
    const auto bytes = seal_ ? seal_->take_output() : frame;
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    if (sending_.empty()) write_on();
}

void Link::write_on() {
    sending_ = std::exchange(out_, {});
    if (sending_.empty()) return;
    asio::async_write(socket_, asio::buffer(sending_), [self = shared_from_this()](error_code error, std::size_t) {
        if (error) return self->end();
        self->write_on();
    });
}

void Link::close() {
    changed_ = nullptr;
    end();
}

void Link::end() {
    if (!open_) return;
    open_ = false;
    error_code ignored;
    socket_.close(ignored);
    for (const auto& [id, pending] : pending_) pending->arrived.raise();
    if (const auto changed = std::exchange(changed_, nullptr)) changed();
}

}  // namespace gk::net::shim
