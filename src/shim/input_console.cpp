#include "shim/input_console.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <utility>

namespace gk::shim {

namespace {
constexpr std::size_t commands_max = 64;
const ShimError too_many{"too many commands are waiting for the game"};
}  // namespace

InputConsole::~InputConsole() {
    if (watching_) loop_.forget(input_);
}

void InputConsole::send(std::string line, Done done) {
    if (waiting_.size() == commands_max) {
        loop_.after(Milliseconds(0), [done = std::move(done)] { done(std::unexpected(too_many)); });
        return;
    }
    waiting_.push_back({std::move(line) + "\n", std::move(done)});
    if (!window_.is_open()) next();
}

void InputConsole::tell(std::string line, Done done) {
    if (told_.size() == commands_max) {
        loop_.after(Milliseconds(0), [done = std::move(done)] { done(std::unexpected(too_many)); });
        return;
    }
    line += '\n';
    told_.push_back({written_ + unwritten_.size() + line.size(), std::move(done)});
    type(line);
}

void InputConsole::next() {
    if (waiting_.empty()) return;
    auto command = std::move(waiting_.front());
    waiting_.pop_front();
    window_.open([this, done = std::move(command.done)](ShimResult<std::string> reply) {
        done(std::move(reply));
        if (!window_.is_open()) next();
    });
    type(command.line);
}

void InputConsole::type(const std::string& line) {
    unwritten_ += line;
    write_rest();
}

// A game that does not read its input makes the pipe full: the rest waits, the caller gets its (empty) answer.
void InputConsole::write_rest() {
    while (!unwritten_.empty()) {
        const auto count = ::write(input_, unwritten_.data(), unwritten_.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) return fail(system_error("the game's standard input"));
        unwritten_.erase(0, static_cast<std::size_t>(count));
        written_ += static_cast<std::uint64_t>(count);
    }
    const bool must_watch = !unwritten_.empty();
    if (must_watch && !watching_) loop_.watch(input_, EPOLLOUT, [this](auto) { write_rest(); });
    if (!must_watch && watching_) loop_.forget(input_);
    watching_ = must_watch;
    finish_told();
}

void InputConsole::finish_told() {
    for (; !told_.empty() && told_.front().end <= written_; told_.pop_front())
        loop_.after(Milliseconds(0), [done = std::move(told_.front().done)] { done(std::string()); });
}

void InputConsole::fail(ShimError error) {
    unwritten_.clear();
    if (watching_) loop_.forget(input_);
    watching_ = false;
    loop_.after(Milliseconds(0), [this, error = std::move(error), told = std::exchange(told_, {})] {
        for (const auto& each : told) each.done(std::unexpected(error));
        if (window_.is_open()) window_.close(std::unexpected(error));
    });
}

}  // namespace gk::shim
