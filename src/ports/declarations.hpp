#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/value.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/record.hpp"
#include "ports/server_store.hpp"
#include "ports/task.hpp"

namespace gk {

struct DeclarationName {
    std::string space;
    std::string id;
    auto operator<=>(const DeclarationName&) const = default;
};

// How far a declaration and the record of its server have been brought together: both as they were then, in the words of orders. What differs from
// it today was changed since, by whoever writes the one or the other.
struct Meeting {
    Value declaration;
    Value record;
    bool operator==(const Meeting&) const = default;
};

// A server as people declare it with the cluster's own tools, beside our API.
struct Declaration {
    DeclarationName name;
    std::string object;           // Which one of that name: another one may take it later.
    std::int64_t generation = 0;  // Grows with every change of what is declared.
    std::int64_t generation_seen = 0;
    Value declared;               // As it is now: an object.
    bool is_ending = false;       // Somebody has deleted it; it goes when its record is removed.
    bool is_held = false;         // Its end waits for us.
    std::optional<server::Record> record;  // None: it has been declared only. Without secrets.
    std::optional<Meeting> met;
    std::optional<Problem> refused;  // As it is shown at present.
};

// What a look at a declaration has come to.
struct Verdict {
    std::int64_t generation = 0;
    std::optional<Meeting> met;      // None: it stays.
    std::optional<Problem> refused;  // None: all of it is accepted.
};

class Declarations {
public:
    virtual ~Declarations() = default;
    template <class T>
    using Answer = Task<Result<T, StoreError>>;

    virtual Answer<std::vector<DeclarationName>> list() = 0;
    // As it was seen last, which may be long ago: to find out whether there is anything to do, and never to do it.
    virtual std::optional<Declaration> seen(const DeclarationName& name) = 0;
    // As it is now.
    virtual Answer<Declaration> get(DeclarationName name) = 0;
    // Shows and keeps what a look at it has come to. `conflict`: it is another one by now.
    virtual Answer<Success> note(Declaration looked_at, Verdict verdict) = 0;
    // Changes what is declared, and in one piece with it the declaration of the last meeting: what we write ourselves is never taken for a wish of
    // people's, also when no verdict follows. Returns its generation. `conflict`: somebody has declared something else since that look.
    virtual Answer<std::int64_t> declare(Declaration looked_at, Value declared) = 0;

    // Of one that ends, is held and has no record: a create that was interrupted has left it so. It may go.
    virtual Answer<Success> let_go(Declaration) { co_return Success{}; }

    // Calls `changed` on the loop's thread after any change, by whomever, until the handle is destroyed.
    using Changed = std::function<void(DeclarationName)>;
    virtual std::shared_ptr<void> watch(Changed changed) = 0;
};

}  // namespace gk
