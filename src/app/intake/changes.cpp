#include "app/intake/changes.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace gk::app {
namespace {

bool has_members_of_its_own(std::string_view name) { return name == "settings" || name == "labels"; }

const Value::Object& members_of(const Value& value) {
    static const Value::Object none;
    return value.as_object() != nullptr ? *value.as_object() : none;
}

void erase(Value& object, std::string_view name) {
    std::erase_if(*object.as_object(), [&](const Value::Member& member) { return member.first == name; });
}

Value differences(const Value& before, const Value& after, bool is_top) {
    auto out = Value::object();
    for (const auto& [name, value] : members_of(after)) {
        const auto* old = before.find(name);
        if (is_top && has_members_of_its_own(name) && value.as_object() != nullptr) {
            auto inner = differences(old != nullptr ? *old : Value::object(), value, false);
            if (!is_empty(inner)) out.set(name, std::move(inner));
        } else if (old == nullptr || !is_same_content(*old, value)) {
            out.set(name, value);
        }
    }
    for (const auto& [name, value] : members_of(before)) {
        if (after.find(name) != nullptr) continue;
        if (is_top && has_members_of_its_own(name)) {
            auto inner = differences(value, Value::object(), false);
            if (!is_empty(inner)) out.set(name, std::move(inner));
        } else {
            out.set(name, Value());
        }
    }
    return out;
}

void apply(Value& to, const Value& changes, bool is_top) {
    for (const auto& [name, value] : members_of(changes)) {
        if (is_top && has_members_of_its_own(name) && value.as_object() != nullptr) {
            const auto* old = to.find(name);
            auto inner = old != nullptr && old->as_object() != nullptr ? *old : Value::object();
            apply(inner, value, false);
            if (is_empty(inner)) erase(to, name);
            else to.set(name, std::move(inner));
        } else if (value.is_null()) {
            erase(to, name);
        } else {
            to.set(name, value);
        }
    }
}

}  // namespace

bool is_same_content(const Value& one, const Value& other) {
    const auto* members = one.as_object();
    if (members != nullptr && other.as_object() != nullptr) {
        const auto is_in_other = [&](const Value::Member& member) {
            const auto* twin = other.find(member.first);
            return twin != nullptr && is_same_content(member.second, *twin);
        };
        return members->size() == other.as_object()->size() && std::ranges::all_of(*members, is_in_other);
    }
    const auto* items = one.as_array();
    if (items != nullptr && other.as_array() != nullptr) return std::ranges::equal(*items, *other.as_array(), is_same_content);
    return one == other;
}

Value changes_between(const Value& before, const Value& after) { return differences(before, after, true); }

Value with_changes(Value declaration, const Value& changes) {
    apply(declaration, changes, true);
    return declaration;
}

Value changes_without(const Value& changes, const Value& others) {
    auto out = Value::object();
    for (const auto& [name, value] : members_of(changes)) {
        const auto* other = others.find(name);
        if (other == nullptr) {
            out.set(name, value);
        } else if (has_members_of_its_own(name) && value.as_object() != nullptr && other->as_object() != nullptr) {
            auto inner = Value::object();
            for (const auto& [key, one] : members_of(value)) {
                if (other->find(key) == nullptr) inner.set(key, one);
            }
            if (!is_empty(inner)) out.set(name, std::move(inner));
        }
    }
    return out;
}

Value additions_in(const Value& changes) {
    auto out = Value::object();
    for (const auto& [name, value] : members_of(changes)) {
        if (has_members_of_its_own(name) && value.as_object() != nullptr) {
            auto inner = additions_in(value);
            if (!is_empty(inner)) out.set(name, std::move(inner));
        } else if (!value.is_null()) {
            out.set(name, value);
        }
    }
    return out;
}

}  // namespace gk::app
