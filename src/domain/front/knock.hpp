#pragma once

#include <cstdint>
#include <string>

#include "domain/server/record.hpp"

namespace gk::front {

// What a knock that an edge believes comes to. The edge judged by the table that it had; here the record as it is now is asked.
enum class KnockVerdict : std::uint8_t {
    start,
    too_early,   // It is going to sleep: asked again it will be there.
    not_asleep,  // Nothing to do: it is up, on its way, or switched off by a person.
    refused,     // By the owner's wish, or because it was woken often enough within a day.
};
KnockVerdict judge_knock(const server::Record& record, Time now);

// Fewer knocks than the owner allows have started it within the last 24 hours.
bool may_start_by_knock(const server::Record& record, Time now);

}  // namespace gk::front
