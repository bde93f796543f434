#include <algorithm>
#include <set>
#include <utility>

#include "app/match/matchmaker.hpp"
#include "app/match/matchmaker_queue.hpp"
#include "base/log.hpp"
#include "domain/match/rules/native.hpp"

// How the matchmaker reads its queues and who waits in them: all when it begins, and what was changed.
namespace gk::app {
namespace {

// Whose differences in a match are of interest: what the queue rates, else the first number that its rules ask for.
std::string attribute_of(const QueueRecord& queue, const std::vector<match::Stage>& stages) {
    if (!queue.rating.attribute.empty()) return queue.rating.attribute;
    const auto& all = stages.front().rules.attributes;
    const auto number = std::ranges::find(all, match::AttributeType::number, &match::PlayerAttribute::type);
    return number == all.end() ? std::string() : number->name;
}

std::optional<std::vector<match::Stage>> read_rules(const QueueRecord& queue, const Value& rules) {
    Errors errors;
    auto stages = match::read_either_rules(rules, errors);
    if (stages) return stages;
    const auto& first = errors.list().front();
    log::error("match", "a queue's rules cannot be read", {{"queue", queue.name}, {"at", first.pointer}, {"detail", first.detail}});
    return std::nullopt;
}

}  // namespace

Task<bool> Matchmaker::read_queues(async::TaskGroup& tasks) {
    queues_changed_ = false;
    auto call = [this] { return ports_.store.queues(); };
    auto records = co_await shift_->ask<std::vector<QueueRecord>>(std::move(call));
    if (!records) co_return false;
    std::set<std::string> names;
    bool is_read_anew = false;
    for (auto& record : *records) {
        names.insert(record.name);
        is_read_anew = use(std::move(record), tasks) || is_read_anew;
    }
    // What waits in a queue that was removed ends when its time is over; it comes back with the queue.
    for (auto& [name, queue] : queues_) {
        queue->is_gone = !names.contains(name);
        queue->due.raise();
    }
    if (!is_read_anew) co_return true;
    const bool is_whole = co_await read_waiting();
    // A queue is better looked at with what could be read than not at all.
    for (auto& [name, queue] : queues_) {
        queue->is_read = true;
        queue->due.raise();
    }
    co_return is_whole;
}

// True when what waits has to be read for it again.
bool Matchmaker::use(QueueRecord record, async::TaskGroup& tasks) {
    const auto known = queues_.find(record.name);
    // One that was removed and made again counts its generations anew, so they say nothing here.
    if (known != queues_.end()) return change(*known->second, std::move(record));
    auto stages = read_rules(record, record.rules);
    if (!stages) return false;
    const auto name = record.name;
    auto queue = std::make_shared<Queue>(std::move(record), std::move(*stages));
    if (queue->record.shadow) begin_shadow(*queue);
    queues_[name] = queue;
    tasks.spawn("queue " + name, tend(*queue, tasks));
    return true;
}

bool Matchmaker::change(Queue& queue, QueueRecord record) {
    const bool are_new_rules = record.rules != queue.record.rules;
    const bool is_new_shadow = record.shadow != queue.record.shadow || record.rating.attribute != queue.record.rating.attribute;
    if (are_new_rules) {
        auto stages = read_rules(record, record.rules);
        if (!stages) return false;
        queue.is_read = false;
        queue.engine.change_rules(std::move(*stages));
        backfills_->note_rules(record.name);
    }
    queue.record = std::move(record);
    // Both are counted from the same moment on.
    if (are_new_rules || is_new_shadow) begin_shadow(queue);
    return are_new_rules || queue.shadow != nullptr;
}

void Matchmaker::begin_shadow(Queue& queue) {
    queue.shadow.reset();
    if (!queue.record.shadow) return;
    auto stages = read_rules(queue.record, *queue.record.shadow);
    if (!stages) return;
    auto attribute = attribute_of(queue.record, *stages);
    queue.shadow = std::make_shared<Shadow>(std::move(*stages), match::Engine::Options(), std::move(attribute), ports_.clock.now());
}

Task<bool> Matchmaker::read_waiting() {
    std::optional<TicketId> after;
    while (true) {
        auto call = [&] { return ports_.store.waiting(after, limits_.page); };
        const auto page = co_await shift_->ask<std::vector<match::Ticket>>(std::move(call));
        if (!page) co_return false;
        for (const auto& ticket : *page) wait_in_queues(ticket);
        if (page->size() < limits_.page) co_return true;
        after = page->back().id;
    }
}

}  // namespace gk::app
