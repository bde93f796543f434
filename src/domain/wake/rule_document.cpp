#include "domain/wake/rule_document.hpp"

#include <fmt/format.h>

namespace gk::wake {

Value::Array block_texts(const std::vector<Block>& blocks) {
    Value::Array out;
    for (const auto& block : blocks) out.emplace_back(block.text());
    return out;
}

void read_blocks(ObjectReader& in, std::string_view name, std::vector<Block>& out) {
    std::vector<std::string> blocks;
    in.optional(name, blocks);
    for (const auto& text : blocks) {
        if (const auto block = Block::parse(text)) out.push_back(*block);
        else in.fail(name, "bad_format", fmt::format("'{}' is no block of addresses; one like 203.0.113.0/24 is expected", text));
    }
}

Value document_of(const Rule& rule) {
    return Value::object({{"admission", name_of(rule.admission)},
                          {"names", Value::Array(rule.names.begin(), rule.names.end())},
                          {"blocks", block_texts(rule.blocks)},
                          {"starts_per_day_max", static_cast<std::int64_t>(rule.starts_per_day_max)},
                          {"knocks_needed", std::int64_t{rule.knocks_needed}},
                          {"knock_gap", duration_text(rule.knock_gap)},
                          {"knock_window", duration_text(rule.knock_window)},
                          {"patience", duration_text(rule.patience)}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Rule& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("admission", out.admission);
    in.optional("names", out.names);
    read_blocks(in, "blocks", out.blocks);
    in.optional("starts_per_day_max", out.starts_per_day_max);
    in.optional("knocks_needed", out.knocks_needed);
    in.optional("knock_gap", out.knock_gap);
    in.optional("knock_window", out.knock_window);
    in.optional("patience", out.patience);
    return in.finish_lenient();
}

}  // namespace gk::wake
