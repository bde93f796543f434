#include "domain/match/reception.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "domain/match/step.hpp"

namespace gk::match {
namespace {

using Party = std::vector<Member*>;

Party newcomers(Match& match, TicketId ticket) {
    Party party;
    for (auto& member : match.members) {
        if (member.ticket == ticket && !member.told_at && !member.left_at) party.push_back(&member);
    }
    return party;
}

bool have_all_accepted(const Party& party) {
    return std::ranges::all_of(party, [](const Member* member) { return member->accepted == true; });
}

bool is_refused(const Party& party, Time now) {
    const bool is_late = std::ranges::any_of(party, [&](const Member* member) { return now >= *member->answer_by; });
    return is_late || std::ranges::any_of(party, [](const Member* member) { return member->accepted == false; });
}

}  // namespace

Reception receive(Match match, Milliseconds acceptance, Time now) {
    Reception out{.match = std::move(match), .due = {}};
    for (const auto ticket : tickets_of(out.match)) {
        const auto party = newcomers(out.match, ticket);
        if (party.empty()) continue;
        const bool was_asked = party.front()->answer_by.has_value();
        const bool is_welcome = was_asked ? have_all_accepted(party) : acceptance.count() == 0;
        const bool is_out = was_asked && !is_welcome && is_refused(party, now);
        const bool is_to_be_asked = !was_asked && !is_welcome;
        for (auto* member : party) {
            if (is_welcome) member->told_at = now;
            if (is_out) member->left_at = now;
            if (is_to_be_asked) member->answer_by = now + acceptance;
        }
        out.has_newcomers |= is_welcome;
        out.is_changed |= is_welcome || is_out || is_to_be_asked;
        if (is_welcome || is_out) continue;
        const auto by = *party.front()->answer_by;
        out.due = std::min(out.due.value_or(by), by);
    }
    return out;
}

}  // namespace gk::match
