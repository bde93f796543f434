#pragma once

#include "domain/watch/incident.hpp"
#include "ports/ledger.hpp"

namespace gk {

// Keeps what people are told of (domain/watch/incident.hpp). When save() returns success, it is on disk. Few, small, and written by the keeper
// alone: all of them at once.
class IncidentStore {
public:
    virtual ~IncidentStore() = default;
    // None before the first save(). `corrupt`: what is there cannot be read, and the next save() takes its place.
    virtual Task<Result<watch::Incidents, StoreError>> load() = 0;
    virtual Task<Result<Success, StoreError>> save(watch::Incidents incidents, WrittenBy by) = 0;
};

}  // namespace gk
