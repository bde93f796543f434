#include "async/spawned.hpp"

#include <exception>
#include <utility>

#include <boost/asio/this_coro.hpp>

namespace gk::async {

Task<void> spawned(Task<void> task) {
    std::exception_ptr thrown;
    try {
        co_await std::move(task);
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace gk::async
