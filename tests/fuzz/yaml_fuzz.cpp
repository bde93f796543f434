#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "domain/catalog/game.hpp"
#include "wire/yaml/yaml.hpp"

// Whatever stands in a file is read or refused; what was read can be printed and read again, and the game reader stands it too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto document = gk::wire::parse_yaml(text);
    if (!document) {
        ASSERT(document.error().line > 0 && document.error().column > 0, "an error has its place");
        return 0;
    }
    static_cast<void>(gk::catalog::decode_game(*document));
    return 0;
}
