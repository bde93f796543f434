#include "domain/catalog/edit/edit.hpp"

#include <utility>

namespace gk::catalog {
namespace {

using EditOne = Result<std::string, EditError> (*)(std::string_view, const Edit&);

EditOne editor_of(FileFormat format) {
    switch (format) {
    case FileFormat::text: return edit_text;
    case FileFormat::properties: return edit_properties;
    case FileFormat::ini: return edit_ini;
    case FileFormat::cfg: return edit_cfg;
    case FileFormat::json: return edit_json;
    case FileFormat::yaml: return edit_yaml;
    case FileFormat::xml: return edit_xml;
    }
    std::unreachable();
}

}  // namespace

Result<std::string, EditError> edit_file(FileFormat format, std::string_view content, std::span<const Edit> edits) {
    const auto edit_one = editor_of(format);
    std::string text(content);
    for (const auto& edit : edits) {
        TRY(edited, edit_one(text, edit));
        text = std::move(edited);
    }
    return text;
}

}  // namespace gk::catalog
