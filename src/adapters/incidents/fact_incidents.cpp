#include "adapters/incidents/fact_incidents.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/decode.hpp"
#include "net/json/json.hpp"

namespace gk::incidents {
namespace {

constexpr std::string_view fact = "incidents";
constexpr net::JsonLimits limits{.depth = 8, .size = 64u << 20};

std::unexpected<StoreError> damaged(std::string_view why) {
    return std::unexpected(StoreError{StoreError::Kind::corrupt, fmt::format("the stored incidents cannot be read: {}", why)});
}

}  // namespace

Task<Result<watch::Incidents, StoreError>> FactIncidents::load() {
    CO_TRY(text, co_await ledger_.fact(std::string(fact)));
    if (!text) co_return watch::Incidents();
    const auto value = net::parse_json(*text, limits);
    if (!value) co_return damaged(value.error().message);
    Errors errors;
    watch::Incidents incidents;
    if (!decode(*value, "", errors, incidents)) co_return damaged(errors.list().front().pointer + ": " + errors.list().front().detail);
    co_return incidents;
}

Task<Result<Success, StoreError>> FactIncidents::save(watch::Incidents incidents, WrittenBy by) {
    Value::Array list;
    for (const auto& incident : incidents) list.push_back(to_value(incident));
    auto text = to_json(Value(std::move(list)));
    co_return co_await ledger_.set_fact(std::string(fact), std::move(text), by);
}

}  // namespace gk::incidents
