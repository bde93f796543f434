#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "shim/event_loop.hpp"
#include "shim/system.hpp"
#include "wire/shim/spec.hpp"

namespace gk::shim {

// How commands reach the game.
class Console {
public:
    // The lines that came back within a short while, joined by line feeds; none is an answer too. Called once, never from within send().
    using Done = std::function<void(ShimResult<std::string>)>;
    virtual ~Console() = default;
    virtual void send(std::string line, Done done) = 0;
    // Every line of the game's output, for consoles whose answers are printed there.
    virtual void on_output(const std::string&) {}
};

// `input` is the game's standard input; it stays open as long as the console lives. Null when the game has no console.
std::unique_ptr<Console> make_console(EventLoop& loop, const wire::shim::Console& spec, int input);

}  // namespace gk::shim
