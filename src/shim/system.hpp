#pragma once

#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

// The operating system in small pieces. The only part of the shim that reads a clock: it has no Clock port, being no part of the control plane.
namespace gk::shim {

// A sentence with cause and object, for the log and for whoever started the shim.
struct ShimError {
    std::string detail;
};
template <class T>
using ShimResult = Result<T, ShimError>;

// "what: No such file or directory", from errno.
ShimError system_error(std::string_view what);

// Since some moment in the past.
Milliseconds monotonic_now();
// Wall time when the shim started plus what has passed since on the monotonic clock: never goes back.
Time wall_now();

// The whole file, at most size_max bytes of it.
ShimResult<std::string> read_file(int folder, const std::string& name, std::size_t size_max);
ShimResult<std::string> read_file(const std::string& path, std::size_t size_max);
// Written beside, synced, renamed, and the folder synced: afterwards it is there whole, whatever happens to the machine.
ShimResult<Success> write_file_durably(int folder, const std::string& name, std::string_view content);

// Both ends close-on-exec.
struct Pipe {
    Descriptor reader;
    Descriptor writer;
};
ShimResult<Pipe> make_pipe();
void set_nonblocking(int fd);

}  // namespace gk::shim
