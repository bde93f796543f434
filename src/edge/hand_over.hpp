#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "edge/edge.hpp"

// One edge takes the place of another one that runs, with all sockets and sessions (docs/adr/0028). They talk over a Unix socket of messages
// (SOCK_SEQPACKET), each of one letter and what belongs to it:
//     taker:  T version                  I want to take over.
//     giver:  P parcel, descriptors ...  (parcels.hpp); it relays nothing from the first one on.
//     giver:  E count                    These were all.
//     taker:  A count                    I have them; I do not relay yet.
//     giver:  G                          They are yours. It never relays again.
//     giver:  N text                     Instead of any of its messages: no, and why.
// Whoever has not answered in time, or has closed the socket, is given up: the giver goes on as if nothing had been unless it has said G, and
// the taker ends unless it has heard G or the giver's process has ended, whose sessions would be lost with it otherwise.
namespace gk::edge {

inline constexpr std::uint32_t hand_over_version = 2;

struct HandOverLimits {
    Milliseconds giver{5'000};   // From the taker's T to its A: so long players wait at most when it goes wrong.
    Milliseconds taker{10'000};  // For all; longer than the giver's, so that the giver decides.
};

// Waits, on a thread of its own, for somebody who takes over. Only processes of the same user, or root's, may.
class HandOver {
public:
    // `done` is called once, by that thread, when `edge`, which outlives this, was given away. The socket is made at `path` with rights for its
    // owner alone; one that is there is replaced when nobody listens at it or `replaces` says so, as who has taken over from its owner does.
    static Result<std::unique_ptr<HandOver>, std::string> open(const std::string& path, Edge& edge, std::function<void()> done, bool replaces,
                                                               const HandOverLimits& limits = {});
    ~HandOver();
    HandOver(const HandOver&) = delete;
    HandOver& operator=(const HandOver&) = delete;

private:
    HandOver(std::string path, Descriptor listener, Edge& edge, std::function<void()> done, const HandOverLimits& limits);
    void serve();
    bool give(Descriptor taker);

    std::string path_;
    Descriptor listener_;
    Descriptor stop_;
    Edge& edge_;
    std::function<void()> done_;
    HandOverLimits limits_;
    bool was_given_ = false;  // Written by the thread before it ends.
    std::thread thread_;
};

// Takes over from the edge that listens at `path`. When an error comes back that edge goes on. The error is for people.
Result<EdgeState, std::string> take_over(const std::string& path, const HandOverLimits& limits = {});

}  // namespace gk::edge
