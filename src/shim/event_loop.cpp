#include "shim/event_loop.hpp"

#include <algorithm>
#include <sys/epoll.h>

#include "base/assert.hpp"
#include "shim/system.hpp"

namespace gk::shim {

namespace {
std::uint64_t tag_of(int fd, std::uint32_t serial) { return std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(fd); }
}  // namespace

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) { ASSERT(epoll_, "epoll_create1 failed"); }

void EventLoop::watch(int fd, std::uint32_t events, Ready ready) {
    const auto serial = ++last_serial_;
    watched_[fd] = {serial, std::make_shared<Ready>(std::move(ready))};
    epoll_event event{.events = events, .data = {.u64 = tag_of(fd, serial)}};
    ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "a descriptor cannot be watched");
}

void EventLoop::change(int fd, std::uint32_t events) {
    const auto found = watched_.find(fd);
    if (found == watched_.end()) return;
    epoll_event event{.events = events, .data = {.u64 = tag_of(fd, found->second.serial)}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::forget(int fd) {
    if (watched_.erase(fd) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::after(Milliseconds wait, std::function<void()> act) {
    const auto due = monotonic_now() + std::max(wait, Milliseconds(0));
    const auto id = ++last_timer_;
    timers_.emplace(std::pair(due, id), std::move(act));
    due_.emplace(id, due);
    return id;
}

void EventLoop::cancel(TimerId id) {
    const auto found = due_.find(id);
    if (found == due_.end()) return;
    timers_.erase({found->second, id});
    due_.erase(found);
}

int EventLoop::wait_ms() const {
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first.first - monotonic_now();
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void EventLoop::dispatch(std::uint64_t tag, std::uint32_t events) {
    const auto fd = static_cast<int>(tag & 0xffffffff);
    const auto found = watched_.find(fd);
    if (found == watched_.end() || found->second.serial != tag >> 32) return;
    const auto ready = found->second.ready;  // Outlives a callback that forgets itself.
    (*ready)(events);
}

void EventLoop::fire_due() {
    const auto now = monotonic_now();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
        auto act = std::move(timers_.begin()->second);
        due_.erase(timers_.begin()->first.second);
        timers_.erase(timers_.begin());
        act();
    }
}

void EventLoop::run() {
    while (running_) {
        epoll_event events[16];
        const auto count = ::epoll_wait(epoll_.get(), events, 16, wait_ms());
        for (int i = 0; i < count; ++i) dispatch(events[i].data.u64, events[i].events);
        fire_due();
    }
}

}  // namespace gk::shim
