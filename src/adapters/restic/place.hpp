#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "ports/vault.hpp"

namespace gk::restic {

using Names = std::set<std::string>;

// Where the repositories lie, each under a name of its own: what is done with their files beside restic. Everything but `config` and the locks is
// named by the SHA-256 of its content, so that whoever may read the files can check them without any key (restic's design document, "Repository
// Layout"). A kind of files is "data", "index", "snapshots" or "keys". `unavailable` always means that nothing may be concluded.
class Place {
public:
    virtual ~Place() = default;
    template <class T>
    using Answer = Task<Result<T, VaultError>>;

    // How restic gets at a repository.
    struct Way {
        std::string repository;            // What --repo says.
        std::vector<std::string> options;  // Further arguments of every call.
        std::string folder;                // What the workbench lets one program at a time work in.
        bool needs_network = false;
        std::map<std::string, std::string> env;
        std::map<std::string, Secret> secrets;
        std::map<std::string, std::string> extra_files;
    };
    virtual Answer<Way> way_to(std::string name) = 0;
    // For messages.
    virtual std::string text(const std::string& name) const = 0;

    // Writes a small object, reads it back and removes it.
    virtual Answer<Success> probe() = 0;
    // The names of all that have a `config`.
    virtual Answer<std::vector<std::string>> repositories() = 0;
    // headless: files, but no `config`, without which none of them can be read.
    enum class State : std::uint8_t { absent, present, headless };
    virtual Answer<State> state_of(std::string name) = 0;
    // Makes room for a new repository of that name: nothing is left of what was there.
    virtual Answer<Success> clear(std::string name) = 0;
    // A repository that has no snapshot yet gets another name, under which there is none. It is seen there whole or not at all.
    virtual Answer<Success> move(std::string from, std::string to) = 0;
    // That there is none is no error. Interrupted, the rest is never taken for a whole one.
    virtual Answer<Success> remove(std::string name) = 0;

    // The names of 64 hex digits; none when there is no such repository.
    virtual Answer<Names> list(std::string name, std::string kind) = 0;
    // Reads these files where they are stored, as far as that can be had, and compares their hashes with their names. `corrupt` when one is missing
    // or differs.
    virtual Answer<Success> check(std::string name, std::string kind, Names files) = 0;
    // Puts those of all files that check() finds corrupt where restic does not look, in "<name>.damaged"; returns their names.
    virtual Answer<Names> move_damaged(std::string name) = 0;

    // The text of our journal in the repository (journal.hpp); empty when there is none.
    virtual Answer<std::string> journal(std::string name) = 0;
    virtual Answer<Success> write_journal(std::string name, std::string text) = 0;

    // Whether every lock in the repository was left behind: a restic that lives writes its lock anew every five minutes. Compares times of the
    // place's own clock, so that no clock of ours has a say.
    virtual Answer<bool> locks_are_dead(std::string name) = 0;
    // That it is gone already is no error.
    virtual Answer<Success> remove_lock(std::string name, std::string id) = 0;
};

// The kinds whose files are named by their content, in the order in which damage is looked for.
inline constexpr auto kinds = std::to_array<const char*>({"data", "index", "keys", "snapshots"});
// Whether it is a name by content.
bool is_hash_name(std::string_view name);

// The names whose turn it is when `percent` of all are read at a time: each name belongs to one turn by its own digits, so that packs that
// come and go meanwhile do not let others slip through.
Names share_of(const Names& names, int percent, std::uint64_t turn);

// A lock that is older was left behind.
inline constexpr Milliseconds lock_age_max = std::chrono::minutes(6);
// Where restic passes over it, so that it moves and goes with its repository.
inline constexpr std::string_view journal_file = "gamekeeper.journal";

}  // namespace gk::restic
