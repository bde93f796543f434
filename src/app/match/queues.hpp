#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// What a person says of a queue. `name` comes from the path.
struct QueueOrder {
    std::string name;
    std::string game;   // Empty: the match server that is built in.
    std::string fleet;  // Empty: each match starts a server of its own.
    bool may_come_later = false;  // The fleet: who writes a configuration has no order to keep.
    Value rules;
    Milliseconds ticket_ttl = std::chrono::seconds(300);
    Milliseconds silence = std::chrono::seconds(60);
    Milliseconds acceptance{};
    bool join_tokens = false;
    QueueRating rating{};
    std::vector<FieldError> unread;
};

// The queues that players can join. Changes are for operators; whoever may join may look.
class Queues {
public:
    struct Ports {
        MatchStore& store;
        std::function<bool(const std::string& game)> is_known_game;
        std::function<Task<Result<bool, Error>>(std::string fleet)> is_known_fleet;
        std::function<void()> changed = [] {};  // For a matchmaker that is in this process.
    };
    explicit Queues(Ports ports) : ports_(std::move(ports)) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    struct Stored {
        QueueRecord queue;
        bool is_new = true;
    };
    // Creates or replaces. Who waits goes on waiting, under the new rules.
    Answer<Stored> put(Caller caller, QueueOrder order);
    // Other rules that decide beside the ones that count; none ends that.
    Answer<QueueRecord> shadow(Caller caller, std::string name, std::optional<Value> rules);
    // The rules that were tried count from now on.
    Answer<QueueRecord> promote(Caller caller, std::string name);
    Answer<QueueRecord> put_rules(Caller caller, std::string name, Value rules);
    // Who still waits there alone is told so when its time is over.
    Answer<Success> remove(Caller caller, std::string name);
    Answer<QueueRecord> find(Caller caller, std::string name);
    Answer<std::vector<QueueRecord>> list(Caller caller);

private:
    Answer<Success> check_fleet(const QueueOrder& order, const std::optional<QueueRecord>& before, std::vector<FieldError>& wrong);
    Answer<QueueRecord> store(QueueRecord queue);

    Ports ports_;
};

}  // namespace gk::app
