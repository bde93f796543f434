#include "domain/watch/incident.hpp"

#include <algorithm>
#include <utility>

#include "domain/watch/standing.hpp"
#include "domain/watch/watchdog.hpp"

namespace gk::watch {
namespace {

using server::DiskLevel;
using server::Phase;
using server::Record;

bool is_delivered(const Incident& incident) {
    return std::ranges::all_of(incident.deliveries, [](const Delivery& it) { return it.is_settled(); });
}
bool is_settled(const Incident& incident) { return incident.over_at && is_delivered(incident); }

bool make_room(Incidents& incidents, std::size_t most) {
    if (incidents.size() < most) return true;
    auto oldest = std::ranges::find_if(incidents, is_settled);
    if (oldest == incidents.end()) oldest = std::ranges::find_if(incidents, [](const Incident& it) { return it.over_at.has_value(); });
    if (oldest == incidents.end()) return false;
    incidents.erase(oldest);
    return true;
}

Milliseconds back_off(std::uint32_t attempts, const DeliveryLimits& limits) {
    auto pause = limits.retry_first;
    for (std::uint32_t i = 1; i < attempts && pause < limits.retry_most; ++i) pause *= 2;
    return std::min(pause, limits.retry_most);
}

// That it began is told before that it is over.
bool has_turn(const Incident& incident, const Delivery& delivery) {
    if (delivery.is_settled()) return false;
    if (!delivery.says_over) return true;
    return std::ranges::none_of(incident.deliveries,
                                [&](const Delivery& it) { return !it.says_over && it.address == delivery.address && !it.is_settled(); });
}

bool is_well(const Record& record) {
    return !record.given_up && (record.phase == Phase::running || record.phase == Phase::paused || record.phase == Phase::stopped);
}

struct Ending {
    std::string_view kind;
    bool (*is_over)(const Record&);
};
constexpr auto endings = std::to_array<Ending>({
    {"crash_loop", is_well},
    {"start_failed", is_well},
    {"backup_failed", is_well},
    {"world_lost", [](const Record& it) { return is_well(it) && !it.world_lost; }},
    {"disk_lost", [](const Record& it) { return is_well(it) && !it.world_lost; }},
    {"disk_low", [](const Record& it) { return it.disk_level == DiskLevel::fine; }},
    {"disk_full", [](const Record& it) { return it.disk_level != DiskLevel::full; }},
});

// The watchdog says itself when these are over.
constexpr auto ended_by_watchdog = std::to_array<std::string_view>({not_measured, up_too_long, never_ready});

std::string in_small_letters(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

const Ending* ending_of(std::string_view kind) {
    const auto* found = std::ranges::find(endings, kind, &Ending::kind);
    return found == endings.end() ? nullptr : found;
}

}  // namespace

std::vector<Address> people_of(std::span<const Address> installation, const Record& record) {
    std::vector<Address> out(installation.begin(), installation.end());
    for (const auto& to : record.notify) {
        const auto is_he = [&](const Address& it) { return it.channel == Channel::mail && in_small_letters(it.to) == in_small_letters(to); };
        if (std::ranges::none_of(out, is_he)) out.push_back({.channel = Channel::mail, .to = to});
    }
    return out;
}

Incident* find_open(Incidents& incidents, std::string_view kind, ServerUid server) {
    const auto found = std::ranges::find_if(incidents, [&](const Incident& it) { return !it.over_at && it.kind == kind && it.server == server; });
    return found == incidents.end() ? nullptr : &*found;
}

bool raise(Incidents& incidents, Incident incident, std::span<const Address> addresses, const DeliveryLimits& limits) {
    if (!make_room(incidents, limits.kept_most)) return false;
    incident.deliveries.clear();
    for (const auto& address : addresses) {
        incident.deliveries.push_back(
            {.address = address, .says_over = false, .attempts = 0, .next_at = incident.since, .delivered_at = {}, .answer = {}});
    }
    incidents.push_back(std::move(incident));
    return true;
}

void end(Incident& incident, Time now) {
    if (incident.over_at) return;
    incident.over_at = now;
    std::vector<Delivery> ends;
    for (const auto& told : incident.deliveries) {
        if (told.has_failed()) continue;
        ends.push_back({.address = told.address, .says_over = true, .attempts = 0, .next_at = now, .delivered_at = {}, .answer = {}});
    }
    std::ranges::move(ends, std::back_inserter(incident.deliveries));
}

void forget_old(Incidents& incidents, const DeliveryLimits& limits, Time now) {
    std::erase_if(incidents, [&](const Incident& it) {
        const bool has_end = ending_of(it.kind) != nullptr || std::ranges::find(ended_by_watchdog, it.kind) != ended_by_watchdog.end();
        if (!it.over_at && !has_end) return is_delivered(it) && it.since + limits.told_again <= now;
        return is_settled(it) && *it.over_at + (is_news(it.kind) ? limits.news_kept_for : limits.kept_for) <= now;
    });
}

Due next_due(Incidents& incidents) {
    Due next;
    for (auto& incident : incidents) {
        for (auto& delivery : incident.deliveries) {
            if (!has_turn(incident, delivery)) continue;
            if (next.delivery == nullptr || *delivery.next_at < next.at)
                next = {.incident = &incident, .delivery = &delivery, .at = *delivery.next_at};
        }
    }
    return next;
}

void note_delivered(Delivery& delivery, std::string answer, Time now) {
    ++delivery.attempts;
    delivery.next_at.reset();
    delivery.delivered_at = now;
    delivery.answer = std::move(answer);
}

void note_failed(const Incident& incident, Delivery& delivery, bool is_final, std::string answer, const DeliveryLimits& limits, Time now) {
    ++delivery.attempts;
    delivery.answer = std::move(answer);
    const auto begun = delivery.says_over ? incident.over_at.value_or(incident.since) : incident.since;
    const auto next = now + back_off(delivery.attempts, limits);
    if (is_final || next >= begun + limits.give_up) delivery.next_at.reset();
    else delivery.next_at = next;
}

bool is_over(std::string_view kind, const server::Record& record) {
    const auto* ending = ending_of(kind);
    return ending != nullptr && ending->is_over(record);
}

}  // namespace gk::watch
