#pragma once

#include <cstdint>
#include <string>

namespace gk::programs {

// Whoever starts an edge hands it a file as standard error, and may be gone when the file has grown: the edge keeps it small itself. When `error` is
// open on `file` and that has more than `size_max` bytes, it goes on in a new file of that name, and what was there is kept as FILE.1 in place of an
// older one. True: it did. A terminal, a pipe and another file are left alone; so is what cannot be replaced, and the next call tries again.
bool rotate_own_log(int error, const std::string& file, std::int64_t size_max = std::int64_t{8} << 20);

}  // namespace gk::programs
