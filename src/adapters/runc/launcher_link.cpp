#include "adapters/runc/launcher_link.hpp"

#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>

#include "async/signal.hpp"

namespace gk::runc {
namespace {

using wire::launcher::Failure;
using wire::launcher::Order;
using Socket = boost::asio::local::stream_protocol::socket;

RuntimeError error_of(Failure failure) { return {static_cast<RuntimeError::Kind>(std::to_underlying(failure.kind)), std::move(failure.text)}; }
static_assert(static_cast<int>(Failure::Kind::invalid) == static_cast<int>(RuntimeError::Kind::invalid));

}  // namespace

// A call that waits: lives in its coroutine's frame.
class LauncherLink::Waiting {
public:
    Waiting(std::shared_ptr<State> state, std::uint64_t id, bool can_be_ended);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    std::uint64_t id() const { return id_; }
    Task<void> wait() { return answered_.wait(); }
    void answer(wire::launcher::Outcome outcome, int descriptor) {
        result_ = {std::move(outcome), descriptor};
        has_result_ = true;
        answered_.raise();
    }
    Answer take() { return {std::move(result_.outcome), std::exchange(result_.descriptor, -1)}; }

private:
    std::shared_ptr<State> state_;
    std::uint64_t id_;
    bool can_be_ended_;
    bool has_result_ = false;
    Answer result_;
    async::Signal answered_;
};

class LauncherLink::State : public std::enable_shared_from_this<State> {
public:
    State(boost::asio::any_io_executor executor, int fd) : socket_(executor, boost::asio::local::stream_protocol(), fd) {
        socket_.native_non_blocking(true);
    }
    ~State() {
        for (const int fd : descriptors_) ::close(fd);
    }

    std::uint64_t next_id() { return ++last_id_; }
    void add(std::uint64_t id, Waiting* waiting) { waiting_[id] = waiting; }
    void remove(std::uint64_t id) { waiting_.erase(id); }

    void post(std::uint64_t id, Order order) {
        if (over_) return answer(id, gone(), -1);
        outgoing_.push_back(wire::launcher::encode(wire::launcher::Request{id, std::move(order)}));
        if (outgoing_.size() == 1) send();
    }

    void receive_on() {
        socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
            if (error) return;
            self->receive();
        });
    }

    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

private:
    static Failure gone() { return {Failure::Kind::unavailable, "the launcher has ended: restart gamekeeper"}; }

    void send() {
        while (!outgoing_.empty()) {
            const auto& frame = outgoing_.front();
            const auto count = ::send(socket_.native_handle(), frame.data() + sent_, frame.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0 && errno == EAGAIN) return send_on();
            if (count < 0) return end();
            sent_ += static_cast<std::size_t>(count);
            if (sent_ < frame.size()) continue;
            outgoing_.pop_front();
            sent_ = 0;
        }
    }

    void send_on() {
        socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
            if (error) return;
            self->send();
        });
    }

    void receive() {
        std::array<std::byte, 64 << 10> chunk{};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
        iovec part{chunk.data(), chunk.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const auto count = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return receive_on();
        if (count <= 0) return end();
        take_descriptors(message);
        frames_.append(std::span(chunk).first(static_cast<std::size_t>(count)));
        while (const auto frame = frames_.next()) {
            auto reply = wire::launcher::decode_reply(*frame);
            if (!reply) return end();
            const bool has_descriptor = std::holds_alternative<wire::launcher::DescriptorFollows>(reply->outcome);
            answer(reply->id, std::move(reply->outcome), has_descriptor ? next_descriptor() : -1);
        }
        if (frames_.is_broken()) return end();
        receive_on();
    }

    void take_descriptors(msghdr& message) {
        for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
            if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
            for (std::size_t at = 0; at + sizeof(int) <= header->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
                int fd = -1;
                std::memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
                descriptors_.push_back(fd);
            }
        }
    }

    int next_descriptor() {
        if (descriptors_.empty()) return -1;
        const int fd = descriptors_.front();
        descriptors_.pop_front();
        return fd;
    }

    void answer(std::uint64_t id, wire::launcher::Outcome outcome, int descriptor) {
        const auto found = waiting_.find(id);
        if (found == waiting_.end()) {  // Its caller has been cancelled.
            if (descriptor >= 0) ::close(descriptor);
            return;
        }
        found->second->answer(std::move(outcome), descriptor);
        waiting_.erase(found);
    }

    void end() {
        over_ = true;
        close();
        while (!waiting_.empty()) answer(waiting_.begin()->first, gone(), -1);
    }

    Socket socket_;
    std::uint64_t last_id_ = 0;
    std::map<std::uint64_t, Waiting*> waiting_;
    std::deque<std::vector<std::byte>> outgoing_;
    std::size_t sent_ = 0;  // Of the first frame.
    wire::launcher::Frames frames_{wire::launcher::reply_size_max};
    std::deque<int> descriptors_;  // Received, and not yet claimed by the reply they belong to.
    bool over_ = false;
};

LauncherLink::Waiting::Waiting(std::shared_ptr<State> state, std::uint64_t id, bool can_be_ended)
    : state_(std::move(state)),
      id_(id),
      can_be_ended_(can_be_ended) {
    state_->add(id_, this);
}

LauncherLink::Waiting::~Waiting() {
    if (result_.descriptor >= 0) ::close(result_.descriptor);
    if (has_result_) return;
    state_->remove(id_);
    if (can_be_ended_) state_->post(state_->next_id(), wire::launcher::Cancel{id_});
}

LauncherLink::LauncherLink(boost::asio::any_io_executor executor, int socket) : state_(std::make_shared<State>(std::move(executor), socket)) {
    state_->receive_on();
}

LauncherLink::~LauncherLink() { state_->close(); }

Task<Result<LauncherLink::Answer, RuntimeError>> LauncherLink::call(Order order) {
    Waiting waiting(state_, state_->next_id(), std::holds_alternative<wire::launcher::RunConfined>(order));
    const auto id = waiting.id();
    state_->post(id, std::move(order));
    co_await waiting.wait();
    Answer answer = waiting.take();
    if (auto* failure = std::get_if<Failure>(&answer.outcome)) co_return std::unexpected(error_of(std::move(*failure)));
    co_return answer;
}

}  // namespace gk::runc
