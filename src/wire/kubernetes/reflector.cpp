#include "wire/kubernetes/reflector.hpp"

#include <algorithm>
#include <utility>

namespace gk::wire::kubernetes {
namespace {

using namespace std::chrono_literals;
using enum Failure::Kind;

constexpr auto watch_least = 300s;  // Up to twice as long, so that the watches of a process do not all end at once.
constexpr auto very_short = 1s;

bool is_gone(const Failure& failure) { return failure.kind == expired || failure.kind == future_version; }

}  // namespace

Reflector::Next Reflector::next(Time now, double luck) {
    if (std::exchange(waits_, false)) until_ = now + std::max(backoff_.next(now, luck), std::exchange(at_least_, 0ms));
    if (until_ && now < *until_) return Wait{*until_};
    until_.reset();
    if (is_listing_) {
        ++lists_;
        // Whoever has seen nothing yet cannot tell a cache that lags behind from the truth, and would take what is missing there for gone.
        if (version_.empty()) return List{.version = "", .page_size = pages_failed_ ? 0 : page_size};
        return List{.version = version_};
    }
    return Watch{.version = version_, .timeout = watch_least + std::chrono::seconds(static_cast<int>(luck * watch_least.count()))};
}

void Reflector::begin_anew() {
    version_.clear();
    is_listing_ = true;
    waits_ = false;
    until_.reset();
}

void Reflector::listed(std::string version) {
    version_ = std::move(version);
    is_listing_ = false;
    pages_failed_ = false;
}

void Reflector::list_failed(const Failure& failure) {
    if (is_gone(failure) && !version_.empty()) {
        version_.clear();  // The server no longer has it, or does not know it yet: once more at once, without one.
        return;
    }
    pages_failed_ = failure.kind == expired;
    wait_for(failure);
    relist_after_wait();
}

void Reflector::watch_began(Time now) {
    begun_ = now;
    events_ = 0;
}

void Reflector::saw(std::string_view version) {
    ++events_;
    version_ = version;
}

void Reflector::watch_refused(const Failure& failure) {
    wait_for(failure);
    // Both say nothing about our version: the server is away, or busy.
    if (failure.kind == refused || failure.kind == busy) waits_ = true;
    else relist_after_wait();
}

void Reflector::watch_failed(const Failure& failure) {
    wait_for(failure);
    if (failure.kind == busy) waits_ = true;
    else relist_after_wait();
}

void Reflector::watch_ended(Time now) {
    // A server that ends watches at once would be asked in a circle; something is wrong with it or with our version.
    if (events_ == 0 && now - begun_ < very_short) relist_after_wait();
}

void Reflector::wait_for(const Failure& failure) { at_least_ = failure.retry_after.value_or(0ms); }

}  // namespace gk::wire::kubernetes
