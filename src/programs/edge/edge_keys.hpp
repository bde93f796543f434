#pragma once

#include <string>

#include "base/result.hpp"
#include "tls/context.hpp"

// How edges and control planes of one cluster know each other (docs/adr/0032): by certificates that one authority has signed, and nothing else.
namespace gk::programs {

// The names in them.
inline constexpr auto control_plane_name = "gamekeeper-control-plane";
inline constexpr auto edge_name = "gamekeeper-edge";

// PEM files: what we show, and who signed what we are shown. The errors are sentences that name the file.
Result<tls::Context, std::string> client_context(const std::string& certificate, const std::string& key, const std::string& authority);
Result<tls::Context, std::string> server_context(const std::string& certificate, const std::string& key, const std::string& authority);

}  // namespace gk::programs
