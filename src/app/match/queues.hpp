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
    std::string game;
    std::string fleet;
    Value rules;
    Milliseconds ticket_ttl = std::chrono::seconds(300);
    Milliseconds silence = std::chrono::seconds(60);
    Milliseconds acceptance{};
    QueueRating rating{};
    std::vector<FieldError> unread;
};

// The queues that players can join. Changes are for operators; whoever may join may look.
class Queues {
public:
    struct Ports {
        MatchStore& store;
        std::function<bool(const std::string& game)> is_known_game;
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
    Answer<QueueRecord> store(QueueRecord queue);

    Ports ports_;
};

}  // namespace gk::app
