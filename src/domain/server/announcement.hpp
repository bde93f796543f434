#pragma once

#include <string>

#include "base/time.hpp"

namespace gk::server {

// How the players of a game are told of what is to come.
struct Announcement {
    std::string command;  // Typed into the console, with a space and the sentence behind it; empty: nobody can be told.
    Milliseconds before = std::chrono::seconds(30);  // They have that long, where there is a choice.
    bool operator==(const Announcement&) const = default;
};

}  // namespace gk::server
