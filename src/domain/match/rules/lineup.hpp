#pragma once

#include <cstdint>
#include <vector>

#include "domain/match/rules/profile.hpp"

namespace gk::match {

// Who would play together: tickets by team. Owns nothing.
class Lineup {
public:
    explicit Lineup(std::size_t teams) : teams_(teams), players_(teams, 0) {}

    void put(std::size_t team, const Profile& ticket) {
        teams_[team].push_back(&ticket);
        players_[team] += ticket.width;
        all_players_ += ticket.width;
        ++tickets_;
    }
    // Takes back what was put into this team last.
    void take_back(std::size_t team) {
        const auto width = teams_[team].back()->width;
        teams_[team].pop_back();
        players_[team] -= width;
        all_players_ -= width;
        --tickets_;
    }
    void clear() {
        for (auto& team : teams_) team.clear();
        players_.assign(players_.size(), 0);
        all_players_ = 0;
        tickets_ = 0;
    }

    std::size_t team_count() const { return teams_.size(); }
    const std::vector<const Profile*>& team(std::size_t team) const { return teams_[team]; }
    std::uint32_t players(std::size_t team) const { return players_[team]; }
    std::uint32_t players() const { return all_players_; }
    std::size_t tickets() const { return tickets_; }

    template <class F>
    void for_each(F&& f) const {
        for (const auto& team : teams_) {
            for (const auto* ticket : team) f(*ticket);
        }
    }

private:
    std::vector<std::vector<const Profile*>> teams_;
    std::vector<std::uint32_t> players_;
    std::uint32_t all_players_ = 0;
    std::size_t tickets_ = 0;
};

}  // namespace gk::match
