#include "wire/yaml/write_yaml.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace gk::wire {
namespace {

constexpr auto other_words = std::to_array<std::string_view>({"null", "true", "false", "yes", "no", "on", "off", "y", "n"});

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// One word of letters, digits and a few marks that means nothing else: the rest is quoted, so that nobody has to know YAML's rules for colons.
bool is_plain(std::string_view text) {
    const auto may_stand = [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/'; };
    if (text.empty() || !is_letter(text.front()) || !std::ranges::all_of(text, may_stand)) return false;
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return std::ranges::find(other_words, lower) == other_words.end();
}

void append_text(std::string& out, std::string_view text) {
    if (is_plain(text)) out += text;
    else append_json_string(out, text);
}

bool is_block(const Value& value) {
    const auto* members = value.as_object();
    const auto* items = value.as_array();
    return (members != nullptr && !members->empty()) || (items != nullptr && !items->empty());
}

void append_block(std::string& out, const Value& value, std::size_t indent, bool goes_on);

// What stands behind "name:" or "-", and the line break.
void append_value(std::string& out, const Value& value, std::size_t indent, bool in_list) {
    if (!is_block(value)) {
        out += ' ';
        if (const auto* text = value.as_string()) append_text(out, *text);
        else append_json(out, value);
        out += '\n';
        return;
    }
    // The first member of an object in a list stands on the line of its dash.
    out += in_list ? " " : "\n";
    append_block(out, value, indent, in_list);
}

void append_block(std::string& out, const Value& value, std::size_t indent, bool goes_on) {
    const auto begin_line = [&] {
        if (!goes_on) out.append(indent, ' ');
        goes_on = false;
    };
    if (const auto* members = value.as_object()) {
        for (const auto& [name, member] : *members) {
            begin_line();
            append_text(out, name);
            out += ':';
            append_value(out, member, indent + 2, false);
        }
        return;
    }
    for (const auto& item : *value.as_array()) {
        begin_line();
        out += '-';
        append_value(out, item, indent + 2, true);
    }
}

}  // namespace

std::string write_yaml(const Value& value) {
    std::string out;
    if (is_block(value)) append_block(out, value, 0, false);
    else append_value(out, value, 0, true);
    if (out.starts_with(' ')) out.erase(0, 1);
    return out;
}

}  // namespace gk::wire
