#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "shim/console.hpp"
#include "shim/pattern.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::shim {

// Keeps the game from writing while its files are copied: the definition's commands before, its confirmation, and the commands after, which
// are sent whatever happens: when asked, when the holder's connection is lost, when the time is over, when the game is to stop.
class Quiescence {
public:
    using Done = std::function<void(wire::shim::Outcome, std::string)>;

    // `console` may be null: then there is nothing to quiesce with. `changed` is called when is_held() has changed.
    Quiescence(EventLoop& loop, wire::shim::Quiesce spec, Pattern confirm, Console* console, std::function<void()> changed)
        : spec_(std::move(spec)),
          confirm_(std::move(confirm)),
          console_(console),
          changed_(std::move(changed)),
          deadline_(loop) {}

    void begin(std::uint64_t holder, Done done);
    // Undoes it; nothing to undo is fine.
    wire::shim::Outcome end();
    void on_line(const std::string& line);
    void on_client_gone(std::uint64_t client);
    bool is_held() const { return state_ == State::held; }

private:
    enum class State : unsigned char { loose, asking, held };
    bool is_possible() const { return console_ != nullptr && !spec_.before.empty(); }
    void send_next(std::size_t index);
    void hold();
    void release();
    void give_up(std::string why);

    wire::shim::Quiesce spec_;
    Pattern confirm_;
    Console* console_;
    std::function<void()> changed_;
    Timer deadline_;
    State state_ = State::loose;
    std::uint64_t holder_ = 0;
    std::uint64_t round_ = 0;        // Tells the answers of a round that was given up from those of the next.
    bool awaits_confirmation_ = false;
    Done done_;
};

}  // namespace gk::shim
