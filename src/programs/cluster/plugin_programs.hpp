#pragma once

#include "adapters/kubernetes/client/programs.hpp"
#include "ports/clock.hpp"

namespace gk::programs {

// Runs exec plug-ins of kubeconfigs as kubectl does: looked up in PATH, with the environment of this process. What configures Gamekeeper (GK_...)
// is kept from them: it may hold our secrets.
class PluginPrograms final : public kubernetes::Programs {
public:
    explicit PluginPrograms(Clock& clock) : clock_(clock) {}
    Task<Result<Ended, std::string>> run(std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> env,
                                         Milliseconds limit) override;

private:
    Clock& clock_;
};

}  // namespace gk::programs
