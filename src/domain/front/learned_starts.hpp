#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "domain/server/record.hpp"

namespace gk::front {

// What starts have taught, of all servers at once: made anew for each look at them, in one pass.
class LearnedStarts {
public:
    explicit LearnedStarts(std::span<const server::Record> all);
    // How long nine of ten starts took at most: of this server when it has been started a few times, else of all of its game and package. nullopt:
    // never seen.
    std::optional<Milliseconds> of(const server::Record& record) const;

private:
    using Kind = std::pair<std::string, std::string>;  // Game and package.
    std::map<Kind, Milliseconds> usual_;
};

}  // namespace gk::front
