#include "wire/minecraft/host.hpp"

#include <algorithm>
#include <array>

namespace gk::wire::minecraft {

namespace {
using namespace std::string_view_literals;
constexpr std::array endings = {"\0"sv, "///"sv, "\\"sv};
constexpr std::string_view service = "_tcp.";
}  // namespace

std::string normal_host(std::string_view sent) {
    for (const auto ending : endings) sent = sent.substr(0, sent.find(ending));
    while (sent.ends_with('.')) sent.remove_suffix(1);
    std::string host(sent);
    // Not tolower(), which the locale of the process changes. Names beyond ASCII arrive as punycode.
    std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (const auto at = host.find(service); at != std::string::npos) host.erase(0, at + service.size());
    return host;
}

}  // namespace gk::wire::minecraft
