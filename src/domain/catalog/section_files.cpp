#include <fmt/format.h>

#include "domain/catalog/names.hpp"
#include "domain/catalog/sections.hpp"

namespace gk::catalog {
namespace {

std::size_t depth_max(FileFormat format) {
    switch (format) {
    case FileFormat::text: return 0;
    case FileFormat::properties:
    case FileFormat::cfg: return 1;
    case FileFormat::ini: return 2;
    case FileFormat::json:
    case FileFormat::yaml:
    case FileFormat::xml: return 16;
    }
    std::unreachable();
}

// The leaves of the object below "set", each with the names that lead to it.
class KeyCollector {
public:
    KeyCollector(FileFormat format, Errors& errors, std::vector<FileKey>& out) : format_(format), errors_(errors), out_(out) {}

    void collect(const Value& value, const std::string& pointer) {
        const auto* members = value.as_object();
        if (members == nullptr) return leaf(value, pointer);
        for (const auto& [name, member] : *members) {
            const auto place = pointer_to(pointer, name);
            if (name.empty() || has_control_characters(name)) {
                errors_.add(place, "bad_format", "a key is not empty and holds no control characters", member.mark());
                continue;
            }
            if (path_.size() == depth_max(format_)) {
                errors_.add(place, "not_allowed", fmt::format("files of format {} are nested at most {} deep", name_of(format_), path_.size()),
                            member.mark());
                continue;
            }
            path_.push_back(name);
            collect(member, place);
            path_.pop_back();
        }
    }

private:
    void leaf(const Value& value, const std::string& pointer) {
        if (value.as_array() != nullptr) {
            errors_.add(pointer, "wrong_type", "only single values can be set, not lists; set the list's items by number", value.mark());
        } else if (value.is_null() && format_ != FileFormat::json && format_ != FileFormat::yaml) {
            errors_.add(pointer, "wrong_type", fmt::format("files of format {} know no null; write '' for an empty value", name_of(format_)),
                        value.mark());
        } else if (path_.empty()) {
            errors_.add(pointer, "wrong_type", "an object of keys and values is expected here", value.mark());
        } else if (value.as_string() != nullptr) {
            if (Template filled; decode(value, pointer, errors_, filled)) out_.push_back({path_, std::move(filled)});
        } else {
            out_.push_back({path_, Template::literal(value)});
        }
    }

    FileFormat format_;
    Errors& errors_;
    std::vector<FileKey>& out_;
    std::vector<std::string> path_;
};

struct TextLine {
    std::string starts_with;
    Template line;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, TextLine& out) {
    ObjectReader in(value, pointer, errors);
    in.required("starts_with", out.starts_with);
    in.required("line", out.line);
    if (!in.finish()) return false;
    if (out.starts_with.empty() || has_control_characters(out.starts_with)) {
        in.fail("starts_with", "bad_format", "this is the beginning of one line, not empty and without control characters");
        return false;
    }
    // Otherwise the next edit would not find the line again, and add another one.
    if (out.line.fill_text([](std::string_view) { return Value(); }).starts_with(out.starts_with)) return true;
    in.fail("line", "bad_format", fmt::format("the new line must itself begin with '{}'", out.starts_with));
    return false;
}

void decode_lines(const Value& value, const std::string& pointer, Errors& errors, GameFile& out) {
    std::vector<TextLine> lines;
    if (!decode(value, pointer, errors, lines)) return;
    for (auto& it : lines) out.keys.push_back({{std::move(it.starts_with)}, std::move(it.line)});
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, GameFile& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.required("path", out.path);
    in.optional("format", out.format);
    in.optional("content", out.content);
    const auto* set = in.find("set");
    const auto* lines = in.find("lines");
    if (!in.finish()) return false;
    if (!is_inner_path(out.path)) in.fail("path", "bad_format", fmt::format("'{}' is no path within the world, such as conf/server.ini", out.path));
    const bool is_text = out.format == FileFormat::text;
    if (set != nullptr && is_text) in.fail("set", "not_allowed", "say which 'format' this file has, or replace whole lines with 'lines'");
    if (lines != nullptr && !is_text) in.fail("lines", "not_allowed", "'lines' is for files of format text; use 'set'");
    if (!is_text && !out.content.placeholders().empty()) {
        // A value pasted into such a text could add keys of its own; "set" writes it the way the format quotes.
        in.fail("content", "not_allowed", "placeholders belong under 'set' in a file with a format");
    }
    if (set != nullptr && !is_text) KeyCollector(out.format, errors, out.keys).collect(*set, in.pointer("set"));
    if (lines != nullptr) decode_lines(*lines, in.pointer("lines"), errors, out);
    return errors.list().size() == before;
}

}  // namespace gk::catalog
