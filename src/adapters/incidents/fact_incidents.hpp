#pragma once

#include "ports/incident_store.hpp"

namespace gk::incidents {

// Keeps incidents as one fact of the ledger, whatever that is: a JSON list of at most some hundred kilobytes, under the ledger's own epoch.
class FactIncidents final : public IncidentStore {
public:
    explicit FactIncidents(Ledger& ledger) : ledger_(ledger) {}

    Task<Result<watch::Incidents, StoreError>> load() override;
    Task<Result<Success, StoreError>> save(watch::Incidents incidents, WrittenBy by) override;

private:
    Ledger& ledger_;
};

}  // namespace gk::incidents
