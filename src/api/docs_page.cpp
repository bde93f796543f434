#include "api/docs_page.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace gk::api {
namespace {

constexpr std::string_view style = R"(
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; background: #fdfdfb }
h1 { font-size: 1.8rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc }
h3 { font: 600 1rem ui-monospace, monospace; margin: 1.8rem 0 .3rem }
.method { display: inline-block; min-width: 4.2rem; color: #fff; background: #2f6f4f; border-radius: 4px; text-align: center }
.method { margin-right: .6rem; font-size: .8rem; padding: .1rem .3rem }
.POST { background: #2457a6 }
.DELETE { background: #a63a24 }
.PATCH { background: #8a6d1d }
table { border-collapse: collapse; margin: .4rem 0; width: 100% }
td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; border-bottom: 1px solid #eee }
code { font: .9em ui-monospace, monospace; background: #f1f1ec; padding: 0 .2rem; border-radius: 3px }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #16181a }
  code { background: #24272a }
  td, th { border-color: #333 }
  a { color: #8ab4f8 }
}
)";

constexpr std::array<std::string_view, 4> methods = {"get", "post", "patch", "delete"};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '&') out += "&amp;";
        else if (c == '"') out += "&quot;";
        else out += c;
    }
    return out;
}

std::string text_at(const Value& value, std::string_view key) {
    const auto* found = value.find(key);
    return found != nullptr && found->as_string() != nullptr ? *found->as_string() : std::string();
}

// The last part of a "$ref", which is its name.
std::string_view ref_name(std::string_view ref) { return ref.substr(ref.rfind('/') + 1); }

// `value`, or what it refers to within `root`.
const Value* resolved(const Value& root, const Value* value) {
    const auto* ref = value->find("$ref");
    if (ref == nullptr || ref->as_string() == nullptr) return value;
    const Value* at = &root;
    std::string_view rest = std::string_view(*ref->as_string()).substr(1);
    while (!rest.empty() && at != nullptr) {
        rest.remove_prefix(1);
        const auto slash = rest.find('/');
        at = at->find(rest.substr(0, slash));
        rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    }
    return at != nullptr ? at : value;
}

// What a schema asks for, in a few words: "text, one of: a, b", "list of Server".
std::string words(const Value& schema) {
    if (const auto ref = text_at(schema, "$ref"); !ref.empty()) return fmt::format("<a href=\"#schema-{0}\">{0}</a>", escaped(ref_name(ref)));
    std::string out;
    if (const auto* names = schema.find("enum"); names != nullptr && names->as_array() != nullptr) {
        for (const auto& name : *names->as_array()) out += (out.empty() ? "one of: " : ", ") + fmt::format("<code>{}</code>", escaped(to_json(name)));
        return out;
    }
    if (const auto* options = schema.find("oneOf"); options != nullptr && options->as_array() != nullptr) {
        for (const auto& option : *options->as_array()) out += (out.empty() ? "" : " or ") + words(option);
        return out;
    }
    const auto* type = schema.find("type");
    if (type != nullptr && type->as_string() != nullptr) {
        out = *type->as_string();
    } else if (type != nullptr && type->as_array() != nullptr) {
        for (const auto& one : *type->as_array())
            out += (out.empty() ? "" : " or ") + (one.as_string() != nullptr ? *one.as_string() : std::string());
    }
    if (const auto* items = schema.find("items"); items != nullptr && out == "array") return "list of " + words(*items);
    if (const auto format = text_at(schema, "format"); !format.empty()) out += ", " + format;
    return escaped(out);
}

std::string row(std::string_view name, std::string_view where, const std::string& what, std::string_view description) {
    return fmt::format("<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>", escaped(name), escaped(where), what,
                       escaped(description));
}

std::string parameters(const Value& root, const Value& place) {
    const auto* list = place.find("parameters");
    if (list == nullptr || list->as_array() == nullptr) return {};
    std::string out;
    for (const auto& item : *list->as_array()) {
        const auto& parameter = *resolved(root, &item);
        const auto* schema = parameter.find("schema");
        out += row(text_at(parameter, "name"), text_at(parameter, "in"), schema != nullptr ? words(*schema) : "", text_at(parameter, "description"));
    }
    return out;
}

std::string content_words(const Value& holder) {
    const auto* content = holder.find("content");
    if (content == nullptr || content->as_object() == nullptr || content->as_object()->empty()) return {};
    const auto& [type, media] = content->as_object()->front();
    const auto* schema = media.find("schema");
    return (schema != nullptr ? words(*schema) : std::string()) + fmt::format(" <small>{}</small>", escaped(type));
}

std::string operation_html(const Value& root, std::string_view path, std::string_view method, const Value& item, const Value& operation) {
    std::string upper(method);
    for (auto& c : upper) c = static_cast<char>(c - 'a' + 'A');
    auto out = fmt::format("<h3 id=\"{}\"><span class=\"method {}\">{}</span>{}</h3><p>{}</p><table>", escaped(text_at(operation, "operationId")),
                           upper, upper, escaped(path), escaped(text_at(operation, "summary")));
    out += parameters(root, item) + parameters(root, operation);
    if (const auto* body = operation.find("requestBody")) out += row("body", "", content_words(*body), "");
    if (const auto* responses = operation.find("responses"); responses != nullptr && responses->as_object() != nullptr) {
        for (const auto& [status, reply] : *responses->as_object()) {
            const auto& full = *resolved(root, &reply);
            out += row(status, "reply", content_words(full), text_at(full, "description"));
        }
    }
    return out + "</table>";
}

std::string schema_html(std::string_view name, const Value& schema) {
    auto out = fmt::format("<h3 id=\"schema-{0}\">{0}</h3>", escaped(name));
    const auto* members = schema.find("properties");
    if (members == nullptr || members->as_object() == nullptr) return out + fmt::format("<p>{}</p>", words(schema));
    out += "<table>";
    for (const auto& [member, type] : *members->as_object()) out += row(member, "", words(type), text_at(type, "description"));
    return out + "</table>";
}

}  // namespace

std::string docs_page(const Value& openapi) {
    const auto* info = openapi.find("info");
    auto out = fmt::format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
        "<title>Gamekeeper API</title><style>{}</style><h1>Gamekeeper API</h1><p>{}</p><p>As a document: <a href=\"/openapi.json\">"
        "openapi.json</a></p><h2>Routes</h2>",
        style, escaped(info != nullptr ? text_at(*info, "description") : ""));
    if (const auto* paths = openapi.find("paths"); paths != nullptr && paths->as_object() != nullptr) {
        for (const auto& [path, item] : *paths->as_object()) {
            for (const auto method : methods) {
                if (const auto* operation = item.find(method)) out += operation_html(openapi, path, method, item, *operation);
            }
        }
    }
    out += "<h2>Schemas</h2>";
    const auto* components = openapi.find("components");
    const auto* schemas = components != nullptr ? components->find("schemas") : nullptr;
    if (schemas != nullptr && schemas->as_object() != nullptr) {
        for (const auto& [name, schema] : *schemas->as_object()) out += schema_html(name, schema);
    }
    return out + "</html>\n";
}

}  // namespace gk::api
