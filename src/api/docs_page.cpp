#include "api/docs_page.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "tls/digest.hpp"

namespace gk::api {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1d2021; --faint: #5b6164; --ground: #fdfdfb; --card: #f3f3ee; --line: #d9d9d2; --link: #1a55b0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dfe1e2; --faint: #9ba1a6; --ground: #16181a; --card: #212427; --line: #383c40; --link: #8ab4f8 }
}
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 1rem }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto } }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; color: var(--ink); background: var(--ground) }
a { color: var(--link) }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.skip { position: absolute; left: -100rem }
.skip:focus { left: 1rem; top: 1rem }
.page { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
nav ul { list-style: none; padding: 0; margin: .2rem 0 1rem }
nav li { margin: .15rem 0; font-size: .9rem }
nav strong a { color: inherit; text-decoration: none }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .5rem 0 }
h2 { margin: 3rem 0 .3rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem }
h3 { font: 600 1rem/1.5 ui-monospace, monospace; margin: 0; overflow-wrap: anywhere }
h3 a { color: inherit; text-decoration: none }
article { margin: 1.2rem 0; padding: .9rem 1rem; background: var(--card); border-radius: .6rem }
article p { margin: .3rem 0 .6rem }
.method { display: inline-block; min-width: 4.4rem; margin-right: .6rem; padding: .05rem .4rem; border-radius: .3rem; text-align: center }
.method { color: #fff; background: #2d6a4b; font-size: .8rem }
.POST { background: #2457a6 }
.PATCH { background: #7d5f10 }
.DELETE { background: #a63a24 }
dl { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .25rem 1rem; margin: 0; font-size: .93rem }
dt { overflow-wrap: anywhere }
dd { margin: 0; overflow-wrap: anywhere }
dt small, dd small { color: var(--faint) }
h4 { font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--faint); margin: .8rem 0 .2rem }
code, pre { font: .9em ui-monospace, monospace }
code { background: var(--ground); padding: 0 .25rem; border-radius: .25rem; border: 1px solid var(--line) }
pre { background: var(--card); padding: .8rem 1rem; border-radius: .6rem; overflow-x: auto }
.must { color: #b3261e }
@media (prefers-color-scheme: dark) { .must { color: #f2a49b } }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0 }
  dd { margin: 0 0 .5rem 1rem }
}
@media (max-width: 63.99rem) {
  nav ul { display: none }
  nav strong { display: inline-block; margin-right: 1rem; font-weight: 400 }
  nav strong a { color: var(--link); text-decoration: underline }
}
@media (min-width: 64rem) {
  .page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 3rem }
  nav { position: sticky; top: 1rem; align-self: start; max-height: calc(100vh - 2rem); overflow-y: auto }
}
)";

constexpr std::string_view beginning =
    R"(<pre tabindex="0">key=gk_...                 # printed once at the first start, or: gamekeeper key create NAME
curl -H "Authorization: Bearer $key" http://127.0.0.1:8080/v1/servers
curl -H "Authorization: Bearer $key" -H 'Prefer: wait=60' http://127.0.0.1:8080/v1/servers \
     --json '{"id": "castle", "game": "minetest", "start": true}'</pre>)";

constexpr std::array<std::string_view, 5> methods = {"get", "post", "put", "patch", "delete"};

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

// Descriptions are Markdown, of which they use nothing but `code`.
std::string prose(std::string_view text) {
    std::string out;
    bool in_code = false;
    for (std::size_t i = 0; i <= text.size();) {
        const auto tick = std::min(text.find('`', i), text.size());
        out += escaped(text.substr(i, tick - i));
        if (tick == text.size()) break;
        in_code = !in_code;
        out += in_code ? "<code>" : "</code>";
        i = tick + 1;
    }
    return in_code ? out + "</code>" : out;
}

std::string_view text_at(const Value& value, std::string_view key) {
    const auto* found = value.find(key);
    return found != nullptr && found->as_string() != nullptr ? std::string_view(*found->as_string()) : std::string_view();
}

const Value::Array& array_at(const Value& value, std::string_view key) {
    static const Value::Array none;
    const auto* found = value.find(key);
    return found != nullptr && found->as_array() != nullptr ? *found->as_array() : none;
}

const Value::Object& object_at(const Value& value, std::string_view key) {
    static const Value::Object none;
    const auto* found = value.find(key);
    return found != nullptr && found->as_object() != nullptr ? *found->as_object() : none;
}

// The last part of a "$ref", which is its name.
std::string_view ref_name(std::string_view ref) { return ref.substr(ref.rfind('/') + 1); }

// What "#/components/parameters/id" names in the document; null when it names nothing.
const Value* target_of(const Value& root, std::string_view ref) {
    const Value* at = &root;
    ref.remove_prefix(1);
    while (!ref.empty() && at != nullptr) {
        ref.remove_prefix(1);
        const auto slash = ref.find('/');
        at = at->find(ref.substr(0, slash));
        ref = slash == std::string_view::npos ? std::string_view() : ref.substr(slash);
    }
    return at;
}

// Itself, or what its "$ref" names. Lives as long as the document and the value.
const Value* resolved(const Value& root, const Value& value) {
    const auto ref = text_at(value, "$ref");
    const auto* target = ref.empty() ? nullptr : target_of(root, ref);
    return target != nullptr ? target : &value;
}

std::string type_words(const Value& schema) {
    std::string out(text_at(schema, "type"));
    for (const auto& one : array_at(schema, "type")) out += (out.empty() ? "" : " or ") + (one.as_string() != nullptr ? *one.as_string() : "");
    return out;
}

std::string bounds(const Value& schema) {
    std::string out;
    const auto add = [&](std::string_view key, std::string_view words) {
        if (const auto* bound = schema.find(key); bound != nullptr && bound->as_int() != nullptr)
            out += fmt::format(", {} {}", words, *bound->as_int());
    };
    add("minimum", "from");
    add("maximum", "up to");
    add("minLength", "shortest");
    add("maxLength", "longest");
    if (const auto format = text_at(schema, "format"); !format.empty()) out += fmt::format(", {}", format);
    return out;
}

// What a schema asks for, in a few words: "string, uuid", "one of: a, b", "list of Server".
std::string words(const Value& schema) {
    if (const auto ref = text_at(schema, "$ref"); !ref.empty()) return fmt::format("<a href=\"#schema-{0}\">{0}</a>", escaped(ref_name(ref)));
    std::string out;
    for (const auto& name : array_at(schema, "enum"))
        out += (out.empty() ? "one of: " : ", ") +
               fmt::format("<code>{}</code>", escaped(name.as_string() != nullptr ? *name.as_string() : to_json(name)));
    for (const auto& option : array_at(schema, "oneOf")) out += (out.empty() ? "" : " or ") + words(option);
    if (!out.empty()) return out;
    out = type_words(schema);
    if (const auto* items = schema.find("items"); items != nullptr && out == "array") return "list of " + words(*items);
    return escaped(out.empty() ? "anything" : out + bounds(schema));
}

std::string entry(std::string_view name, bool required, const std::string& what, std::string_view description) {
    return fmt::format("<dt><code>{}</code>{}</dt><dd>{}{}{}</dd>", escaped(name), required ? " <small class=\"must\">required</small>" : "", what,
                       description.empty() || what.empty() ? "" : ": ", prose(description));
}

std::string list(std::string_view title, const std::string& entries) {
    return entries.empty() ? std::string() : fmt::format("<h4>{}</h4><dl>{}</dl>", title, entries);
}

std::string parameter_entries(const Value& root, const Value& place) {
    std::string out;
    for (const auto& item : array_at(place, "parameters")) {
        const auto& parameter = *resolved(root, item);
        const auto* schema = parameter.find("schema");
        const auto* required = parameter.find("required");
        const auto where = fmt::format("<small>{}</small> ", escaped(text_at(parameter, "in")));
        out += entry(text_at(parameter, "name"), required != nullptr && *required == Value(true), where + (schema != nullptr ? words(*schema) : ""),
                     text_at(parameter, "description"));
    }
    return out;
}

std::string content_words(const Value& holder) {
    const auto& content = object_at(holder, "content");
    if (content.empty()) return {};
    const auto& [type, media] = content.front();
    const auto* schema = media.find("schema");
    return (schema != nullptr ? words(*schema) : std::string()) + fmt::format(" <small>{}</small>", escaped(type));
}

// What went well has an entry each; all errors have one form and share one.
std::string reply_entries(const Value& root, const Value& operation) {
    std::string out, errors;
    for (const auto& [status, reply] : object_at(operation, "responses")) {
        const bool is_problem = ref_name(text_at(reply, "$ref")) == "Problem";
        const auto& full = *resolved(root, reply);
        if (is_problem) errors += (errors.empty() ? "" : " ") + fmt::format("<code>{}</code>", escaped(status));
        else out += entry(status, false, content_words(full), text_at(full, "description"));
    }
    if (errors.empty()) return out;
    return out + fmt::format("<dt>{}</dt><dd><a href=\"#schema-Problem\">Problem</a> <small>application/problem+json</small></dd>", errors);
}

struct Route {
    std::string_view path, method;
    const Value* item;
    const Value* operation;
    std::string upper() const {
        std::string out(method);
        for (auto& c : out) c = static_cast<char>(c - 'a' + 'A');
        return out;
    }
};

std::string route_html(const Value& root, const Route& route) {
    const auto& operation = *route.operation;
    const auto id = escaped(text_at(operation, "operationId"));
    auto out = fmt::format("<article><h3 id=\"{0}\"><a href=\"#{0}\"><span class=\"method {1}\">{1}</span>{2}</a></h3><p>{3}</p>", id, route.upper(),
                           escaped(route.path), prose(text_at(operation, "summary")));
    if (const auto more = text_at(operation, "description"); !more.empty()) out += fmt::format("<p>{}</p>", prose(more));
    out += list("Parameters", parameter_entries(root, *route.item) + parameter_entries(root, operation));
    if (const auto* body = operation.find("requestBody")) {
        const auto* required = body->find("required");
        out += list("Body", entry("body", required != nullptr && *required == Value(true), content_words(*body), ""));
    }
    return out + list("Replies", reply_entries(root, operation)) + "</article>";
}

bool is_required(const Value& schema, std::string_view member) {
    for (const auto& name : array_at(schema, "required")) {
        if (name.as_string() != nullptr && *name.as_string() == member) return true;
    }
    return false;
}

// Only what is sent has members that one may leave out; in replies all of them are there.
std::string schema_html(std::string_view name, const Value& schema) {
    const auto& members = object_at(schema, "properties");
    const auto* others = schema.find("additionalProperties");
    const bool is_sent = others != nullptr && *others == Value(false);
    std::string entries;
    for (const auto& [member, type] : members)
        entries += entry(member, is_sent && is_required(schema, member), words(type), text_at(type, "description"));
    const auto body = members.empty() ? fmt::format("<p>{}</p>", words(schema)) : fmt::format("<dl>{}</dl>", entries);
    return fmt::format("<article><h3 id=\"schema-{0}\"><a href=\"#schema-{0}\">{0}</a></h3>{1}</article>", escaped(name), body);
}

std::vector<Route> routes_of(const Value& root, std::string_view tag) {
    std::vector<Route> out;
    for (const auto& [path, item] : object_at(root, "paths")) {
        for (const auto method : methods) {
            const auto* operation = item.find(method);
            if (operation == nullptr || array_at(*operation, "tags").empty() || array_at(*operation, "tags").front() != Value(std::string(tag)))
                continue;
            out.push_back({.path = path, .method = method, .item = &item, .operation = operation});
        }
    }
    return out;
}

std::string title_of(std::string_view tag) {
    std::string out(tag);
    if (!out.empty() && out.front() >= 'a' && out.front() <= 'z') out.front() = static_cast<char>(out.front() - 'a' + 'A');
    return escaped(out);
}

std::string navigation(const Value& root) {
    std::string out = "<nav aria-label=\"Contents\">";
    for (const auto& tag : array_at(root, "tags")) {
        const auto name = text_at(tag, "name");
        out += fmt::format("<strong><a href=\"#tag-{}\">{}</a></strong><ul>", escaped(name), title_of(name));
        for (const auto& route : routes_of(root, name)) {
            const auto id = escaped(text_at(*route.operation, "operationId"));
            out += fmt::format("<li><a href=\"#{0}\">{0}</a></li>", id);
        }
        out += "</ul>";
    }
    return out + "<strong><a href=\"#schemas\">Schemas</a></strong></nav>";
}

std::string main_part(const Value& root) {
    const auto* info = root.find("info");
    auto out = fmt::format(
        "<main id=\"main\"><h1>Gamekeeper API</h1><p>{}</p>{}<p>As a document for programs: <a href=\"/openapi.json\">openapi.json</a></p>",
        prose(info != nullptr ? text_at(*info, "description") : ""), beginning);
    for (const auto& tag : array_at(root, "tags")) {
        const auto name = text_at(tag, "name");
        out += fmt::format("<section aria-labelledby=\"tag-{0}\"><h2 id=\"tag-{0}\">{1}</h2><p>{2}</p>", escaped(name), title_of(name),
                           prose(text_at(tag, "description")));
        for (const auto& route : routes_of(root, name)) out += route_html(root, route);
        out += "</section>";
    }
    out += "<section aria-labelledby=\"schemas\"><h2 id=\"schemas\">Schemas</h2>";
    const auto* components = root.find("components");
    if (components != nullptr) {
        for (const auto& [name, schema] : object_at(*components, "schemas")) out += schema_html(name, schema);
    }
    return out + "</section></main>";
}

}  // namespace

net::Response docs_page(const Value& openapi) {
    const auto html = fmt::format(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<title>Gamekeeper API</title><style>{}</style></head><body><a class=\"skip\" href=\"#main\">To the text</a><div class=\"page\">{}{}</div>"
        "</body></html>\n",
        style, navigation(openapi), main_part(openapi));
    auto reply = net::Response::text(200, "text/html; charset=utf-8", html);
    const auto digest = tls::base64(tls::sha256(as_byte_span(style)));
    reply.headers.emplace_back(
        "Content-Security-Policy",
        fmt::format("default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", digest));
    reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
    reply.headers.emplace_back("Referrer-Policy", "no-referrer");
    return reply;
}

}  // namespace gk::api
