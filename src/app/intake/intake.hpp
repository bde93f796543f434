#pragma once

#include <map>
#include <optional>
#include <string>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "app/servers/servers.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "domain/work/queue.hpp"
#include "ports/clock.hpp"
#include "ports/declarations.hpp"

namespace gk::app {

// Brings what people declare and what servers are together: declarations become the same use cases that the API calls, and what the API has changed
// is written back into them. Of a member that both have changed, the declaration wins.
//
// Only one process does this at a time: the one that leads. Each look begins with what is there and does what is missing, so that it may be
// interrupted anywhere and repeated at will. What is refused is shown in the declaration, and tried again when it may have become possible.
class Intake {
public:
    struct Ports {
        Declarations& declarations;
        Servers& servers;
        Clock& clock;
    };
    explicit Intake(Ports ports) : ports_(ports) {}

    // Until the task is cancelled.
    Task<void> run();

    // What one look has come to: nothing more to do, something to be tried again after a time, or a failure that is not the declaration's.
    struct Looked {
        bool is_good = true;
        std::optional<Milliseconds> again_after;
    };
    Task<Looked> look_at(DeclarationName name);

private:
    Task<void> give_turns(async::TaskGroup& turns);
    Task<void> turn(DeclarationName name);
    Task<void> wait();
    Task<void> add_all();
    bool is_being_made(const Declaration& declaration);
    Task<Looked> take_new(Declaration declaration);
    Task<Looked> take_end(Declaration declaration);
    Task<Looked> take_changes(Declaration declaration);
    Task<std::optional<Error>> carry_out(Declaration declaration, Value changes);
    Task<std::optional<Error>> ask(DeclarationName name, server::Verb verb);
    Task<Looked> conclude(Declaration declaration, std::optional<Meeting> met, std::optional<Error> refused);

    Ports ports_;
    work::Queue<DeclarationName> queue_;
    async::Signal changed_;
    int looking_ = 0;
    // Those that had no record although somebody was making one: which object, and since when.
    struct Unfinished {
        std::string object;
        Time since{};
    };
    std::map<DeclarationName, Unfinished> unfinished_;
};

}  // namespace gk::app
