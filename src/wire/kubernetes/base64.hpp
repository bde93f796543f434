#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gk::wire::kubernetes {

// RFC 4648 with padding; line breaks are passed over, as people wrap such texts. Nothing when it is no base64.
std::optional<std::string> decode_base64(std::string_view text);
// In one line.
std::string encode_base64(std::string_view bytes);

}  // namespace gk::wire::kubernetes
