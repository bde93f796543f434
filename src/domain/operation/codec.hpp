#pragma once

#include <string>

#include "base/decode.hpp"
#include "domain/operation/operation.hpp"

namespace gk {

// The documents stored in databases. decode() reads what any released version wrote and passes over members it does not know.
Value to_value(const Problem& problem);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Problem& out);
Value to_value(const OperationStep& step);
bool decode(const Value& value, const std::string& pointer, Errors& errors, OperationStep& out);
Value to_value(const Operation& operation);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Operation& out);
// Without the number, which is the ledger's.
Value to_value(const Event& event);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Event& out);

}  // namespace gk
