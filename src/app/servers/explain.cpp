#include <algorithm>

#include <fmt/format.h>

#include "app/servers/servers.hpp"
#include "base/text.hpp"
#include "domain/server/request.hpp"

namespace gk::app {
namespace {

// "restore_undo" -> "restore undo".
std::string plain(std::string_view name) {
    std::string out(name);
    std::ranges::replace(out, '_', ' ');
    return out;
}

std::string describe(const server::Exit& exit) {
    using enum server::ExitCause;
    const auto how = exit.signal ? fmt::format("signal {}", *exit.signal)
                     : exit.code ? fmt::format("exit code {}", *exit.code)
                                 : std::string("no exit code");
    switch (exit.cause) {
    case asked: return fmt::format("The last run ended at {} because it was asked to ({}).", rfc3339(exit.at), how);
    case crashed: return fmt::format("The last run crashed at {} ({}); its last lines are in last_exit.log_tail.", rfc3339(exit.at), how);
    case out_of_memory:
        return fmt::format("The last run was ended at {} because it used more memory than its package allows{}; choose a larger package.",
                           rfc3339(exit.at), exit.memory_peak ? fmt::format(" (peak {} MiB)", exit.memory_peak->count) : "");
    case start_timeout: return fmt::format("The last start was given up at {}: the game never became ready.", rfc3339(exit.at));
    case lost:
        return fmt::format("The last run was lost at {}: its process was gone without a trace (a reboot is the usual cause).", rfc3339(exit.at));
    }
    std::unreachable();
}

std::string describe(const Operation& operation) {
    auto out = fmt::format("{}: {} asked by {}, {}", rfc3339(operation.created_at), plain(name_of(operation.verb)), operation.cause,
                           name_of(operation.status));
    if (operation.error) out += fmt::format(": {}", operation.error->detail);
    for (const auto& step : operation.steps) {
        if (step.status == OperationStep::Status::running) out += fmt::format("; now at '{}' since {}", plain(step.name), rfc3339(step.started_at));
    }
    return out;
}

}  // namespace

Servers::Answer<std::vector<std::string>> Servers::explain(Caller caller, std::string space, std::string id) {
    CO_TRY(record, co_await find(caller, space, id));
    std::vector<std::string> lines;
    const auto state = name_of(server::state_of(record));
    const bool as_wanted = state == name_of(record.wanted);
    lines.push_back(fmt::format("'{}' is {}{}, in phase '{}' since {}.", record.id, state,
                                as_wanted ? " as wanted" : fmt::format(" and should be {}", name_of(record.wanted)), plain(name_of(record.phase)),
                                rfc3339(record.phase_since)));
    if (record.last_start && record.last_start->cause.kind != server::Cause::Kind::person)
        lines.push_back(fmt::format("It was started at {} by {}.", rfc3339(record.last_start->asked_at), server::text_of(record.last_start->cause)));
    if (!record.message.empty()) lines.push_back(fmt::format("{} ({})", record.message, record.reason));
    if (record.not_before && *record.not_before > ports_.clock.now())
        lines.push_back(fmt::format("The next try is at {}.", rfc3339(*record.not_before)));
    if (!record.crashes.empty())
        lines.push_back(fmt::format("It crashed {} of late.", record.crashes.size() == 1 ? "once" : fmt::format("{} times", record.crashes.size())));
    if (record.last_exit) lines.push_back(describe(*record.last_exit));
    auto snapshots = co_await ports_.ledger.snapshots(record.uid);
    if (snapshots && !snapshots->empty()) {
        const auto& newest = snapshots->front();
        lines.push_back(fmt::format("The newest snapshot is of {}: {}, {}, {}.", rfc3339(newest.created_at), name_of(newest.status),
                                    plain(name_of(newest.consistency)), size_text(static_cast<std::uint64_t>(newest.bytes))));
    } else if (snapshots) {
        lines.push_back("There is no snapshot yet.");
    }
    Ledger::OperationFilter filter;
    filter.server = record.uid;
    filter.limit = 5;
    if (auto recent = co_await ports_.ledger.operations(filter)) {
        for (const auto& operation : *recent) lines.push_back(describe(operation));
    }
    co_return lines;
}

}  // namespace gk::app
