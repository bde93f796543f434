#pragma once

#include <optional>

#include "domain/server/plan_view.hpp"

// Where a world lies, and what is wrong there: nodes that fall silent, die or are to be emptied, disks that are lost. On one machine there is nothing
// of the kind, but a disk can be lost. For the files of this folder only.
namespace gk::server {

// The record shows what was seen of the place, before anything is decided by it.
std::optional<Plan> note_place(const View& view);
// A disk that should be there is gone. It is said, with what is lost with it, before anything takes its place.
std::optional<Plan> note_loss(const View& view);
// A game that runs is stopped and saved where it is, and goes on elsewhere; its players have been told before.
std::optional<Plan> leave_node(const View& view);

// Keeps the obstacle as the reason, whatever has just been done or has failed for it.
void show_obstacle(Record& record);
void note_place(Record& record, const NotePlace& step);
void note_loss(Record& record, const NoteLoss& step);

}  // namespace gk::server
