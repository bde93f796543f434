#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "domain/server/record.hpp"
#include "wire/kubernetes/object.hpp"
#include "wire/kubernetes/store.hpp"

namespace gk::kubernetes {

// The GameServers as they are known: what the informer shows, and what our own calls have been answered since, whichever is newer. So whoever has
// written reads its own writes, and a list that is behind brings nothing back that we have ended. One thread.
class ServerIndex {
public:
    struct Entry {
        wire::kubernetes::ObjectKey key;
        wire::kubernetes::ObjectPtr object;
        // What status.record holds, at the object's version and without secrets; null: there is none, people have declared it only, or it cannot
        // be read.
        std::shared_ptr<const server::Record> record;
        std::string damage;  // Why the record cannot be read; empty: it can, or is not there.
    };
    using Change = wire::kubernetes::Store::Change;

    // A change that the informer tells of. Returns the servers of which it is news: two when a name has passed to another one, none when our own
    // calls were answered with the same before.
    std::vector<ServerUid> saw(const Change& change);
    // What a call of ours was answered. False when it was known already: the informer was faster.
    bool wrote(wire::kubernetes::ObjectPtr object);
    // We took the object with this uid (of the cluster, not of the server) away: later news of it is old news.
    void removed(const wire::kubernetes::ObjectKey& key, const std::string& object_uid);

    // Where a server lives. None when nobody has that uid.
    std::optional<wire::kubernetes::ObjectKey> key_of(ServerUid uid) const;
    const Entry* find(ServerUid uid) const;
    const Entry* find(const wire::kubernetes::ObjectKey& key) const;
    const std::map<wire::kubernetes::ObjectKey, Entry>& all() const { return entries_; }

private:
    struct State {
        std::optional<ServerUid> uid;
        std::string version;
        bool operator==(const State&) const = default;
    };
    State state_of(const wire::kubernetes::ObjectKey& key) const;
    void put(wire::kubernetes::ObjectPtr object);
    void drop(const wire::kubernetes::ObjectKey& key);

    std::map<wire::kubernetes::ObjectKey, Entry> entries_;
    std::map<ServerUid, wire::kubernetes::ObjectKey> keys_;
    std::set<std::string> ended_;  // Uids of objects that we took away and that the informer still shows.
};

}  // namespace gk::kubernetes
