#include "edge/route.hpp"

namespace gk::edge {

wake::Sleeper sleeper_of(const Route& route) {
    switch (route.state) {
    case RouteState::asleep: return {.state = wake::Sleep::asleep, .ready_in = route.ready_in};
    case RouteState::failed: return {.state = wake::Sleep::failed, .ready_in = std::nullopt};
    case RouteState::starting:
    case RouteState::up: break;  // Up without an address is about to have one.
    }
    return {.state = wake::Sleep::starting, .ready_in = route.ready_in};
}

}  // namespace gk::edge
