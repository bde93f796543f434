#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"

namespace gk::match {

// The stored form of players, tickets and matches. decode() reads what any released version wrote and passes over members it does not know.
Value to_value(const Player& player);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Player& out);
Value to_value(const Ticket& ticket);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Ticket& out);
Value to_value(const Member& member);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Member& out);
Value to_value(const Match& match);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Match& out);

// An attribute's type is that of its JSON value: number, string, list of strings, object of numbers.
Value to_value(const AttributeValue& attribute);

template <class T>
Value list_of(const std::vector<T>& items) {
    Value::Array list;
    list.reserve(items.size());
    for (const auto& item : items) {
        if constexpr (std::constructible_from<Value, const T&>) list.emplace_back(item);
        else list.push_back(to_value(item));
    }
    return list;
}

}  // namespace gk::match
