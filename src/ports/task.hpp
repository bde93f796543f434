#pragma once

#include <boost/asio/awaitable.hpp>

namespace gk {

// A coroutine of the control plane's single-threaded loop. Never detached: awaited, or owned by an async::TaskGroup.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace gk
