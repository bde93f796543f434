#pragma once

#include <boost/asio/this_coro.hpp>

namespace gk::async {

// `co_await this_executor` is the loop of the running task, for layers that do not name Boost.
inline constexpr auto this_executor = boost::asio::this_coro::executor;

}  // namespace gk::async
