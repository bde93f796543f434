#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "base/result.hpp"
#include "base/value.hpp"

// Setting single values in a game's own configuration files. An edit changes the value and nothing else: comments, order, indentation,
// line ends (LF or CRLF), a byte order mark and a missing line end at the end of the file all stay. What is missing is added; repeating an
// edit changes nothing. A value can never become a second key, line or element: what a format cannot hold is refused.
namespace gk::catalog {

enum class FileFormat : std::uint8_t { text, properties, ini, cfg, json, yaml, xml };
inline constexpr auto file_format_names = std::to_array<std::string_view>({"text", "properties", "ini", "cfg", "json", "yaml", "xml"});
constexpr std::span<const std::string_view> names_of(FileFormat) { return file_format_names; }

// `path` leads to the value: one name for properties and cfg; section and key, or a key alone, for ini; names (or, in lists, numbers from 0)
// for json and yaml; elements from the root for xml, the last one may be "@attribute"; for text the beginning of the line that `value`
// replaces as a whole. `value` is a text, number, boolean or (json, yaml) null.
struct Edit {
    std::vector<std::string> path;
    Value value;
    bool operator==(const Edit&) const = default;
};

struct EditError {
    int line = 0;  // Of the file that was to be edited, from 1; 0: the edit itself is at fault.
    std::string message;
    bool operator==(const EditError&) const = default;
};

// The file's new content. Edits are made in order; the first that fails ends it.
Result<std::string, EditError> edit_file(FileFormat format, std::string_view content, std::span<const Edit> edits);

// One function for each format, behind edit_file().
Result<std::string, EditError> edit_text(std::string_view content, const Edit& edit);
Result<std::string, EditError> edit_properties(std::string_view content, const Edit& edit);
Result<std::string, EditError> edit_ini(std::string_view content, const Edit& edit);
Result<std::string, EditError> edit_cfg(std::string_view content, const Edit& edit);
Result<std::string, EditError> edit_json(std::string_view content, const Edit& edit);
Result<std::string, EditError> edit_yaml(std::string_view content, const Edit& edit);
Result<std::string, EditError> edit_xml(std::string_view content, const Edit& edit);

}  // namespace gk::catalog
