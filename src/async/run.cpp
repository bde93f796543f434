#include "async/run.hpp"

#include <exception>

#include <boost/asio/co_spawn.hpp>

#include "base/assert.hpp"

namespace gk::async {

void run_until_done(boost::asio::io_context& io, Task<void> task) {
    std::exception_ptr thrown;
    bool done = false;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
        done = true;
        thrown = error;
    });
    io.restart();
    while (!done) ASSERT(io.run_one() > 0, "the loop ran out of work before the task ended");
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace gk::async
