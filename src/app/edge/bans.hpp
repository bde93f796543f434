#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "app/error.hpp"
#include "domain/wake/ban.hpp"
#include "ports/ban_store.hpp"
#include "ports/clock.hpp"

namespace gk::app {

// Addresses that the edges of this installation let into no game. Kept before anybody is told. What is kept is read at each use, as it may have been
// another control plane that was asked; what cannot be read is an error of each use, and is not written over.
class Bans {
public:
    Bans(BanStore& store, Clock& clock) : store_(store), clock_(clock) {}

    // The bans that hold, in the order in which they were made.
    Result<std::vector<wake::Ban>, Error> all();
    // For so long; nothing: until it is lifted. A ban of the same block is replaced.
    Result<wake::Ban, Error> ban(wake::Block block, std::optional<Milliseconds> lasts);
    // not_found: there is no ban of exactly this block.
    Result<Success, Error> lift(const wake::Block& block);
    // Called after each change that is made here.
    void on_change(std::function<void()> tell) { tell_ = std::move(tell); }

    // An edge compares each newcomer with all of them.
    static constexpr std::size_t bans_max = 1000;

private:
    Result<Success, Error> keep(const std::vector<wake::Ban>& bans);

    BanStore& store_;
    Clock& clock_;
    std::function<void()> tell_;
};

}  // namespace gk::app
