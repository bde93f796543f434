#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/decode.hpp"
#include "domain/wake/doorman.hpp"

// A rule of waking as a document, and back.
namespace gk::wake {

// Blocks of addresses as texts, and those of a member that need not be there.
Value::Array block_texts(const std::vector<Block>& blocks);
void read_blocks(ObjectReader& in, std::string_view name, std::vector<Block>& out);

Value document_of(const Rule& rule);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Rule& out);

}  // namespace gk::wake
