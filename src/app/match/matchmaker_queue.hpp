#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "app/match/matchmaker.hpp"
#include "domain/match/recent_count.hpp"

// Of the matchmaker's own files only.
namespace gk::app {

struct Matchmaker::Queue {
    Queue(QueueRecord as, std::vector<match::Stage> stages) : record(std::move(as)), engine(std::move(stages), match::Engine::Options()) {}
    QueueRecord record;
    QueueEngine engine;
    std::shared_ptr<Shadow> shadow;
    async::Signal due;
    std::optional<Time> next;  // When to look although nobody came.
    bool is_gone = false;
    bool is_read = false;  // All who wait here are known. Before that nobody is matched: who was there first could be passed over.
    std::uint32_t failures = 0;  // Matches in a row for which no server was found.
    Time not_before{};           // Nobody is matched to be put back at once.
    match::RecentCount expired;  // Tickets that waited here.
};

}  // namespace gk::app
