#include "shim/econ_console.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "shim/prober.hpp"

namespace gk::shim {

namespace {
constexpr Milliseconds login_patience{2000};
namespace econ = wire::probe::econ;

// The game closes the connection first, and what it has closed would rest for a minute: a game that is started again meanwhile could not listen at
// its port, and would be without its console. Closed so from our end, nothing of it is left at either.
void leave_nothing_behind(int socket) {
    constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}
}  // namespace

void EconConsole::send(std::string line, Done done) {
    waiting_.push_back({std::move(line), std::move(done)});
    if (state_ == State::away) connect();
    if (state_ == State::ready && !window_.is_open()) next();
}

void EconConsole::connect() {
    state_ = State::connecting;
    lines_ = {};
    socket_ = connect_to(spec_.target, SOCK_STREAM);
    deadline_.start(socket_ ? login_patience : Milliseconds(0), [this] { fail("the game's console does not answer"); });
    if (!socket_) return;
    leave_nothing_behind(socket_.get());
    loop_.watch(socket_.get(), EPOLLIN, [this](auto events) { on_event(events); });
}

void EconConsole::on_event(std::uint32_t) {
    char bytes[4096];
    const auto count = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return fail("the game closed its console");
    lines_.feed({bytes, static_cast<std::size_t>(count)});
    while (auto line = lines_.next()) {
        on_line(*line);
        if (!socket_) return;
    }
}

void EconConsole::on_line(std::string_view line) {
    switch (econ::kind_of(line)) {
    case econ::Kind::password_wanted: return write(spec_.password + "\n");
    case econ::Kind::refused: return fail("the game refuses the password of its console");
    case econ::Kind::accepted:
        deadline_.stop();
        state_ = State::ready;
        return next();
    case econ::Kind::echo: return;
    case econ::Kind::text: return window_.add(econ::without_time(line));
    }
}

void EconConsole::next() {
    if (waiting_.empty() || state_ != State::ready) return;
    auto command = std::move(waiting_.front());
    waiting_.pop_front();
    window_.open([this, done = std::move(command.done)](ShimResult<std::string> reply) {
        done(std::move(reply));
        if (!window_.is_open()) next();
    });
    write(command.line + "\n");
}

void EconConsole::write(std::string text) {
    // Short lines on a fresh loopback connection: they fit the socket's buffer, or the game is beyond help.
    if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
        deadline_.start(Milliseconds(0), [this] { fail("the game's console takes no more commands"); });
    }
}

void EconConsole::disconnect() {
    deadline_.stop();
    if (socket_) loop_.forget(socket_.get());
    socket_.reset();
    state_ = State::away;
}

void EconConsole::fail(const std::string& why) {
    disconnect();
    // A command that was sent has its answer so far: "shutdown" closes the connection and has done its work.
    auto waiting = std::exchange(waiting_, {});
    window_.close_now();
    for (auto& command : waiting) command.done(std::unexpected(ShimError{why}));
}

}  // namespace gk::shim
