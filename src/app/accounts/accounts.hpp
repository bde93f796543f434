#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "app/idempotency.hpp"
#include "async/wait_queue.hpp"
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
    // Where other processes make and revoke keys too: reads them again every few seconds, until the task is cancelled. So long a key that was
    // revoked elsewhere may still be let in here.
    Task<void> keep_up();

    // The text of a key that nobody has yet.
    static Secret new_text(Random& random);
    // Lets in whoever has that text, as administrator. From several processes at once it becomes one key.
    Answer<Success> admit_first(Secret text);

    struct Created {
        ApiKey key;
        Secret text;  // Shown once.
    };
    // A repetition under the same Idempotency-Key is refused: the text cannot be shown twice.
    Answer<Created> create(Caller caller, std::string name, Scope scope, Idempotency once);
    Answer<std::vector<ApiKey>> list(Caller caller);
    // The last admin key of a tenant stays: `conflict`.
    Answer<Success> revoke(Caller caller, KeyId id);

    // Who has that key. One that is not known here is looked for in the ledger, where another process may have put it.
    Answer<Caller> identify(std::string key_text);
    // The same by what is known here. Constant in time for every key of the right form. Needs no I/O.
    Result<Caller, Error> authenticate(std::string_view key_text) const;

private:
    class Look;
    bool is_last_admin(const ApiKey& key) const;
    Task<void> look_again();
    Task<void> look();

    Ledger& ledger_;
    Clock& clock_;
    Random& random_;
    std::map<KeyId, ApiKey> keys_;
    // Looks into the ledger for keys that are not known: one at a time, which all who came before it began wait for.
    bool is_looking_ = false;
    std::uint64_t looks_begun_ = 0;
    std::uint64_t looks_ended_ = 0;
    Time next_look_{};
    std::optional<Error> look_failed_;
    async::WaitQueue looked_;
};

}  // namespace gk::app
