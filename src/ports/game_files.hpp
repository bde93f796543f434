#pragma once

#include <string>

#include "base/result.hpp"
#include "domain/catalog/source.hpp"
#include "ports/task.hpp"

namespace gk {

struct GameFilesError {
    // unavailable: try again. different: what came is not what the definition means. refused: it will never be fetched like this (too large, an
    // archive that is no good, an address that does not exist). exhausted: no room on this machine.
    enum class Kind : std::uint8_t { unavailable, different, refused, exhausted };
    Kind kind;
    std::string detail;
};

// The files of games that are fetched from elsewhere: kept under what they are, not where they came from, and never offered before they were
// proven to be that. Whoever asks for files that are being fetched waits for the same fetch.
class GameFiles {
public:
    virtual ~GameFiles() = default;
    // The folder in which they lie once they are here; known before.
    virtual std::string folder(const catalog::Download& download) const = 0;
    virtual bool has(const catalog::Download& download) const = 0;
    // Brings them here, whole or not at all. Waits a moment for the end: true when they are here, false when it goes on, which it does whether or
    // not somebody asks again. A failure is told once; who asks after that begins anew.
    virtual Task<Result<bool, GameFilesError>> fetch(catalog::Download download) = 0;
};

}  // namespace gk
