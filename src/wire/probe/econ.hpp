#pragma once

#include <optional>
#include <string>
#include <string_view>

// The external console of teeworlds and its relatives: lines of text over TCP, those of the server led by NULs and ended by "\n".
// Captured from teeworlds-server 0.7.5. It asks for a password, then echoes each command and prints what the console prints.
namespace gk::wire::probe::econ {

inline constexpr std::size_t line_size_max = 8192;

// Takes bytes as they come and gives whole lines. Without a line feed, a line ends at line_size_max.
class Lines {
public:
    void feed(std::string_view bytes);
    std::optional<std::string> next();

private:
    std::string rest_;
};

enum class Kind { password_wanted, accepted, refused, echo, text };
// What a line is to a client; an echo repeats a command or tells of the console itself.
Kind kind_of(std::string_view line);
// Without its time: "[03:35:36][chat]: *** hi" -> "[chat]: *** hi".
std::string_view without_time(std::string_view line);

}  // namespace gk::wire::probe::econ
