#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/descriptor.hpp"
#include "base/time.hpp"

namespace gk::shim {

// One thread, one epoll: descriptors and timers of the shim. Callbacks may watch, forget, start and cancel anything, also themselves.
class EventLoop {
public:
    using Ready = std::function<void(std::uint32_t events)>;  // EPOLLIN and so on.
    using TimerId = std::uint64_t;                            // Never 0.

    EventLoop();
    // The descriptor must stay open until forget().
    void watch(int fd, std::uint32_t events, Ready ready);
    void change(int fd, std::uint32_t events);
    void forget(int fd);

    TimerId after(Milliseconds wait, std::function<void()> act);
    // Nothing happens when it has fired or the id is 0.
    void cancel(TimerId id);

    void run();  // Until stop().
    void stop() { running_ = false; }

private:
    struct Watched {
        std::uint32_t serial;  // Tells a descriptor from an earlier one with the same number, within one batch of events.
        std::shared_ptr<Ready> ready;
    };
    int wait_ms() const;
    void dispatch(std::uint64_t tag, std::uint32_t events);
    void fire_due();

    Descriptor epoll_;
    std::map<int, Watched> watched_;
    std::map<std::pair<Milliseconds, TimerId>, std::function<void()>> timers_;
    std::map<TimerId, Milliseconds> due_;
    std::uint32_t last_serial_ = 0;
    TimerId last_timer_ = 0;
    bool running_ = true;
};

// A timer that ends with its owner and that is started anew by each start().
class Timer {
public:
    explicit Timer(EventLoop& loop) : loop_(loop) {}
    ~Timer() { stop(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    void start(Milliseconds wait, std::function<void()> act) {
        stop();
        id_ = loop_.after(wait, std::move(act));
    }
    void stop() { loop_.cancel(std::exchange(id_, 0)); }

private:
    EventLoop& loop_;
    EventLoop::TimerId id_ = 0;
};

}  // namespace gk::shim
