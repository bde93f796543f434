#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "app/error.hpp"
#include "base/units.hpp"
#include "domain/server/record.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// A world has its resources as long as it is wanted to run.
constexpr bool uses_the_machine(const server::Record& record) { return record.wanted == server::Wanted::running; }

// The memory that the games of one machine may have together, counted once for worlds and match servers: it is never over-committed. What worlds
// have stands in their records; what match servers have, from before they are begun until nothing of them is left, stands here.
class MemoryRoom {
public:
    // A world's is held here only until its record is written.
    enum class Holder : std::uint8_t { world, match_server };

    // Has its part until it goes. Must not outlive the room.
    class Hold {
    public:
        Hold(MemoryRoom& room, Holder holder, MebiBytes part) : room_(&room), holder_(holder), part_(part) { room.change(holder, part.count); }
        Hold(Hold&& other) noexcept : room_(std::exchange(other.room_, nullptr)), holder_(other.holder_), part_(other.part_) {}
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        Hold& operator=(Hold&&) = delete;
        ~Hold() {
            if (room_ != nullptr) room_->change(holder_, -part_.count);
        }

    private:
        MemoryRoom* room_;
        Holder holder_;
        MebiBytes part_;
    };

    // `worlds` outlives it.
    MemoryRoom(ServerStore& worlds, MebiBytes all) : worlds_(worlds), all_(all) {}
    MemoryRoom(const MemoryRoom&) = delete;
    MemoryRoom& operator=(const MemoryRoom&) = delete;

    MebiBytes all() const { return all_; }
    MebiBytes held_by(Holder holder) const { return held_[std::to_underlying(holder)]; }
    // For a new match server; `exhausted` with the code "no_room" when it does not fit beside what runs.
    Task<Result<Hold, Error>> take_for_match(MebiBytes part);

private:
    void change(Holder holder, std::int64_t by) { held_[std::to_underlying(holder)].count += by; }
    Error no_room(MebiBytes asked, MebiBytes of_worlds, MebiBytes of_matches) const;

    ServerStore& worlds_;
    MebiBytes all_;
    std::array<MebiBytes, 2> held_{};
};

}  // namespace gk::app
