#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/wake/ban.hpp"

namespace gk {

// Where bans outlive the control plane. Few and small: whoever calls waits. Errors are sentences for people.
class BanStore {
public:
    virtual ~BanStore() = default;
    // Empty when none were ever kept.
    virtual Result<std::vector<wake::Ban>, std::string> load() = 0;
    // They are safe when this returns; else what was kept before still is.
    virtual Result<Success, std::string> save(const std::vector<wake::Ban>& bans) = 0;
};

}  // namespace gk
