#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gk::wire::match {

// Cuts what comes over a connection, in pieces of any size, into lines. Keeps at most `bytes_max` bytes and a CR between two pieces.
class LineReader {
public:
    explicit LineReader(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // The next line that ends within `bytes` and what was kept, without LF or CR LF; takes what it used off the front of `bytes`. Nothing once all
    // is used, or when a line has become too long, after which nothing more is read. The view lasts until the next call.
    std::optional<std::string_view> next(std::string_view& bytes);
    bool is_too_long() const { return too_long_; }

private:
    std::size_t bytes_max_;
    std::string kept_;  // The beginning of a line whose end has not come.
    bool returned_ = false;  // What is kept was returned as a line.
    bool too_long_ = false;
};

}  // namespace gk::wire::match
