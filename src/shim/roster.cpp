#include "shim/roster.hpp"

#include <algorithm>
#include <utility>

#include "shim/line_splitter.hpp"

namespace gk::shim {

namespace {
ProbeAnswer answer_of(const std::set<std::string>& present) {
    return {.online = static_cast<std::int32_t>(present.size()), .players_max = {}, .names = {present.begin(), present.end()}};
}
}  // namespace

ShimResult<Roster> Roster::create(const wire::shim::Players& spec) {
    Roster roster;
    roster.queried_ = spec.target.query == wire::shim::Query::teeworlds;  // The only one that gives numbers.
    TRY(join, Pattern::compile(spec.join_pattern));
    TRY(leave, Pattern::compile(spec.leave_pattern));
    roster.join_ = std::move(join);
    roster.leave_ = std::move(leave);
    return roster;
}

bool Roster::on_ready() { return !queried_ && !join_.is_empty() && show(answer_of(present_)); }

bool Roster::on_line(const std::string& line) {
    if (queried_ || join_.is_empty()) return false;
    if (const auto name = join_.first_group(line)) {
        present_.insert(*name);
    } else if (const auto gone = leave_.first_group(line)) {
        present_.erase(*gone);
    } else {
        return false;
    }
    return show(answer_of(present_));
}

bool Roster::on_answer(const std::optional<ProbeAnswer>& answer) {
    if (!queried_) return false;
    misses_ = answer ? 0 : misses_ + 1;
    if (answer) return show(*answer);
    return misses_ >= misses_max && show({});
}

bool Roster::on_exit() {
    present_.clear();
    return show({});
}

bool Roster::show(ProbeAnswer next) {
    std::ranges::sort(next.names);
    if (next.names.size() > wire::shim::player_names_max) next.names.resize(wire::shim::player_names_max);
    for (auto& name : next.names) name = plain_text(std::string_view(name).substr(0, wire::shim::player_name_bytes_max));
    const bool changed = next.online != shown_.online || next.players_max != shown_.players_max || next.names != shown_.names;
    shown_ = std::move(next);
    return changed;
}

void Roster::describe(wire::shim::Status& status) const {
    status.online = shown_.online;
    status.players_max = shown_.players_max;
    status.names = shown_.names;
}

}  // namespace gk::shim
