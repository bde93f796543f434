#pragma once

#include <cstdint>
#include <deque>

#include "shim/system.hpp"
#include "wire/shim/log_source.hpp"

namespace gk::shim {

// The numbers of the log files in an open folder, by rising cursor.
ShimResult<std::deque<std::uint64_t>> log_bases(int folder);

// The log of one server, read while LogWriter writes it. The game may write in this folder too: what is no plain file there is empty.
class LogReader final : public wire::shim::LogSource {
public:
    // The folder must stay open.
    explicit LogReader(int folder) : folder_(folder) {}
    std::vector<File> files() const override;
    std::string part(std::uint64_t base, std::uint64_t from, std::size_t size_max) const override;

private:
    Descriptor open(std::uint64_t base) const;
    int folder_;
};

}  // namespace gk::shim
