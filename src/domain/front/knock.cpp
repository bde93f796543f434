#include "domain/front/knock.hpp"

#include <algorithm>

#include "domain/server/request.hpp"

namespace gk::front {

bool may_start_by_knock(const server::Record& record, Time now) {
    const auto most = record.wake.value_or(server::WakeWish{}).starts_per_day;
    const auto lately = std::ranges::count_if(record.knocks, [now](Time at) { return at + std::chrono::hours(24) > now; });
    return lately < most;
}

KnockVerdict judge_knock(const server::Record& record, Time now) {
    if (record.wanted != server::Wanted::paused) return KnockVerdict::not_asleep;
    if (!server::wakes_by_knock(record) || !may_start_by_knock(record, now)) return KnockVerdict::refused;
    server::Request start;
    start.verb = server::Verb::start;
    return server::judge(record, start) == server::Judgement::accepted ? KnockVerdict::start : KnockVerdict::too_early;
}

}  // namespace gk::front
