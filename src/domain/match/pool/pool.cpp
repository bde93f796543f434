#include "domain/match/pool/pool.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gk::match {

Pool::Pool(PlainRules rules, Engine::Options options) : rules_(std::move(rules)), options_(options) {
    table_.near.resize(rules_.latency_rule.empty() ? 0 : rules_.steps.back().limit + 1);
}

Handle Pool::handle_of(std::uint32_t place) const { return Handle{std::uint64_t{table_[place].generation} << 32 | place}; }

std::optional<std::uint32_t> Pool::place_of(Handle handle) const {
    const auto bits = static_cast<std::uint64_t>(handle);
    const auto place = static_cast<std::uint32_t>(bits);
    const bool is_there = place < table_.size() && table_[place].generation == bits >> 32 && table_[place].standing != Standing::free;
    return is_there ? std::optional(place) : std::nullopt;
}

Result<Handle, std::string> Pool::add(const Ticket& ticket) {
    TRY(entry, read_entry(ticket, rules_, options_.seed));
    for (std::size_t i = 0; i < entry.players.size(); ++i) {
        const bool is_twice = std::find(entry.players.begin(), entry.players.begin() + static_cast<std::ptrdiff_t>(i), entry.players[i]) !=
                              entry.players.begin() + static_cast<std::ptrdiff_t>(i);
        if (is_twice || players_.find(entry.players[i]))
            return std::unexpected(fmt::format("player '{}' waits here already: nobody plays against himself", ticket.players[i].id));
    }
    for (const auto& [region, latency] : entry.latencies) {
        if (region_of(region) == regions_most)
            return std::unexpected(fmt::format("'{}' would be region {}: a queue has at most {}", region, regions_most + 1, regions_most));
    }
    const auto place = take_place();
    store(place, entry);
    table_.rest(place).line = line_of(entry.same);
    enter(place);
    return handle_of(place);
}

// The number of a region; regions_most when there are that many others.
std::size_t Pool::region_of(const std::string& name) {
    const auto found = static_cast<std::size_t>(std::ranges::find(regions_, name) - regions_.begin());
    if (found < regions_.size() || found == regions_most) return found;
    regions_.push_back(name);
    table_.latency.emplace_back(table_.size(), not_measured);
    return found;
}

std::uint32_t Pool::take_place() {
    if (!free_.empty()) {
        const auto place = free_.back();
        free_.pop_back();
        return place;
    }
    const auto place = static_cast<std::uint32_t>(table_.size());
    table_.grow();
    return place;
}

void Pool::store(std::uint32_t place, const Entry& entry) {
    table_[place].turn = entry.turn;
    table_[place].number = entry.number;
    table_.rest(place).player = entry.players.front();
    table_[place].sequence = sequence_++;
    table_.rest(place).armed = nothing_armed;
    table_[place].width = entry.width;
    table_[place].has_more = entry.players.size() > 1 || !entry.blocked.empty();
    for (const auto player : entry.players) players_.put(player, place);
    if (table_[place].has_more) {
        ++table_.mores_used;
        if (free_mores_.empty()) {
            free_mores_.push_back(static_cast<std::uint32_t>(table_.mores.size()));
            table_.mores.emplace_back();
        }
        table_.rest(place).more = free_mores_.back();
        free_mores_.pop_back();
        table_.mores[table_.rest(place).more] = {.others = {entry.players.begin() + 1, entry.players.end()}, .blocked = entry.blocked};
    }
    store_latencies(place, entry);
}

void Pool::store_latencies(std::uint32_t place, const Entry& entry) {
    for (auto& column : table_.latency) column[place] = not_measured;
    for (auto& column : table_.near) column[place] = 0;
    for (const auto& [name, latency] : entry.latencies) {
        const auto region = region_of(name);
        table_.latency[region][place] = latency;
        if (rules_.latency_rule.empty()) continue;
        for (const auto& step : rules_.steps) {
            if (latency <= step.latency) table_.near[step.limit][place] |= std::uint64_t{1} << region;
        }
    }
}

// With the length of each part, so that no two lists of them look alike.
std::string Pool::key_of(const std::vector<std::string>& same) {
    std::string key;
    for (const auto& part : same) fmt::format_to(std::back_inserter(key), "{}:{}", part.size(), part);
    return key;
}

Lines::Line Pool::line_of(const std::vector<std::string>& same) {
    const auto [found, is_new] = line_of_.try_emplace(key_of(same), 0);
    if (!is_new) return found->second;
    if (free_lines_.empty()) {
        free_lines_.push_back(lines_.open());
        sections_.emplace_back();
    }
    found->second = free_lines_.back();
    free_lines_.pop_back();
    sections_[found->second] = {.same = same};
    return found->second;
}

// A ticket begins to wait, or waits again.
void Pool::enter(std::uint32_t place) {
    auto& section = sections_[table_.rest(place).line];
    const auto joined = table_.joined(place);
    if (table_[place].standing == Standing::free) ++section.tickets;
    table_[place].is_late = joined < section.latest;
    section.latest = std::max(section.latest, joined);
    table_[place].standing = Standing::waiting;
    table_.rest(place).armed = nothing_armed;  // What was armed before may have been dropped while it was proposed.
    lines_.put(table_.rest(place).line, rules_.number ? table_[place].number : table_[place].turn, place);
    fresh_.push_back(place);
    ++waiting_;
}

void Pool::leave(std::uint32_t place) {
    lines_.remove(place);
    table_[place].standing = Standing::proposed;
    --waiting_;
}

void Pool::remove(Handle handle) {
    const auto place = place_of(handle);
    if (!place) return;
    if (table_[*place].standing == Standing::waiting) leave(*place);
    free(*place);
    drop_stale_timers();
}

void Pool::release(Handle handle) {
    const auto place = place_of(handle);
    if (place && table_[*place].standing == Standing::proposed) enter(*place);
}

void Pool::free(std::uint32_t place) {
    players_.remove(table_.rest(place).player);
    if (table_[place].has_more) {
        auto& more = table_.mores[table_.rest(place).more];
        for (const auto player : more.others) players_.remove(player);
        more = {};
        free_mores_.push_back(table_.rest(place).more);
        --table_.mores_used;
    }
    const auto line = table_.rest(place).line;
    if (--sections_[line].tickets == 0) {
        line_of_.erase(key_of(sections_[line].same));
        free_lines_.push_back(line);
    }
    ++table_[place].generation;
    table_[place].standing = Standing::free;
    free_.push_back(place);
}

std::optional<Time> Pool::next_pass() const {
    const auto* first = timers_.first();
    const auto running = next_of_running();
    if (first == nullptr) return running;
    return running ? std::min(first->at, *running) : first->at;
}

std::size_t Pool::bytes() const {
    const auto of = [](const auto& column) { return column.capacity() * sizeof(column[0]); };
    return table_.bytes() + lines_.bytes() + timers_.bytes() + players_.bytes() + of(free_) + of(fresh_) + of(anchors_) + of(order_) + of(hidden_);
}

}  // namespace gk::match
