#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapters/postgres/options.hpp"
#include "base/result.hpp"
#include "ports/server_store.hpp"
#include "ports/task.hpp"

namespace gk::postgres {

// What libpq connects with: names of parameters and their values, the later ones before the earlier.
class Address {
public:
    void add(const char* name, std::string value) { all_.emplace_back(name, std::move(value)); }
    // Ended by null, as libpq wants them. Valid until add().
    std::vector<const char*> names() const;
    std::vector<const char*> values() const;

private:
    std::vector<std::pair<const char*, std::string>> all_;
};

// libpq would ask for the names of hosts while everything else waits, so they are looked up here. A name that nobody knows is `unavailable`.
Task<Result<Address, StoreError>> address_of(const Options& options);

}  // namespace gk::postgres
