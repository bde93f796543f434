#pragma once

#include <optional>

#include "shim/system.hpp"
#include "wire/shim/log_source.hpp"
#include "wire/shim/protocol.hpp"
#include "wire/shim/spec.hpp"

namespace gk::shim {

// What a run leaves in the run folder of a pod (wire/shim/layout.hpp), which outlives the container: so a shim that was started again knows that
// a run was lost, and starts nothing.
class RunTraces {
public:
    // The folder must stay open.
    explicit RunTraces(int folder) : folder_(folder) {}

    // Before anything of the game is started.
    ShimResult<Success> begin(const wire::shim::Spec& spec) const;
    // The end of the run whose traces are there. When nobody recorded one, the shim itself was lost, and this records it: at the time and with
    // the lines that the log ends with.
    ShimResult<std::optional<wire::shim::Exit>> left(const wire::shim::LogSource& log) const;
    // The end has been taken note of.
    ShimResult<Success> forget() const;

    // 0 when none was ever seen here.
    ShimResult<Epoch> epoch() const;
    ShimResult<Success> keep_epoch(Epoch epoch) const;

private:
    bool has(std::string_view name) const;
    int folder_;
};

}  // namespace gk::shim
