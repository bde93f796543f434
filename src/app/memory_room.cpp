#include "app/memory_room.hpp"

#include <fmt/format.h>

namespace gk::app {

Error MemoryRoom::no_room(MebiBytes asked, MebiBytes of_worlds, MebiBytes of_matches) const {
    return {
        .kind = Error::Kind::exhausted,
        .code = "no_room",
        .message = fmt::format("a match server asks for {} MiB of memory, but worlds hold {} and match servers {} of this machine's {} MiB; pause a "
                               "world, or let fleets have fewer servers",
                               asked.count, of_worlds.count, of_matches.count, all_.count)};
}

// What is asked for is held before the records are read, and worlds that are about to be written are counted before that too: of a world and a match
// server that come at the same time the later one sees the other.
Task<Result<MemoryRoom::Hold, Error>> MemoryRoom::take_for_match(MebiBytes part) {
    // Those who wait for room ask again and again: mostly there is no need to read anything.
    const auto of_matches = held_by(Holder::match_server);
    if (of_matches.count + part.count > all_.count) co_return std::unexpected(no_room(part, held_by(Holder::world), of_matches));
    Hold hold(*this, Holder::match_server, part);
    auto of_worlds = held_by(Holder::world);
    const auto records = co_await worlds_.list();
    if (!records) co_return std::unexpected(from(records.error()));
    for (const auto& record : *records) {
        if (uses_the_machine(record)) of_worlds.count += record.resources.memory.count;
    }
    if (of_worlds.count + held_by(Holder::match_server).count > all_.count) {
        const auto others = MebiBytes{held_by(Holder::match_server).count - part.count};
        co_return std::unexpected(no_room(part, of_worlds, others));
    }
    co_return std::move(hold);
}

}  // namespace gk::app
