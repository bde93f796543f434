#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "async/signal.hpp"

namespace gk::async {

// What a full mailbox does with one more message.
enum class WhenFull : std::uint8_t {
    refuse,       // The new message is not taken; the sender is told.
    drop_oldest,  // The oldest makes room and is counted for take_lost().
};

// A bounded queue between tasks of one loop: many senders, one receiver. Nobody ever waits to send.
template <class T>
class Mailbox {
public:
    Mailbox(std::size_t capacity, WhenFull when_full) : capacity_(capacity), when_full_(when_full) {}

    // False when the message was refused: the box is full, or closed.
    bool send(T message) {
        if (closed_) return false;
        if (messages_.size() == capacity_) {
            if (when_full_ == WhenFull::refuse) return false;
            messages_.pop_front();
            ++lost_;
        }
        messages_.push_back(std::move(message));
        changed_.raise();
        return true;
    }
    // The next message; nullopt once the box is closed and empty. Throws operation_aborted when the task is cancelled.
    Task<std::optional<T>> receive() {
        while (messages_.empty() && !closed_) co_await changed_.wait();
        if (messages_.empty()) co_return std::nullopt;
        std::optional<T> message(std::move(messages_.front()));
        messages_.pop_front();
        co_return message;
    }
    // No more messages; those inside can still be received.
    void close() {
        closed_ = true;
        changed_.raise();
    }
    // How many messages made room since the last call. A receiver of drop_oldest that sees more than 0 must read everything afresh.
    std::size_t take_lost() { return std::exchange(lost_, 0); }
    std::size_t size() const { return messages_.size(); }

private:
    std::size_t capacity_;
    WhenFull when_full_;
    std::deque<T> messages_;
    std::size_t lost_ = 0;
    bool closed_ = false;
    Signal changed_;
};

}  // namespace gk::async
