#include "edge/loop.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.hpp"

namespace gk::edge {

namespace {
constexpr std::size_t batch_max = 128;
}  // namespace

wake::Instant monotonic_now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return wake::Instant(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
}

Time wall_now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return Time(Milliseconds(time.tv_sec * 1000 + time.tv_nsec / 1'000'000));
}

Loop::Loop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wakeup_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      now_(monotonic_now()),
      next_tick_(now_ + tick_period) {
    ASSERT(epoll_ && wakeup_, "the kernel gives neither epoll nor eventfd");
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) == 0, "an eventfd can be watched");
}

void Loop::watch(int fd, std::uint32_t events, Handler& handler) {
    epoll_event event{.events = events, .data = {.ptr = &handler}};
    ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "a descriptor cannot be watched");
}

void Loop::change(int fd, std::uint32_t events, Handler& handler) {
    epoll_event event{.events = events, .data = {.ptr = &handler}};
    ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0, "what is changed is watched");
}

void Loop::forget(int fd, const Handler& handler) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    for (auto& event : batch_) {
        if (event.data.ptr == &handler) event.events = 0;
    }
}

void Loop::turn(Milliseconds wait_most) {
    std::array<epoll_event, batch_max> events{};
    const auto wait = std::clamp(next_tick_ - monotonic_now(), Milliseconds(0), wait_most);
    const auto count = ::epoll_wait(epoll_.get(), events.data(), events.size(), static_cast<int>(wait.count()));
    now_ = monotonic_now();
    for (batch_ = std::span(events).first(static_cast<std::size_t>(std::max(count, 0))); !batch_.empty();) {
        const auto event = batch_.front();
        batch_ = batch_.subspan(1);
        // Without a handler it is the eventfd, which only ends the wait; without events, somebody who was forgotten meanwhile.
        if (event.data.ptr != nullptr && event.events != 0) static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
    }
    run_posted();
    if (now_ < next_tick_) return;
    next_tick_ = now_ + tick_period;
    if (tick_) tick_();
}

void Loop::run() {
    while (running_) turn(tick_period);
}

void Loop::run_posted() {
    std::uint64_t count = 0;
    if (::read(wakeup_.get(), &count, sizeof count) < 0) return;  // Nobody has called since.
    std::vector<std::function<void()>> tasks;
    {
        const std::scoped_lock lock(posting_);
        tasks.swap(posted_);
    }
    for (const auto& task : tasks) task();
}

void Loop::stop() {
    running_ = false;
    wake_up();
}

void Loop::post(std::function<void()> task) {
    {
        const std::scoped_lock lock(posting_);
        posted_.push_back(std::move(task));
    }
    wake_up();
}

void Loop::wake_up() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);  // Full means that it is awake anyway.
}

}  // namespace gk::edge
