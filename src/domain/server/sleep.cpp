#include "domain/server/sleep.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "domain/wake/address.hpp"

namespace gk::server {
namespace {

constexpr std::string_view never_word = "never";
constexpr std::size_t entries_max = 256;
constexpr std::size_t name_size_max = 64;
constexpr int starts_most = 1000;

void read(ObjectReader& in, WakeWish& out) {
    in.optional("admission", out.admission);
    in.optional("names", out.names);
    in.optional("addresses", out.addresses);
    in.optional("starts_per_day", out.starts_per_day);
}

void read(ObjectReader& in, IdleWish& out) {
    const auto* after = in.find("after");
    const auto* word = after != nullptr ? after->as_string() : nullptr;
    out.never = word != nullptr && *word == never_word;
    if (!out.never) in.optional("after", out.after);
    in.optional("notice", out.notice);
}

void check(ObjectReader& in, const WakeWish& wish) {
    const bool has_list = !wish.names.empty() || !wish.addresses.empty();
    const bool wants_list = wish.admission == wake::Admission::allow_list;
    if (has_list && !wants_list) in.fail("admission", "not_allowed", "'names' and 'addresses' are for admission 'allow-list'");
    if (!has_list && wants_list) in.fail("admission", "required", "an allow-list needs 'names' or 'addresses': nobody could wake it");
    if (wish.names.size() > entries_max || wish.addresses.size() > entries_max)
        in.fail("names", "out_of_range", fmt::format("at most {} names and as many addresses", entries_max));
    const auto is_bad = [](const std::string& name) { return name.empty() || name.size() > name_size_max; };
    if (std::ranges::any_of(wish.names, is_bad)) in.fail("names", "out_of_range", fmt::format("a name has 1 to {} bytes", name_size_max));
    for (const auto& block : wish.addresses) {
        if (wake::Block::parse(block)) continue;
        in.fail("addresses", "bad_format",
                fmt::format("'{}' is no address and no block such as 203.0.113.0/24, with nothing behind its prefix", block));
    }
    if (wish.starts_per_day < 1 || wish.starts_per_day > starts_most)
        in.fail("starts_per_day", "out_of_range",
                fmt::format("'starts_per_day' is between 1 and {}; to be woken by nobody is admission 'never'", starts_most));
}

void check(ObjectReader& in, const IdleWish& wish) {
    if (wish.after && *wish.after < idle_after_least)
        in.fail("after", "out_of_range",
                fmt::format("a world stays up for at least {} without players, or 'never' sleeps", duration_text(idle_after_least)));
    if (wish.notice && wish.after && *wish.notice >= *wish.after) in.fail("notice", "out_of_range", "'notice' is shorter than 'after'");
}

template <class Wish>
bool read_strictly(const Value& value, const std::string& pointer, Errors& errors, Wish& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    read(in, out);
    if (!in.finish()) return false;
    check(in, out);
    return errors.list().size() == before;
}

template <class Wish>
bool read_leniently(const Value& value, const std::string& pointer, Errors& errors, Wish& out) {
    ObjectReader in(value, pointer, errors);
    read(in, out);
    return in.finish_lenient();
}

Value list_of(const std::vector<std::string>& texts) { return Value::Array(texts.begin(), texts.end()); }

}  // namespace

Value to_value(const WakeWish& wish) {
    auto out = Value::object({{"admission", name_of(wish.admission)}});
    if (!wish.names.empty()) out.set("names", list_of(wish.names));
    if (!wish.addresses.empty()) out.set("addresses", list_of(wish.addresses));
    out.set("starts_per_day", wish.starts_per_day);
    return out;
}

Value to_value(const IdleWish& wish) {
    auto out = Value::object();
    if (wish.never) out.set("after", never_word);
    else if (wish.after) out.set("after", duration_text(*wish.after));
    if (wish.notice) out.set("notice", duration_text(*wish.notice));
    return out;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, WakeWish& out) { return read_leniently(value, pointer, errors, out); }
bool decode(const Value& value, const std::string& pointer, Errors& errors, IdleWish& out) { return read_leniently(value, pointer, errors, out); }
bool decode_strictly(const Value& value, const std::string& pointer, Errors& errors, WakeWish& out) {
    return read_strictly(value, pointer, errors, out);
}
bool decode_strictly(const Value& value, const std::string& pointer, Errors& errors, IdleWish& out) {
    return read_strictly(value, pointer, errors, out);
}

}  // namespace gk::server
