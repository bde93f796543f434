#pragma once

#include <deque>
#include <string>

#include "shim/console.hpp"
#include "shim/reply_window.hpp"
#include "wire/probe/econ.hpp"

namespace gk::shim {

// Teeworlds' external console: connects when the first command comes, and again when the connection was lost.
class EconConsole final : public Console {
public:
    EconConsole(EventLoop& loop, wire::shim::Console spec) : loop_(loop), spec_(std::move(spec)), deadline_(loop), window_(loop) {}
    ~EconConsole() override { disconnect(); }
    void send(std::string line, Done done) override;

private:
    enum class State : unsigned char { away, connecting, ready };
    struct Command {
        std::string line;
        Done done;
    };
    void connect();
    void on_event(std::uint32_t events);
    void on_line(std::string_view line);
    void next();
    void write(std::string text);
    void disconnect();
    void fail(const std::string& why);

    EventLoop& loop_;
    wire::shim::Console spec_;
    Descriptor socket_;
    State state_ = State::away;
    Timer deadline_;
    wire::probe::econ::Lines lines_;
    std::deque<Command> waiting_;
    ReplyWindow window_;
};

}  // namespace gk::shim
