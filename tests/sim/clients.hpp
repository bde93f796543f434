#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/life.hpp"

namespace gk::sim {

// People and programs who use the API. They ask for anything at any time, repeat under the same key what was not answered, and look at whether
// what they are told holds: I5 and I6.
class Clients {
public:
    Clients(Ground& ground, std::uint64_t seed);

    // Something at random, of this life.
    void act(Life& life);
    // A new server, most often one that is started at once.
    void create(Life& life);
    // Starts a server that is stopped, or that was given up. False: there is none.
    bool help(Life& life);

private:
    struct Wish {
        enum class Kind : std::uint8_t { create, verb, patch, command };
        Kind kind = Kind::verb;
        std::string id;  // Of the server.
        app::CreateOrder create;
        app::VerbOrder verb;
        app::PatchOrder patch;
        std::string line;
        app::Idempotency once;
        bool is_false = false;  // Another request under a key that was used.
        std::uint32_t tries = 0;
        Time first_asked_at{};
        bool is_open = true;  // Not answered, or told to try again.
        std::optional<OperationId> answer;
    };
    using Held = std::shared_ptr<Wish>;

    void ask(Life& life, Held wish);
    // One wish, from asking to the answer, if there is one.
    Task<void> carry(Life& life, Held wish);
    void hear(Wish& wish, const Result<app::Accepted, app::Error>& answer);
    void hear_error(Wish& wish, const app::Error& error);
    bool repeat_something(Life& life);
    Held wish_for(const server::Record& record);
    void choose_verb(Wish& wish, const server::Record& record);
    std::optional<SnapshotId> some_snapshot(ServerUid uid);
    std::string fresh_key() { return dice_.chance(0.6) ? fmt::format("key {}", ++keys_) : std::string(); }

    Ground& ground_;
    Dice dice_;
    std::uint64_t names_;
    std::uint64_t keys_ = 0;
    std::uint64_t lines_ = 0;
    std::vector<Held> wishes_;  // With a key, the last ones.
};

}  // namespace gk::sim
