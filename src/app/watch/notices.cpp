#include "app/watch/notices.hpp"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "app/event.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

Value event_data(const watch::Incident& incident) {
    return Value::object({{"incident", incident.id}, {"kind", incident.kind}, {"subject", incident.subject}});
}

Letter letter_of(const watch::Incident& incident, const watch::Delivery& delivery) {
    Letter letter{.id = incident.id,
                  .to = delivery.address.to,
                  .kind = incident.kind,
                  .server = incident.server_id,
                  .subject = incident.subject,
                  .text = incident.text,
                  .says_over = delivery.says_over,
                  .at = incident.since};
    if (!delivery.says_over) return letter;
    letter.id += "-over";
    letter.subject = "Over: " + incident.subject;
    letter.text = fmt::format("This is over since {}. It began at {}:\n\n{}", rfc3339(*incident.over_at), rfc3339(incident.since), incident.text);
    letter.at = *incident.over_at;
    return letter;
}

}  // namespace

Task<void> Notices::notify(Notice notice) {
    log::error("notice", notice.subject, {{"kind", notice.kind}, {"server", notice.server}, {"text", notice.text}});
    // What cannot be read now may say that people know of it already: they had better hear of it twice.
    std::ignore = co_await load();
    if (watch::find_open(incidents_, notice.kind, notice.server) != nullptr) co_return;
    auto about = co_await about_server(std::move(notice));
    if (watch::find_open(incidents_, about.incident.kind, about.incident.server) != nullptr) co_return;  // Somebody said the same meanwhile.
    if (!watch::raise(incidents_, about.incident, about.people, limits_)) {
        log::error("notice", "too many incidents are open: nobody is told of this one",
                   {{"kind", about.incident.kind}, {"server", about.incident.server}});
        co_return;
    }
    co_await save();
    co_await announce(std::move(about.incident));
    news_.raise();
}

Task<void> Notices::news(Notice notice) {
    log::info("notice", notice.subject, {{"kind", notice.kind}, {"server", notice.server}, {"text", notice.text}});
    std::ignore = co_await load();
    auto about = co_await about_server(std::move(notice));
    about.incident.over_at = about.incident.since;
    if (!watch::raise(incidents_, std::move(about.incident), about.people, limits_)) co_return;  // What is wrong is more important.
    co_await save();
    news_.raise();
}

Task<Notices::About> Notices::about_server(Notice notice) {
    About about{.incident = {.id = ports_.random.id<OperationId>().text(),
                             .kind = std::move(notice.kind),
                             .server = notice.server,
                             .server_id = {},
                             .space = {},
                             .tenant = {},
                             .subject = std::move(notice.subject),
                             .text = std::move(notice.text),
                             .since = ports_.clock.now(),
                             .over_at = {},
                             .deliveries = {}},
                .people = addresses_};
    const auto record = co_await ports_.store.get(about.incident.server);
    if (!record) co_return about;
    about.incident.server_id = record->id;
    about.incident.space = record->space;
    about.incident.tenant = record->tenant;
    about.people = watch::people_of(addresses_, *record);
    co_return about;
}

Task<void> Notices::is_over(std::string kind, ServerUid server) {
    if (!co_await load()) co_return;
    auto* incident = watch::find_open(incidents_, kind, server);
    if (incident == nullptr) co_return;
    watch::end(*incident, ports_.clock.now());
    auto ended = *incident;
    log::info("notice", "an incident is over", {{"kind", kind}, {"server", server}});
    co_await save();
    co_await announce(std::move(ended));
    news_.raise();
}

Task<void> Notices::run() {
    for (;;) {
        co_await round();
        auto wake = ports_.clock.now() + interval_;
        if (const auto due = watch::next_due(incidents_); due.delivery != nullptr) wake = std::min(wake, due.at);
        auto heard = news_.wait();
        co_await async::finishes_by(ports_.clock, wake, std::move(heard));
    }
}

Task<void> Notices::round() {
    if (!co_await load()) co_return;
    co_await end_what_is_over();
    const auto before = incidents_.size();
    watch::forget_old(incidents_, limits_, ports_.clock.now());
    if (is_unsaved_ || incidents_.size() != before) co_await save();
    const auto begun = ports_.clock.now();
    for (auto due = watch::next_due(incidents_); due.delivery != nullptr && due.at <= begun; due = watch::next_due(incidents_))
        co_await deliver_next();
}

Task<bool> Notices::load() {
    if (is_loaded_) co_return true;
    auto stored = co_await ports_.incidents.load();
    if (is_loaded_) co_return true;
    if (!stored && stored.error().kind != StoreError::Kind::corrupt) {
        log::warning("notice", "what people have been told could not be read", {{"detail", stored.error().detail}});
        co_return false;
    }
    if (!stored) log::error("notice", "what people have been told is damaged and begins anew", {{"detail", stored.error().detail}});
    auto early = std::exchange(incidents_, stored ? std::move(*stored) : watch::Incidents());
    for (auto& incident : early) {
        if (watch::find_open(incidents_, incident.kind, incident.server) == nullptr) incidents_.push_back(std::move(incident));
    }
    is_loaded_ = true;
    co_return true;
}

// Whoever comes while somebody saves leaves it to him: all is written once more.
Task<void> Notices::save() {
    is_unsaved_ = true;
    if (is_saving_ || !is_loaded_) co_return;
    is_saving_ = true;
    const auto end = [](bool* saving) { *saving = false; };
    const std::unique_ptr<bool, decltype(end)> ending(&is_saving_, end);
    while (is_unsaved_) {
        is_unsaved_ = false;
        auto all = incidents_;
        const auto stored = co_await ports_.incidents.save(std::move(all), ports_.epoch());
        if (stored) continue;
        is_unsaved_ = true;  // The next round tries again.
        log::warning("notice", "what people are told could not be stored", {{"detail", stored.error().detail}});
        co_return;
    }
}

// By the records, of which each is read afresh: what is open is little.
Task<void> Notices::end_what_is_over() {
    std::vector<std::pair<std::string, ServerUid>> open;
    for (const auto& incident : incidents_) {
        if (!incident.over_at && !incident.server.is_nil()) open.emplace_back(incident.kind, incident.server);
    }
    for (auto& [kind, server] : open) {
        const auto record = co_await ports_.store.get(server);
        const bool is_gone = !record && record.error().kind == StoreError::Kind::not_found && kind != "unknown_world";
        if (is_gone || (record && watch::is_over(kind, *record))) co_await is_over(std::move(kind), server);
    }
}

// The one that is due first. Others may come or go while it is on its way: what came of it is noted where it is then.
Task<void> Notices::deliver_next() {
    const auto due = watch::next_due(incidents_);
    const auto id = due.incident->id;
    const auto address = due.delivery->address;
    const auto says_over = due.delivery->says_over;
    auto letter = letter_of(*due.incident, *due.delivery);
    const auto carrier = carriers_.find(address.channel);
    Result<std::string, CarrierError> answer = std::unexpected(CarrierError{.is_final = true, .detail = "this channel is not set up any more"});
    if (carrier != carriers_.end()) answer = co_await carrier->second->carry(std::move(letter));
    const auto incident = std::ranges::find(incidents_, id, &watch::Incident::id);
    if (incident == incidents_.end()) co_return;
    const auto delivery = std::ranges::find_if(
        incident->deliveries, [&](const watch::Delivery& it) { return it.address == address && it.says_over == says_over && !it.is_settled(); });
    if (delivery == incident->deliveries.end()) co_return;
    if (answer) {
        watch::note_delivered(*delivery, std::move(*answer), ports_.clock.now());
    } else {
        log::warning("notice", "a letter was not delivered",
                     {{"to", address.to}, {"incident", id}, {"why", answer.error().detail}, {"tries", delivery->attempts + 1}});
        watch::note_failed(*incident, *delivery, answer.error().is_final, answer.error().detail, limits_, ports_.clock.now());
    }
    co_await save();
}

Task<void> Notices::announce(watch::Incident incident) {
    Event event{.at = ports_.clock.now(),
                .type = incident.over_at ? "incident.over" : "incident.begun",
                .server = incident.server.is_nil() ? std::nullopt : std::optional(incident.server),
                .server_id = incident.server_id,
                .space = incident.space.empty() ? "default" : incident.space,
                .tenant = incident.tenant.empty() ? "default" : incident.tenant,
                .data = event_data(incident)};
    const auto stored = co_await ports_.ledger.append(std::move(event));
    if (!stored) log::warning("notice", "an event could not be stored", {{"detail", stored.error().detail}});
}

}  // namespace gk::app
