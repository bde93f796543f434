#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::wire::kubernetes {

// The content of a Lease (coordination.k8s.io/v1) by which processes agree who leads.
struct LeaseRecord {
    std::string holder;             // Empty: nobody; the last one has given it back.
    std::int64_t seconds = 0;       // How long others respect it after they saw it change.
    std::string acquired;           // Both for people: clocks of two machines are never compared.
    std::string renewed;
    std::int64_t transitions = 0;   // How often it went to another holder.
    bool operator==(const LeaseRecord&) const = default;
};

// Members that are missing or of another type count as absent, as for every client of leases.
LeaseRecord lease_of(const Value& object);
// With a version the write is refused when somebody else wrote in between.
Value lease_document(const ObjectKey& key, const LeaseRecord& record, std::string_view version);
// "2026-11-21T03:04:05.678000Z": the API wants exactly six digits.
std::string micro_time(Time time);

}  // namespace gk::wire::kubernetes
