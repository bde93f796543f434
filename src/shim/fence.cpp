#include "shim/fence.hpp"

#include <utility>

#include <fmt/format.h>

namespace gk::shim {

using wire::shim::Answer;
using wire::shim::Op;
using wire::shim::Outcome;

namespace {

bool only_looks(const wire::shim::Request& request) {
    if (request.epoch != Epoch{}) return false;
    return request.op == Op::hello || request.op == Op::log || request.op == Op::log_start || request.op == Op::follow || request.op == Op::usage;
}

}  // namespace

std::optional<Answer> Fence::refusal_of(const wire::shim::Request& request) {
    if (only_looks(request)) return std::nullopt;
    if (request.epoch < highest_) {
        const auto why = fmt::format("epoch {} has been replaced by {}", std::to_underlying(request.epoch), std::to_underlying(highest_));
        return Answer{.id = request.id, .outcome = Outcome::stale, .text = why};
    }
    if (request.epoch == highest_) return std::nullopt;
    if (keep_) {
        if (const auto kept = keep_(request.epoch); !kept)
            return Answer{.id = request.id, .outcome = Outcome::unavailable, .text = kept.error().detail};
    }
    highest_ = request.epoch;
    return std::nullopt;
}

}  // namespace gk::shim
