#pragma once

#include <cstddef>
#include <utility>

#include "async/wait_queue.hpp"

namespace gk::restic {

// Lets at most `limit` tasks through at a time, in the order they came. Must outlive every Pass.
class Turnstile {
public:
    explicit Turnstile(std::size_t limit) : limit_(limit) {}

    // Held while the work is done; lets the next one through when it is destroyed.
    class Pass {
    public:
        explicit Pass(Turnstile& turnstile) : turnstile_(&turnstile) {}
        Pass(Pass&& other) noexcept : turnstile_(std::exchange(other.turnstile_, nullptr)) {}
        Pass& operator=(Pass&&) = delete;
        ~Pass() {
            if (turnstile_ != nullptr) turnstile_->leave();
        }

    private:
        Turnstile* turnstile_;
    };

    Task<Pass> enter() {
        // A place that is handed over is never free in between, so nobody who comes later gets in first.
        if (inside_ < limit_) ++inside_;
        else co_await waiting_.wait();
        co_return Pass(*this);
    }

private:
    void leave() {
        if (!waiting_.wake_first()) --inside_;
    }
    std::size_t limit_;
    std::size_t inside_ = 0;
    async::WaitQueue waiting_;
};

}  // namespace gk::restic
