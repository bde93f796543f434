#include "domain/wake/ban.hpp"

#include <algorithm>

namespace gk::wake {
namespace {

// Blocks have no empty value to be read into.
struct Said {
    std::string address;
    std::optional<Time> until;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, Said& out) {
    ObjectReader in(value, pointer, errors);
    in.required("address", out.address);
    in.optional("until", out.until);
    if (!Block::parse(out.address)) in.fail("address", "bad_format", "an address or a block is expected here, like 203.0.113.7 or 203.0.113.0/24");
    return in.finish_lenient();
}

}  // namespace

bool is_banned(const std::vector<Ban>& bans, const Address& address, Time now) {
    return std::ranges::any_of(bans, [&](const Ban& ban) { return holds(ban, now) && ban.block.contains(address); });
}

void add(std::vector<Ban>& bans, Ban ban) {
    lift(bans, ban.block);
    bans.push_back(std::move(ban));
}

bool lift(std::vector<Ban>& bans, const Block& block) {
    return std::erase_if(bans, [&](const Ban& ban) { return ban.block == block; }) > 0;
}

Value document_of(const Ban& ban) {
    return Value::object({{"address", ban.block.text()}, {"until", ban.until ? Value(rfc3339(*ban.until)) : Value()}});
}

Value document_of(const std::vector<Ban>& bans) {
    Value::Array out;
    for (const auto& ban : bans) out.push_back(document_of(ban));
    return out;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, std::vector<Ban>& out) {
    std::vector<Said> said;
    if (!gk::decode(value, pointer, errors, said)) return false;
    out.clear();
    for (const auto& one : said) out.push_back({.block = *Block::parse(one.address), .until = one.until});
    return true;
}

}  // namespace gk::wake
