#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "async/signal.hpp"
#include "async/wait_queue.hpp"
#include "ports/task.hpp"

namespace gk::async {

// Owns coroutines. Whoever starts one that it does not await, starts it in a group, and ends the group with
//     group.cancel();
//     co_await group.join();     (or run_with() below does both)
// before the group, or anything the tasks refer to, is destroyed. All calls come from the loop's thread.
class TaskGroup {
public:
    // Called with the task's name and the exception's text when a task ends by an exception that is not operation_aborted. That is a
    // programming error (errors are values here), so the standard one prints both and aborts the process.
    using Failed = std::function<void(std::string_view name, std::string_view what)>;

    explicit TaskGroup(boost::asio::any_io_executor executor, Failed failed = abort_process);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    // The group must be empty.
    ~TaskGroup();

    // The task starts at once when called on the loop, and runs until its first wait. In a cancelled group it starts cancelled: it ends
    // before its first step.
    void spawn(std::string name, Task<void> task);
    // Every wait of every task throws operation_aborted from now on.
    void cancel();
    // Returns when no task is left. A cancellation of the caller that comes meanwhile does not end it; a caller that is cancelled already
    // uses run_with().
    Task<void> join();
    // Returns when every task has ended by itself; a body for run_with(), because a cancellation of the caller ends this wait.
    Task<void> done();

    std::size_t size() const { return running_.size(); }
    bool is_cancelled() const { return cancelled_; }
    // For a log line about what a stop waits for.
    std::vector<std::string> names() const;

    [[noreturn]] static void abort_process(std::string_view name, std::string_view what);

private:
    struct Running {
        std::string name;
        boost::asio::cancellation_signal cancel;
        bool begun = false;  // A signal that comes before would be lost in Asio (see spawned.hpp).
    };
    using Iterator = std::list<Running>::iterator;

    Task<void> run(Iterator at, Task<void> task);
    void finished(Iterator at, const std::exception_ptr& thrown);
    void cancel_all();

    boost::asio::any_io_executor executor_;
    Failed failed_;
    std::list<Running> running_;
    WaitQueue joining_;
    bool cancelled_ = false;
    std::shared_ptr<TaskGroup*> self_;  // Expires with the group, for a cancel() that is still on its way through the loop.
};

// Awaits `body`, then ends the group: cancels and joins it, also when `body` threw or this task was cancelled, where a plain co_await of join()
// would throw at once. What `body` threw is thrown on afterwards.
//     TaskGroup children(co_await asio::this_coro::executor);
//     auto body = serve(children);
//     co_await run_with(children, std::move(body));
Task<void> run_with(TaskGroup& group, Task<void> body);

namespace detail {

template <class T>
struct Outcome {
    std::optional<T> value;
    Signal over;
};
// Says that it is over when its task is gone, whether that has ever begun or not.
template <class T>
struct Ending {
    std::shared_ptr<Outcome<T>> outcome;
    explicit Ending(std::shared_ptr<Outcome<T>> of) : outcome(std::move(of)) {}
    Ending(Ending&&) = default;
    ~Ending() {
        if (outcome) outcome->over.raise();
    }
};
template <class T>
Task<void> keep(Task<T> task, Ending<T> ending) {
    ending.outcome->value.emplace(co_await std::move(task));
}

}  // namespace detail

// What `task` returns, run as one of the group: for somebody outside who waits for work that must end before the group does. Nothing when the group
// was cancelled first. A cancellation of the caller ends the wait only.
template <class T>
Task<std::optional<T>> run_in(TaskGroup& group, std::string name, Task<T> task) {
    auto outcome = std::make_shared<detail::Outcome<T>>();
    detail::Ending<T> ending(outcome);
    group.spawn(std::move(name), detail::keep(std::move(task), std::move(ending)));
    co_await outcome->over.wait();
    co_return std::move(outcome->value);
}

}  // namespace gk::async
