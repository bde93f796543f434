#pragma once

#include <string>
#include <string_view>

namespace gk::wire::minecraft {

// The host name that a player typed, out of what his client sent: without what mod loaders ("\0FML3\0"), proxies ("\0..."), TCPShield
// ("///...") and infinity-filter ("\...") append, without trailing dots, in lower case. What was resolved by an SRV record keeps its target, as
// clients before 1.17 send it, without "_minecraft._tcp." in front. Only for looking a route up: the game gets the bytes as they came.
std::string normal_host(std::string_view sent);

}  // namespace gk::wire::minecraft
