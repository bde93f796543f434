#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <sys/epoll.h>
#include <vector>

#include "base/descriptor.hpp"
#include "domain/wake/budget.hpp"

namespace gk::edge {

// All processes of a machine read the same.
wake::Instant monotonic_now();
// For what tables say about times of day.
Time wall_now();

// One thread, one epoll. Only stop() and post() may be called from other threads.
class Loop {
public:
    class Handler {
    public:
        virtual ~Handler() = default;
        virtual void on_ready(std::uint32_t events) = 0;  // EPOLLIN and so on.
    };

    Loop();
    // Both must live until forget(), which may be called from any handler, also for others of the same batch.
    void watch(int fd, std::uint32_t events, Handler& handler);
    void change(int fd, std::uint32_t events, Handler& handler);
    void forget(int fd, const Handler& handler);
    // Called about every tick, while the loop runs.
    void set_tick(std::function<void()> tick) { tick_ = std::move(tick); }
    static constexpr Milliseconds tick_period{100};

    // When the present batch of events was fetched.
    wake::Instant now() const { return now_; }

    void run();  // Until stop().
    void stop();
    // Is called by the loop's thread, in the order it came, between two batches of events; never when the loop has stopped before.
    void post(std::function<void()> task);
    // Waits at most so long for events, and handles one batch.
    void turn(Milliseconds wait_most);

private:
    void run_posted();
    void wake_up() const;

    Descriptor epoll_;
    Descriptor wakeup_;
    std::atomic<bool> running_ = true;
    std::function<void()> tick_;
    wake::Instant now_;
    wake::Instant next_tick_;
    std::span<epoll_event> batch_;  // What is left of the present one.
    std::mutex posting_;
    std::vector<std::function<void()>> posted_;  // Under `posting_`.
};

}  // namespace gk::edge
