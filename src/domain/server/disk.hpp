#pragma once

#include "domain/operation/operation.hpp"
#include "domain/server/record.hpp"

// A world's disk that fills up: from when on people are warned, and when the game is paused before it spoils what it cannot write.
namespace gk::server {

inline constexpr std::int64_t disk_low_percent = 85;
// A warning ends only here: a game that saves in turns would otherwise repeat it with every file that it replaces.
inline constexpr std::int64_t disk_fine_percent = 80;

// `given` is the size that the server was made with; it counts where the world is a plain folder that nothing else bounds.
DiskLevel disk_level(DiskLevel before, const Usage& usage, MebiBytes given);
// The condition that people are shown, with its cure; an empty code when all is well.
Problem disk_problem(DiskLevel level);

// Takes a new level down, shows it while nothing else is wrong, and has people told when it has become worse.
void note_disk(Record& record, DiskLevel level);
// Shows the level again after something else has cleared the reason.
void show_disk(Record& record);
// Whether the game is to be paused: it runs, and its disk is full.
bool must_pause_for_disk(const Record& record);

}  // namespace gk::server
