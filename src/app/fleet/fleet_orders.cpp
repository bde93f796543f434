#include "app/fleet/fleet_orders.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace gk::app {
namespace {

constexpr std::uint32_t ready_most = 4'000;
constexpr std::uint32_t servers_most = 24'000;
constexpr std::size_t name_most = 40;

bool is_name(std::string_view name) {
    const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !name.empty() && name.size() <= name_most && std::ranges::all_of(name, is_plain) && name.front() != '-' && name.back() != '-';
}

void check_sizes(const fleet::Fleet& fleet, std::vector<FieldError>& wrong) {
    const auto fail = [&](std::string pointer, std::string detail) {
        wrong.push_back({.pointer = std::move(pointer), .code = "out_of_range", .detail = std::move(detail), .mark = {}});
    };
    if (fleet.ready > ready_most) fail("/ready", fmt::format("at most {} servers are started ahead", ready_most));
    if (fleet.most == 0 || fleet.most > servers_most) fail("/max", fmt::format("a fleet has 1 to {} servers", servers_most));
    if (fleet.ready > fleet.most) fail("/ready", "more servers cannot wait than the fleet may have: raise 'max'");
    if (fleet.starting_most == 0) fail("/starting_max", "at least one server must be allowed to start at once");
    if (fleet.start_limit < std::chrono::seconds(1)) fail("/start_limit", "a server needs at least 1s to start");
    if (!fleet.autopilot) return;
    if (fleet.autopilot->least > fleet.autopilot->most) fail("/autopilot/least", "least is above most");
    if (fleet.autopilot->most > ready_most) fail("/autopilot/most", fmt::format("at most {} servers are started ahead", ready_most));
}

// What makes servers that are there already servers of an older generation.
bool is_of_another_kind(const fleet::Fleet& a, const fleet::Fleet& b) {
    return std::tie(a.game, a.package, a.settings) != std::tie(b.game, b.package, b.settings);
}

}  // namespace

FleetOrders::Answer<FleetOrders::Shown> FleetOrders::put(Caller caller, FleetChange change) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    auto wrong = std::move(change.unread);
    auto& fleet = change.fleet;
    if (!is_name(fleet.name))
        wrong.push_back(
            {"/fleet", "bad_format", fmt::format("a fleet's name has 1 to {} of a-z, 0-9 and '-', and no '-' at its ends", name_most), {}});
    check_sizes(fleet, wrong);
    std::ranges::move(ports_.check(fleet), std::back_inserter(wrong));
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));

    auto before = co_await find(caller, fleet.name);
    if (!before && before.error().kind != Error::Kind::not_found) co_return std::unexpected(std::move(before.error()));
    if (before) fleet.generation = before->fleet.generation + (is_of_another_kind(before->fleet, fleet) ? 1 : 0);
    auto stored = co_await ports_.store.put(fleet);
    if (!stored) co_return std::unexpected(from(stored.error()));
    co_return Shown{.fleet = fleet, .counts = ports_.fleets.counts(fleet.name), .is_new = !before};
}

FleetOrders::Answer<Success> FleetOrders::remove(Caller caller, std::string name) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    CO_TRY(shown, co_await find(std::move(caller), std::move(name)));
    auto removed = co_await ports_.store.remove_fleet(shown.fleet.name);
    if (!removed) co_return std::unexpected(from(removed.error()));
    co_return Success{};
}

FleetOrders::Answer<FleetOrders::Shown> FleetOrders::find(Caller caller, std::string name) {
    CO_TRY(all, co_await list(std::move(caller)));
    const auto at = std::ranges::find_if(all, [&](const Shown& shown) { return shown.fleet.name == name; });
    if (at == all.end()) co_return std::unexpected(not_found(fmt::format("there is no fleet '{}'", name)));
    co_return std::move(*at);
}

FleetOrders::Answer<std::vector<FleetOrders::Shown>> FleetOrders::list(Caller caller) {
    CO_TRY_OK(may(caller, Action::read, caller.tenant));
    auto all = co_await ports_.store.fleets();
    if (!all) co_return std::unexpected(from(all.error()));
    std::vector<Shown> shown;
    for (auto& fleet : *all) {
        auto counts = ports_.fleets.counts(fleet.name);
        shown.push_back({.fleet = std::move(fleet), .counts = std::move(counts)});
    }
    co_return shown;
}

FleetOrders::Answer<match::MatchServer> FleetOrders::allocate(Caller caller, std::string name, MatchId match) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    CO_TRY(shown, co_await find(std::move(caller), std::move(name)));
    auto taken = co_await ports_.fleets.allocate(shown.fleet.name, match);
    if (taken) co_return std::move(*taken);
    const bool is_exhausted = taken.error().code == "exhausted";
    co_return std::unexpected(
        Error{.kind = is_exhausted ? Error::Kind::conflict : Error::Kind::unavailable, .code = taken.error().code, .message = taken.error().detail});
}

FleetOrders::Answer<std::optional<MatchAudit>> FleetOrders::clean_up(Caller caller) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    const auto strays = co_await ports_.fleets.remove_strays();
    const auto found = co_await ports_.audit();
    if (!strays) co_return std::nullopt;
    auto all = found.value_or(MatchAudit());
    all.servers += *strays;
    co_return all;
}

}  // namespace gk::app
