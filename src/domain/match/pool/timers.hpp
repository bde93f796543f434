#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"

namespace gk::match {

// When which ticket is to be looked at again. A ticket that leaves early keeps its entry until it is due or stands first: forget() takes it then.
class Timers {
public:
    struct Entry {
        Time at{};
        std::uint32_t place = 0;
        std::uint32_t generation = 0;
    };
    void arm(const Entry& entry);
    const Entry* first() const { return heap_.empty() ? nullptr : &heap_.front(); }
    void pop();
    std::size_t bytes() const { return heap_.capacity() * sizeof(Entry); }

private:
    std::vector<Entry> heap_;
};

}  // namespace gk::match
