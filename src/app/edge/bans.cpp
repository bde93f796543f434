#include "app/edge/bans.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::app {
namespace {

Error not_kept(std::string detail) {
    return {.kind = Error::Kind::unavailable,
            .code = "bans_unavailable",
            .message = "the bans cannot be read or written; the log says why",
            .detail = std::move(detail)};
}

}  // namespace

Result<std::vector<wake::Ban>, Error> Bans::all() {
    auto kept = store_.load();
    if (!kept) return std::unexpected(not_kept(std::move(kept).error()));
    std::erase_if(*kept, [now = clock_.now()](const wake::Ban& ban) { return !holds(ban, now); });
    return std::move(*kept);
}

Result<wake::Ban, Error> Bans::ban(wake::Block block, std::optional<Milliseconds> lasts) {
    TRY(bans, all());
    const wake::Ban ban{.block = block, .until = lasts ? std::optional(clock_.now() + *lasts) : std::nullopt};
    wake::add(bans, ban);
    if (bans.size() > bans_max) {
        return std::unexpected(
            Error{.kind = Error::Kind::exhausted,
                  .code = "too_many_bans",
                  .message = fmt::format("there are {} bans, the most there may be; lift some, or ban a block, like 203.0.113.0/24", bans_max)});
    }
    TRY_OK(keep(bans));
    return ban;
}

Result<Success, Error> Bans::lift(const wake::Block& block) {
    TRY(bans, all());
    if (!wake::lift(bans, block)) {
        return std::unexpected(not_found(fmt::format("{} is not banned; `gamekeeper edge bans` lists who is", block.text())));
    }
    return keep(bans);
}

Result<Success, Error> Bans::keep(const std::vector<wake::Ban>& bans) {
    if (auto kept = store_.save(bans); !kept) return std::unexpected(not_kept(std::move(kept).error()));
    if (tell_) tell_();
    return Success{};
}

}  // namespace gk::app
