#include "domain/wake/doorman.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "domain/wake/start_times.hpp"

namespace gk::wake {

namespace {
constexpr Milliseconds day = std::chrono::hours(24);

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}
}  // namespace

Doorman::Doorman(Rule rule, const DoorLimits& limits, Instant now)
    : rule_(std::move(rule)),
      limits_(limits),
      knocks_(limits.sources_max),
      wakes_(limits.sources_max),
      wakes_in_all_(limits.wakes_in_all, now) {}

Doorman::Memory Doorman::memory() const {
    Memory out{.starts = starts_, .wakes_in_all = wakes_in_all_.level(), .wakes = {}};
    if (out.starts.size() > remembered_max) out.starts.erase(out.starts.begin(), out.starts.end() - remembered_max);
    for (const auto& [source, bucket] : wakes_.entries() | std::views::take(remembered_max)) out.wakes.emplace_back(source, bucket.level());
    return out;
}

void Doorman::remember(const Memory& memory) {
    starts_ = memory.starts;
    wakes_in_all_ = Bucket(memory.wakes_in_all);
    // The last heard of comes last, to be the last that is forgotten.
    for (const auto& [source, level] : memory.wakes | std::views::reverse) wakes_.of(source, [&] { return Bucket(level); });
}

void Doorman::follow(Rule rule, bool is_asleep) {
    rule_ = std::move(rule);
    is_last_pending_ = is_last_pending_ && is_asleep;
}

Verdict Doorman::judge(const Knock& knock, const Address& source, const Sleeper& server, Instant now) {
    if (knock.intent == Intent::junk) return {.reply = Reply::ignore, .why = Why::junk};
    if (knock.intent == Intent::question) return {.reply = Reply::answer, .why = Why::question};
    const bool believed = knock.proved || was_heard_before(source, now);
    if (knock.intent == Intent::hello || !believed) return {.reply = Reply::ignore, .why = Why::unproved};
    if (rule_.admission == Admission::never) return {.reply = Reply::refuse, .why = Why::never_wakes};
    if (!is_admitted(knock, source)) return {.reply = Reply::refuse, .why = Why::not_on_list};
    if (server.state == Sleep::failed) return {.reply = Reply::refuse, .why = Why::failed};
    if (server.state == Sleep::starting) return hold_or_refuse(server);
    if (const auto over = over_limits(source, now)) return {.reply = Reply::refuse, .why = *over};
    auto verdict = hold_or_refuse(server);
    verdict.wake = true;
    return verdict;
}

// Counts this knock.
bool Doorman::was_heard_before(const Address& source, Instant now) {
    auto& knocks = knocks_.of(source, [] { return Knocks(); });
    std::erase_if(knocks, [&](Instant at) { return now - at > rule_.knock_window; });
    const auto needed = static_cast<std::size_t>(rule_.knocks_needed);
    if (knocks.size() < needed && (knocks.empty() || now - knocks.back() >= rule_.knock_gap)) knocks.push_back(now);
    return knocks.size() >= needed;
}

bool Doorman::is_admitted(const Knock& knock, const Address& source) const {
    if (rule_.admission == Admission::any) return true;
    return std::ranges::any_of(rule_.names, [&](const std::string& name) { return same_name(name, knock.name); }) ||
           std::ranges::any_of(rule_.blocks, [&](const Block& block) { return block.contains(source); });
}

// Takes what one wake costs, when nothing forbids it.
std::optional<Why> Doorman::over_limits(const Address& source, Instant now) {
    std::erase_if(starts_, [&](Instant at) { return now - at >= day; });
    is_last_pending_ = is_last_pending_ && !starts_.empty();
    if (starts_.size() - (is_last_pending_ ? 1U : 0U) >= rule_.starts_per_day_max) return Why::daily_cap;
    auto& wakes = wakes_.of(neighbourhood(source), [&] { return Bucket(limits_.wakes_per_source, now); });
    if (!wakes.has(limits_.wakes_per_source, 1, now)) return Why::source_limit;
    if (!wakes_in_all_.take(limits_.wakes_in_all, 1, now)) return Why::edge_limit;
    wakes.take(limits_.wakes_per_source, 1, now);
    if (!std::exchange(is_last_pending_, true)) starts_.push_back(now);
    return std::nullopt;
}

Verdict Doorman::hold_or_refuse(const Sleeper& server) const {
    if (server.ready_in && *server.ready_in > rule_.patience) return {.reply = Reply::refuse, .why = Why::too_slow, .wait = *server.ready_in};
    return {.reply = Reply::hold, .why = Why::welcome, .wait = rule_.patience};
}

std::string refusal_text(const Verdict& verdict, std::string_view server, std::string_view trouble) {
    switch (verdict.why) {
    case Why::too_slow: return fmt::format("{} is waking up. Join again in {}.", server, wait_text(verdict.wait));
    case Why::welcome: return fmt::format("{} is waking up and takes longer than usual. Join again in a moment.", server);
    case Why::never_wakes: return fmt::format("{} sleeps, and does not wake up for players. Its owner has to start it.", server);
    case Why::not_on_list: return fmt::format("{} sleeps, and you are not on the list of those who may wake it.", server);
    case Why::source_limit:
    case Why::edge_limit: return fmt::format("{} sleeps, and too many tried to wake it. Join again in a minute.", server);
    case Why::daily_cap: return fmt::format("{} was started too often today. Its owner can start it.", server);
    case Why::failed: return fmt::format("{} cannot start{}{}. Its owner has to look at it.", server, trouble.empty() ? "" : ": ", trouble);
    case Why::junk:
    case Why::question:
    case Why::unproved: break;  // Nobody is told.
    }
    return {};
}

}  // namespace gk::wake
