#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

// Stories that are lived again and again, with a death of the control plane in another wait each time.
namespace gk::sim {

// The numbers, from 1, of every wait but those of a control plane that has asked for `looks` only, again and again, and found nothing to do.
std::vector<std::uint64_t> waits_of_work(const std::vector<std::string>& names, const std::set<std::string>& looks);

// The waits in which one run dies. Every `step`-th wait of the whole, or all of them (GK_SIM_EVERY_WAIT=1), or those from one to another
// (GK_SIM_FIRST_WAIT, GK_SIM_LAST_WAIT); a quarter die a second time, at a distance that is another one for each first death: mostly while they
// recover. GK_SIM_DEATH and GK_SIM_DEATH_AGAIN name one run.
std::vector<std::set<std::uint64_t>> deaths_to_try(const std::vector<std::uint64_t>& waits, std::size_t step);

// As deaths_to_try() takes it, for whoever reads a failure.
std::string replay_of(const std::set<std::uint64_t>& deaths);

// How many waits there are of each call.
void print_counts(const std::vector<std::string>& names, const std::vector<std::uint64_t>& waits);

}  // namespace gk::sim
