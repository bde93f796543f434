#pragma once

#include <string>

#include <boost/asio/thread_pool.hpp>

#include "net/shim/remote.hpp"

namespace gk::net::shim {

// Brings everything in `folder`, which does not change, into the pod under the folder's own last name (wire/shim/game_files.hpp), and returns when it
// is there whole. The folder is read on the pool's thread. `exhausted`: no room in the pod.
Asked<Success> bring_game_files(Clock& clock, RemoteFiles::Place place, boost::asio::thread_pool& disk, std::string folder);

}  // namespace gk::net::shim
