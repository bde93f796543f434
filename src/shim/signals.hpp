#pragma once

#include <functional>

#include "shim/event_loop.hpp"
#include "shim/system.hpp"

namespace gk::shim {

// The signals of a shim, taken out of the kernel's hands.
class Signals {
public:
    static ShimResult<Signals> take();
    // `children`: some have ended. `end`: somebody wants the shim to end. As long as the loop runs.
    void watch(EventLoop& loop, std::function<void()> children, std::function<void()> end) const;

private:
    explicit Signals(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
    Descriptor descriptor_;
};

}  // namespace gk::shim
