#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shim/pattern.hpp"
#include "shim/prober.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::shim {

// Who plays, from the game's own answers where it gives any, else from the lines about joining and leaving. Not known is not nobody.
class Roster {
public:
    static ShimResult<Roster> create(const wire::shim::Players& spec);

    // Each says whether something has changed.
    bool on_ready();
    bool on_line(const std::string& line);
    bool on_answer(const std::optional<ProbeAnswer>& answer);
    bool on_exit();

    void describe(wire::shim::Status& status) const;

private:
    bool show(ProbeAnswer next);

    static constexpr int misses_max = 3;  // In a row, until what was known is too old to be told.
    bool queried_ = false;
    Pattern join_;
    Pattern leave_;
    std::set<std::string> present_;
    int misses_ = 0;
    ProbeAnswer shown_;
};

}  // namespace gk::shim
