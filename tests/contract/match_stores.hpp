#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "ports/clock.hpp"
#include "ports/match_store.hpp"

namespace gk::contract {

// Where tickets and matches are kept, as two who use it see it: `here` and `there` are replicas of one installation, where several may be, else two
// adapters of one process. restart() is what a crash and the next start do.
class MatchStores {
public:
    virtual ~MatchStores() = default;
    virtual MatchStore& here() = 0;
    virtual MatchStore& there() = 0;
    virtual void restart() = 0;
};

struct MatchStoresMaker {
    std::string name;
    std::function<std::unique_ptr<MatchStores>(boost::asio::io_context&, Clock&)> make;
};
std::vector<MatchStoresMaker> all_match_stores();
// Keeps GoogleTest from printing bytes.
inline void PrintTo(const MatchStoresMaker& maker, std::ostream* out) { *out << maker.name; }

}  // namespace gk::contract
