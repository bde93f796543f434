#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "shim/console.hpp"
#include "shim/reply_window.hpp"

namespace gk::shim {

// Types commands into the game's standard input, one at a time, and takes what it prints next for the answer. What it is only told goes in between.
class InputConsole final : public Console {
public:
    InputConsole(EventLoop& loop, int input) : loop_(loop), input_(input), window_(loop) {}
    ~InputConsole() override;
    void send(std::string line, Done done) override;
    void tell(std::string line, Done done) override;
    void on_output(const std::string& line) override { window_.add(line); }

private:
    struct Command {
        std::string line;
        Done done;
    };
    struct Told {
        std::uint64_t end;  // Of the line, counted in bytes ever typed.
        Done done;
    };
    void next();
    void type(const std::string& line);
    void write_rest();
    void finish_told();
    void fail(ShimError error);

    EventLoop& loop_;
    int input_;
    bool watching_ = false;
    std::string unwritten_;
    std::uint64_t written_ = 0;  // Bytes.
    std::deque<Command> waiting_;
    std::deque<Told> told_;
    ReplyWindow window_;
};

}  // namespace gk::shim
