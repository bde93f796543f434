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
    // The same for a line to which no answer is wanted: it is done as soon as the game can read it, where that shows without one.
    virtual void tell(std::string line, Done done) { send(std::move(line), std::move(done)); }
    // Every line of the game's output, for consoles whose answers are printed there.
    virtual void on_output(const std::string&) {}
};

// `input` is the game's standard input; it stays open as long as the console lives. Null when the game has no console.
std::unique_ptr<Console> make_console(EventLoop& loop, const wire::shim::Console& spec, int input);

}  // namespace gk::shim
