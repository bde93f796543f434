#include "domain/match/rules/filler.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace gk::match {

Filler::Filler(const Program& program) : program_(program), lineup_(program.team_names().size()), pair_(program.team_names().size()) {
    for (const auto& level : program.levels()) checkers_.emplace_back(level.rules);
}

void Filler::put(const Candidate& who, std::uint32_t team) {
    lineup_.put(team, *who.ticket);
    placed_.push_back({.who = who, .team = team});
}

void Filler::take_back() {
    lineup_.take_back(placed_.back().team);
    placed_.pop_back();
}

void Filler::begin(const Wish& wish) {
    lineup_.clear();
    placed_.clear();
    for (const auto& [who, team] : wish.there) put(who, team);
}

bool Filler::has_room(const Wish& wish, const Profile& ticket, std::size_t team) const {
    if (wish.room) {
        std::uint32_t there = 0;
        for (const auto& placed : wish.there) there += placed.who.ticket->width;
        if (lineup_.players() - there + ticket.width > *wish.room) return false;
    }
    return lineup_.players(team) + ticket.width <= program_.levels()[wish.level].teams[team].most;
}

bool Filler::is_kept_out(const Profile& ticket) const {
    return std::ranges::any_of(placed_, [&](const Placed& placed) { return is_blocked(*placed.who.ticket, ticket); });
}

bool Filler::holds_so_far(const Wish& wish) {
    const auto& rules = program_.levels()[wish.level].rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto question = rules[i].waits_for_more ? Question::ever : Question::now;
        if (!rules[i].is_part && !checkers_[wish.level].check(i, lineup_, question, wish.now)) return false;
    }
    return true;
}

bool Filler::can_still_hold(const Wish& wish) {
    const auto& rules = program_.levels()[wish.level].rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (!rules[i].is_part && !checkers_[wish.level].check(i, lineup_, Question::ever, wish.now)) return false;
    }
    return true;
}

std::size_t Filler::level_of_match() const {
    const auto level_of = [](const Placed& placed) { return placed.who.level; };
    const auto& by = program_.algorithm().expansion_age;
    return by == Algorithm::Age::newest ? std::ranges::min(placed_, {}, level_of).who.level : std::ranges::max(placed_, {}, level_of).who.level;
}

bool Filler::is_complete(const Wish& wish) {
    if (placed_.empty() || (wish.room && placed_.size() == wish.there.size())) return false;
    const auto number = level_of_match();
    const auto& level = program_.levels()[number];
    for (std::size_t team = 0; team < level.teams.size(); ++team) {
        if (!wish.room && lineup_.players(team) < level.teams[team].least) return false;
        if (lineup_.players(team) > level.teams[team].most) return false;
    }
    for (std::size_t i = 0; i < level.rules.size(); ++i) {
        if (!level.rules[i].is_part && !checkers_[number].check(i, lineup_, Question::now, wish.now)) return false;
    }
    return true;
}

// FlexMatch: first the teams that have not reached their least size, among those the one with the most open places.
const std::vector<std::uint32_t>& Filler::teams_by_need(const Wish& wish) {
    const auto& level = program_.levels()[wish.level];
    team_order_.resize(level.teams.size());
    std::iota(team_order_.begin(), team_order_.end(), 0U);
    const auto sum = [&](std::uint32_t team) {
        double of_all = 0;
        if (level.balanced_column) {
            for (const auto* ticket : lineup_.team(team)) of_all += ticket->numbers[*level.balanced_column].front() * ticket->width;
        }
        return of_all;
    };
    std::ranges::sort(team_order_, {}, [&](std::uint32_t team) {
        const auto players = lineup_.players(team);
        const auto& size = level.teams[team];
        const auto open = static_cast<std::int64_t>(size.most) - players;
        return std::tuple(players >= size.least, -open, sum(team), team);
    });
    return team_order_;
}

bool Filler::place(const Wish& wish, const Candidate& who, Looks& looks) {
    for (const auto team : teams_by_need(wish)) {
        if (!has_room(wish, *who.ticket, team)) continue;
        if (!looks.take(placed_.size() + 1)) return false;
        put(who, team);
        if (holds_so_far(wish)) return true;
        take_back();
    }
    return false;
}

std::vector<Filler::Placed> Filler::fill(const Wish& wish, Looks& looks) {
    begin(wish);
    if (wish.first != nullptr && (is_kept_out(*wish.first->ticket) || !place(wish, *wish.first, looks))) return {};
    std::vector<Placed> best;
    if (is_complete(wish)) best = placed_;
    const auto most = program_.levels()[wish.level].most;
    for (const auto& other : wish.others) {
        if (lineup_.players() >= most || looks.has_ended) break;
        if (!is_kept_out(*other.ticket) && place(wish, other, looks) && is_complete(wish)) best = placed_;
    }
    return best;
}

bool Filler::is_like_an_earlier_team(const Wish& wish, std::size_t team) const {
    const auto& teams = program_.levels()[wish.level].teams;
    if (lineup_.players(team) > 0) return false;
    for (std::size_t earlier = 0; earlier < team; ++earlier) {
        if (teams[earlier].kind == teams[team].kind && lineup_.players(earlier) == 0) return true;
    }
    return false;
}

bool Filler::try_in_every_team(const Wish& wish, const Candidate& who, std::size_t next, Looks& looks) {
    if (is_kept_out(*who.ticket)) return false;
    for (std::uint32_t team = 0; team < lineup_.team_count(); ++team) {
        if (!has_room(wish, *who.ticket, team) || is_like_an_earlier_team(wish, team)) continue;
        if (!looks.take(placed_.size() + 1)) return false;
        put(who, team);
        if (can_still_hold(wish) && try_from(wish, next, looks)) return true;
        if (looks.has_ended) return false;
        take_back();
    }
    return false;
}

// The lineup as it is with every set of those from `start` on; leaves the first complete one in the lineup.
bool Filler::try_from(const Wish& wish, std::size_t start, Looks& looks) {
    const auto least = wish.room ? 0 : program_.levels()[wish.level].least;
    for (std::size_t i = start; i < wish.others.size(); ++i) {
        if (lineup_.players() + players_behind_[i] < least) return false;
        if (try_in_every_team(wish, wish.others[i], i + 1, looks)) return true;
        if (looks.has_ended) return false;
    }
    return is_complete(wish);
}

std::vector<Filler::Placed> Filler::try_all(const Wish& wish, Looks& looks) {
    players_behind_.assign(wish.others.size() + 1, 0);
    for (std::size_t i = wish.others.size(); i > 0; --i) players_behind_[i - 1] = players_behind_[i] + wish.others[i - 1].ticket->width;
    begin(wish);
    const bool is_found = wish.first != nullptr ? try_in_every_team(wish, *wish.first, 0, looks) : try_from(wish, 0, looks);
    return is_found ? placed_ : std::vector<Placed>();
}

bool Filler::could_go_together(const Pair& pair) {
    const auto& level = program_.levels()[pair.level];
    if (is_blocked(pair.one, pair.other) || pair.one.width + pair.other.width > level.most) return false;
    pair_.clear();
    pair_.put(0, pair.one);
    pair_.put(0, pair.other);
    for (std::size_t i = 0; i < level.rules.size(); ++i) {
        const auto& rule = level.rules[i];
        if (rule.is_of_everybody && !rule.is_part && !checkers_[pair.level].check(i, pair_, Question::ever, pair.now)) return false;
    }
    return true;
}

bool Filler::fits_anywhere(const Pair& pair, std::size_t index) {
    const auto teams = program_.levels()[pair.level].rules[index].is_of_everybody ? 1 : pair_.team_count();
    for (std::size_t first = 0; first < teams; ++first) {
        for (std::size_t second = 0; second < teams; ++second) {
            pair_.clear();
            pair_.put(first, pair.one);
            pair_.put(second, pair.other);
            if (checkers_[pair.level].check(index, pair_, Question::ever, pair.now)) return true;
        }
    }
    return false;
}

std::vector<std::size_t> Filler::what_keeps_apart(const Pair& pair) {
    std::vector<std::size_t> rules;
    for (std::size_t i = 0; i < program_.levels()[pair.level].rules.size(); ++i) {
        if (!program_.levels()[pair.level].rules[i].is_part && !fits_anywhere(pair, i)) rules.push_back(i);
    }
    return rules;
}

}  // namespace gk::match
