#include "async/task_group.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "async/spawned.hpp"
#include "base/assert.hpp"

namespace gk::async {
namespace asio = boost::asio;
namespace {

// The text of an exception that should not have happened; empty when it is only the end of a cancelled task.
std::string failure_text(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted ? std::string() : std::string(error.what());
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor, Failed failed)
    : executor_(std::move(executor)),
      failed_(std::move(failed)),
      self_(std::make_shared<TaskGroup*>(this)) {}

TaskGroup::~TaskGroup() { ASSERT(running_.empty(), "a TaskGroup is cancelled and joined before it is destroyed"); }

void TaskGroup::spawn(std::string name, Task<void> task) {
    const auto at = running_.emplace(running_.end(), std::move(name));
    auto done = [this, at](const std::exception_ptr& thrown) { finished(at, thrown); };
    asio::co_spawn(executor_, spawned(run(at, std::move(task))), asio::bind_cancellation_slot(at->cancel.slot(), std::move(done)));
}

Task<void> TaskGroup::run(Iterator at, Task<void> task) {
    at->begun = true;
    if (cancelled_) at->cancel.emit(asio::cancellation_type::terminal);
    co_await std::move(task);
}

void TaskGroup::cancel() {
    cancelled_ = true;
    // Asio hands a signal on by a raw pointer through the executor, which is safe only on the loop's own thread.
    asio::dispatch(executor_, [group = std::weak_ptr(self_)] {
        if (const auto alive = group.lock()) (*alive)->cancel_all();
    });
}

void TaskGroup::cancel_all() {
    // Ends of tasks are posted, so the list does not change under the loop; new tasks may come at its end and are cancelled then.
    for (auto& task : running_) {
        if (task.begun) task.cancel.emit(asio::cancellation_type::terminal);
    }
}

Task<void> TaskGroup::join() {
    while (!running_.empty()) co_await joining_.wait_to_the_end();
}

Task<void> TaskGroup::done() {
    while (!running_.empty()) co_await joining_.wait();
}

std::vector<std::string> TaskGroup::names() const {
    std::vector<std::string> names;
    for (const auto& task : running_) names.push_back(task.name);
    return names;
}

void TaskGroup::finished(Iterator at, const std::exception_ptr& thrown) {
    const auto name = std::move(at->name);
    running_.erase(at);
    if (thrown) {
        if (const auto text = failure_text(thrown); !text.empty()) failed_(name, text);
    }
    if (running_.empty()) joining_.wake_all();
}

void TaskGroup::abort_process(std::string_view name, std::string_view what) {
    std::fprintf(stderr, "task '%.*s' ended by an exception: %.*s\n", static_cast<int>(name.size()), name.data(), static_cast<int>(what.size()),
                 what.data());
    std::abort();
}

Task<void> run_with(TaskGroup& group, Task<void> body) {
    std::exception_ptr thrown;
    try {
        co_await std::move(body);
    } catch (...) {
        thrown = std::current_exception();
    }
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    group.cancel();
    co_await group.join();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace gk::async
