#pragma once

#include <string>
#include <vector>

#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "ports/runtime.hpp"
#include "ports/task.hpp"

namespace gk {

// A machine of the cluster, as far as worlds depend on it.
struct Node {
    // unreachable: silent, which is not dead: a game may still run there. dead: proven so (contract section 9).
    enum class State : std::uint8_t { up, unreachable, dead };
    std::string name;
    State state = State::up;
    bool is_cordoned = false;        // To be emptied: worlds that run there move.
    std::string address;             // Empty: it tells none.
    std::string confirmed_dead;      // Who said so, and when; empty: nobody.
    std::vector<ServerUid> servers;  // Whose game or disk is there.
};
inline constexpr auto node_names = std::to_array<std::string_view>({"up", "unreachable", "dead"});
constexpr std::span<const std::string_view> names_of(Node::State) { return node_names; }

// The machines on which a runtime's games run, where there are several.
class Nodes {
public:
    virtual ~Nodes() = default;
    template <class T>
    using Answer = Task<Result<T, RuntimeError>>;

    // By name.
    virtual Answer<std::vector<Node>> list() = 0;
    // On a person's word: what was there counts as ended, and may start elsewhere. `note` says who and when. Asked again, nothing happens.
    // `not_found`: there is no such node. `invalid`: it answers, so it is not dead.
    virtual Answer<Success> confirm_dead(std::string name, std::string note) = 0;
};

}  // namespace gk
