#pragma once

#include <string>
#include <utility>

#include "shim/console.hpp"

namespace gk::shim {

// Collects the answer to a command where nothing marks its end: lines until a pause after one, or until the window closes.
class ReplyWindow {
public:
    explicit ReplyWindow(EventLoop& loop) : window_(loop), pause_(loop) {}

    bool is_open() const { return done_ != nullptr; }
    void open(Console::Done done) {
        text_.clear();
        done_ = std::move(done);
        window_.start(window_length, [this] { close_now(); });
    }
    void add(std::string_view line) {
        if (!is_open() || text_.size() + line.size() > text_size_max) return;
        if (!text_.empty()) text_ += '\n';
        text_ += line;
        pause_.start(pause_length, [this] { close_now(); });
    }
    // Gives what has come so far.
    void close_now() { close(std::exchange(text_, {})); }
    void close(ShimResult<std::string> result) {
        window_.stop();
        pause_.stop();
        if (auto done = std::exchange(done_, nullptr)) done(std::move(result));
    }

private:
    static constexpr Milliseconds window_length{500};
    static constexpr Milliseconds pause_length{60};
    static constexpr std::size_t text_size_max = 32 * 1024;
    Timer window_;
    Timer pause_;
    std::string text_;
    Console::Done done_;
};

}  // namespace gk::shim
