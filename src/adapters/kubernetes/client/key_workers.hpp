#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "base/time.hpp"
#include "domain/work/queue.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {

// What became of a turn: well done, well done but to be looked at again after a time, or failed and to be tried again later and later.
struct Turn {
    bool is_good = true;
    std::optional<Milliseconds> again_after;
};

// Works on keys that informers and others add: several keys at once, never one key twice at once.
class KeyWorkers {
public:
    using Work = std::function<Task<Turn>(wire::kubernetes::ObjectKey)>;

    KeyWorkers(Clock& clock, std::size_t at_once, Work work) : clock_(clock), at_once_(at_once), work_(std::move(work)) {}

    void add(const wire::kubernetes::ObjectKey& key) {
        queue_.add(key);
        changed_.raise();
    }
    // Returns when close() was called and every turn is over. Cancelled, it cancels the turns and waits for their end.
    Task<void> run();
    // Takes no more keys; those that are ready still have their turn.
    void close() {
        queue_.close();
        changed_.raise();
    }

private:
    Task<void> give_turns(async::TaskGroup& turns);
    Task<void> turn(wire::kubernetes::ObjectKey key);
    Task<void> wait();

    Clock& clock_;
    std::size_t at_once_;
    Work work_;
    std::size_t working_ = 0;
    work::Queue<wire::kubernetes::ObjectKey> queue_;
    async::Signal changed_;
};

}  // namespace gk::kubernetes
