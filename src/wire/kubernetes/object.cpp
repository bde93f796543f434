#include "wire/kubernetes/object.hpp"

#include <iterator>

#include <fmt/format.h>

namespace gk::wire::kubernetes {
namespace {

bool may_stand(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'; }

// A name of "." or ".." would be another path; the API refuses both, so that they need no care beyond being sent as they are.
void append_segment(std::string& out, std::string_view word) {
    out += '/';
    for (const char c : word) {
        if (may_stand(c)) out += c;
        else fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
}

}  // namespace

const Value* find_at(const Value& document, std::initializer_list<std::string_view> path) {
    const auto* at = &document;
    for (const auto name : path) {
        at = at->find(name);
        if (at == nullptr) return nullptr;
    }
    return at;
}

std::string_view text_at(const Value& document, std::initializer_list<std::string_view> path) {
    const auto* found = find_at(document, path);
    const auto* text = found != nullptr ? found->as_string() : nullptr;
    return text != nullptr ? std::string_view(*text) : std::string_view();
}

const Value::Array& list_at(const Value& document, std::initializer_list<std::string_view> path) {
    static const Value::Array none;
    const auto* found = find_at(document, path);
    return found != nullptr && found->as_array() != nullptr ? *found->as_array() : none;
}

ObjectKey key_of(const Value& object) {
    return {.space = std::string(text_at(object, {"metadata", "namespace"})), .name = std::string(text_at(object, {"metadata", "name"}))};
}

std::string_view version_of(const Value& object) { return text_at(object, {"metadata", "resourceVersion"}); }
std::string_view uid_of(const Value& object) { return text_at(object, {"metadata", "uid"}); }

std::string path_of(const Resource& resource, const ObjectKey& key, std::string_view subresource) {
    std::string out = resource.group.empty() ? "/api" : "/apis";
    if (!resource.group.empty()) append_segment(out, resource.group);
    append_segment(out, resource.version);
    if (resource.has_spaces && !key.space.empty()) {
        append_segment(out, "namespaces");
        append_segment(out, key.space);
    }
    append_segment(out, resource.plural);
    if (!key.name.empty()) append_segment(out, key.name);
    if (!subresource.empty()) append_segment(out, subresource);
    return out;
}

}  // namespace gk::wire::kubernetes
