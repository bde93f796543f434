#include "adapters/kubernetes/client/key_workers.hpp"

#include <utility>

#include "async/deadline.hpp"
#include "async/this_executor.hpp"

namespace gk::kubernetes {

using wire::kubernetes::ObjectKey;

Task<void> KeyWorkers::run() {
    async::TaskGroup turns(co_await async::this_executor);
    auto giving = give_turns(turns);
    co_await async::run_with(turns, std::move(giving));
}

Task<void> KeyWorkers::give_turns(async::TaskGroup& turns) {
    while (!queue_.is_drained()) {
        const auto key = working_ < at_once_ ? queue_.take(clock_.now()) : std::nullopt;
        if (!key) {
            co_await wait();
            continue;
        }
        ++working_;
        turns.spawn(key->text(), turn(*key));
    }
}

Task<void> KeyWorkers::wait() {
    const auto due = queue_.next_due();
    if (!due || working_ == at_once_) co_return co_await changed_.wait();
    auto waiting = changed_.wait();
    std::ignore = co_await async::finishes_by(clock_, *due, std::move(waiting));
}

Task<void> KeyWorkers::turn(ObjectKey key) {
    const auto done = co_await work_(key);
    const auto now = clock_.now();
    if (done.is_good) queue_.forget(key);
    else queue_.add_after_failure(key, now);
    if (done.is_good && done.again_after) queue_.add_at(key, now + *done.again_after);
    queue_.done(key);
    --working_;
    changed_.raise();
}

}  // namespace gk::kubernetes
