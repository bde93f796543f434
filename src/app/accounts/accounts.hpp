#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "app/idempotency.hpp"
#include "base/secret.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/random.hpp"

namespace gk::app {

// API keys: who may call. A key's text is "gk_", 32 hex digits that name it, 64 that are secret, and 8 of a CRC-32 by which secret
// scanners and we tell a mistyped key from a foreign one. Only a digest of the secret part is kept.
class Accounts {
public:
    Accounts(Ledger& ledger, Clock& clock, Random& random) : ledger_(ledger), clock_(clock), random_(random) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    // Reads the keys; before this nobody is let in by key.
    Answer<Success> load();
    bool has_keys() const { return !keys_.empty(); }

    struct Created {
        ApiKey key;
        Secret text;  // Shown once.
    };
    // A repetition under the same Idempotency-Key is refused: the text cannot be shown twice.
    Answer<Created> create(Caller caller, std::string name, Scope scope, Idempotency once);
    Answer<std::vector<ApiKey>> list(Caller caller);
    // The last admin key of a tenant stays: `conflict`.
    Answer<Success> revoke(Caller caller, KeyId id);

    // Constant in time for every key of the right form. Needs no I/O.
    Result<Caller, Error> authenticate(std::string_view key_text) const;

private:
    bool is_last_admin(const ApiKey& key) const;

    Ledger& ledger_;
    Clock& clock_;
    Random& random_;
    std::map<KeyId, ApiKey> keys_;
};

}  // namespace gk::app
