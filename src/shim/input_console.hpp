#pragma once

#include <deque>
#include <string>

#include "shim/console.hpp"
#include "shim/reply_window.hpp"

namespace gk::shim {

// Types commands into the game's standard input, one at a time, and takes what it prints next for the answer.
class InputConsole final : public Console {
public:
    InputConsole(EventLoop& loop, int input) : loop_(loop), input_(input), window_(loop) {}
    ~InputConsole() override;
    void send(std::string line, Done done) override;
    void on_output(const std::string& line) override { window_.add(line); }

private:
    struct Command {
        std::string line;
        Done done;
    };
    void next();
    void write_rest();
    void fail(ShimError error);

    EventLoop& loop_;
    int input_;
    bool watching_ = false;
    std::string unwritten_;
    std::deque<Command> waiting_;
    ReplyWindow window_;
};

}  // namespace gk::shim
