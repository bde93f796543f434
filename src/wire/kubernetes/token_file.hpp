#pragma once

#include <optional>

#include "base/secret.hpp"
#include "base/time.hpp"

namespace gk::wire::kubernetes {

// When to read a file that holds a token again. A kubelet writes a pod's token anew long before it ends, so the file is read once a minute, and
// the last token goes on being used while the file cannot be read.
class TokenFile {
public:
    // client-go's: what was read counts for a minute, less a margin for calls that are on their way.
    static constexpr Milliseconds lifetime{60'000};
    static constexpr Milliseconds leeway{10'000};

    bool wants_read(Time now) const { return !token_ || now + leeway >= read_at_ + lifetime; }
    void read(Secret token, Time now) {
        token_ = std::move(token);
        read_at_ = now;
    }
    // The server refused what token() said: the file is read before the next call. A file that still says the same is then used again, because
    // nothing else is there.
    void refused() { read_at_ = Time() - lifetime; }
    // None until the file was read.
    const std::optional<Secret>& token() const { return token_; }

private:
    std::optional<Secret> token_;
    Time read_at_;
};

}  // namespace gk::wire::kubernetes
