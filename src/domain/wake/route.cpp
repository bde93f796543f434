#include "domain/wake/route.hpp"

namespace gk::wake {

Sleeper sleeper_of(const Route& route) {
    switch (route.state) {
    case RouteState::asleep: return {.state = Sleep::asleep, .ready_in = route.ready_in};
    case RouteState::failed: return {.state = Sleep::failed, .ready_in = std::nullopt};
    case RouteState::starting:
    case RouteState::up: break;  // Up without an address is about to have one.
    }
    return {.state = Sleep::starting, .ready_in = route.ready_in};
}

}  // namespace gk::wake
