#pragma once

#include "domain/catalog/game.hpp"

// The sections of a definition, one reader for each; decode_game() puts them together. All add what is wrong to `errors`.
namespace gk::catalog {

bool decode(const Value& value, const std::string& pointer, Errors& errors, PortRole& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Argument& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, GameFile& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, MemoryModel& out);

// {NAME: {title, cpu_millis, memory_mib, disk_mib, exposure}, ...}; the order is kept.
bool decode_packages(const Value& value, const std::string& pointer, Errors& errors, std::vector<Package>& out);
// {type: ...}: what only a server can have (an address, a label) stands in no definition.
bool decode_exposure(const Value& value, const std::string& pointer, Errors& errors, std::optional<server::Exposure::Kind>& out);
bool decode_launch(const Value& value, const std::string& pointer, Errors& errors, LaunchWays& out);
bool decode_minimum(const Value& value, const std::string& pointer, Errors& errors, server::Resources& out);
bool decode_ready(const Value& value, const std::string& pointer, Errors& errors, server::ReadyProbe& out);
bool decode_stop(const Value& value, const std::string& pointer, Errors& errors, std::vector<server::StopRung>& out);
bool decode_console(const Value& value, const std::string& pointer, Errors& errors, server::Console& out);
bool decode_quiesce(const Value& value, const std::string& pointer, Errors& errors, server::Quiesce& out);
bool decode_announce(const Value& value, const std::string& pointer, Errors& errors, server::Announcement& out);
bool decode_players(const Value& value, const std::string& pointer, Errors& errors, Game& out);
// {protocol, port, patience}; of what is absent, `out` stays as it is.
bool decode_wake(const Value& value, const std::string& pointer, Errors& errors, WakeWay& out);
// How a game is woken that says nothing.
WakeWay usual_wake(const Game& game);

// What only shows when the whole is known: roles, settings and secrets that are named but not defined, and placeholders that mean nothing
// where they stand.
void check_references(const Game& game, Errors& errors);

}  // namespace gk::catalog
