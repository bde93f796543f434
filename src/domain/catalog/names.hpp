#pragma once

#include <string>
#include <string_view>

namespace gk::catalog {

// A name of ours within a definition (settings, port roles, secrets): "[a-z][a-z0-9_]{0,31}", so that it can stand in a placeholder.
bool is_word(std::string_view text);
std::string bad_word(std::string_view text);  // The sentence that says so.
// The name of a game or package: "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?".
bool is_slug(std::string_view text);
// A path within the world: not empty, relative, without "." and ".." and empty parts, without control characters.
bool is_inner_path(std::string_view text);
// Bytes below 0x20 and 0x7f; line feeds and tabs are let through when `lines` says so.
bool has_control_characters(std::string_view text, bool lines = false);

}  // namespace gk::catalog
