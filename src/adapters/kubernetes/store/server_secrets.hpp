#pragma once

#include <map>
#include <optional>
#include <string>

#include "adapters/kubernetes/client/client.hpp"
#include "base/secret.hpp"
#include "domain/server/record.hpp"
#include "ports/random.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {

// What must not stand in a GameServer, in the Secret gs-NAME beside it. It goes when the GameServer goes.
struct ServerKeys {
    std::map<std::string, Secret> game;  // The record's own: RCON passwords, values of secret settings. Key "game.NAME".
    Secret shim;                         // 32 random bytes: the connection to the shim in the game's pod. Key "shim", mounted there.
    Secret tools;                        // The same for the pods that save and restore. Key "tools".
};

// Makes and reads these Secrets by name: it never lists or watches any. Each is read once by a process; only we write them, and forget() is for what
// another process of ours may have written.
class ServerSecrets {
public:
    ServerSecrets(Client client, Random& random) : client_(std::move(client)), random_(random) {}

    // Makes the Secret of the server that `owner` (a GameServer as it is stored) holds. When there is one already, its keys stay and the game's
    // secrets become these.
    Reply<Success> make(ObjectPtr owner, server::Record record);
    // `not_found` when there is none.
    Reply<ServerKeys> read(ObjectKey server);
    // The value in a Secret that people keep for settings, as they say by its label; read anew each time. Nothing when there is none.
    Reply<std::optional<Secret>> read_named(ObjectKey secret, std::string key);
    void forget(const ObjectKey& server) { known_.erase(server); }

private:
    Value document(const Value& owner, const server::Record& record, const ServerKeys& keys) const;
    Secret random_key();

    Client client_;
    Random& random_;
    std::map<ObjectKey, ServerKeys> known_;  // By the server's name.
};

}  // namespace gk::kubernetes
