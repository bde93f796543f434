#pragma once

#include <chrono>

#include <boost/asio/io_context.hpp>

namespace gk::test {

// Lets the loop work until it holds; false when it does not in the time of many turns. For tests in which something outside of the loop answers.
template <class Question>
bool turn_until(boost::asio::io_context& io, Question holds, int turns = 1000) {
    for (int i = 0; i < turns; ++i) {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(10));
        while (io.poll() > 0) {
        }
        if (holds()) return true;
    }
    return false;
}

}  // namespace gk::test
