#pragma once

#include <functional>
#include <optional>

#include "app/vault/timetable.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// Watches the clock for all servers and asks for what is due. Each round reads everything anew; a round that is missed is made up by the next.
class Scheduler {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        Runtime& runtime;
        Clock& clock;
    };
    struct Options {
        Milliseconds backup_every = std::chrono::hours(1);  // For servers that say nothing.
        Milliseconds interval = std::chrono::seconds(30);
    };
    // Carries the request further, as an operation with the cause "schedule". Must not fail for what is refused: it is asked again when due.
    using Submit = std::function<Task<void>(Due)>;

    Scheduler(Ports ports, Submit submit, Options options) : ports_(ports), submit_(std::move(submit)), options_(options) {}

    // Until the task is cancelled.
    Task<void> run();
    Task<void> round();

private:
    Task<void> look_at(server::Record record);
    Task<bool> backup_is_due(const server::Record& record);

    Ports ports_;
    Submit submit_;
    Options options_;
    Quiet quiet_;
};

}  // namespace gk::app
