#pragma once

#include <functional>
#include <optional>

#include "shim/system.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::shim {

// Lets no leader command that has been replaced: the highest epoch seen counts, those below it may only look, with epoch 0.
class Fence {
public:
    // `keep` is called before a higher epoch counts; when it fails, the request is refused.
    using Keep = std::function<ShimResult<Success>(Epoch)>;
    explicit Fence(Epoch highest, Keep keep = {}) : highest_(highest), keep_(std::move(keep)) {}

    Epoch epoch() const { return highest_; }
    // The answer to a request that must not be followed.
    std::optional<wire::shim::Answer> refusal_of(const wire::shim::Request& request);

private:
    Epoch highest_;
    Keep keep_;
};

}  // namespace gk::shim
