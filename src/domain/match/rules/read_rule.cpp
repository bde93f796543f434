#include "domain/match/rules/read_rule.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/match/rules/compound.hpp"

namespace gk::match {
namespace {

constexpr auto type_names =
    std::to_array<std::string_view>({"comparison", "distance", "batchDistance", "collection", "latency", "absoluteSort", "distanceSort", "compound"});

// The guide's own examples write numbers both ways: 500 and "500".
struct Number {
    double value = 0;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, Number& out) {
    if (const auto* text = value.as_string()) {
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out.value);
        if (error == std::errc() && end == text->data() + text->size()) return true;
        errors.add(pointer, "wrong_type", fmt::format("a number is expected here, not '{}'", *text), value.mark());
        return false;
    }
    return gk::decode(value, pointer, errors, out.value);
}

// One rule's members, with the errors of their expressions at the right place.
class RuleReader {
public:
    RuleReader(const Value& value, const std::string& pointer, Errors& errors, const RuleReading& reading)
        : in_(value, pointer, errors),
          errors_(errors),
          reading_(reading) {}

    ObjectReader& in() { return in_; }

    std::optional<double> number(std::string_view key) {
        std::optional<Number> read;
        in_.optional(key, read);
        return read ? std::optional(read->value) : std::nullopt;
    }
    std::optional<std::int64_t> whole_number(std::string_view key) {
        const auto read = number(key);
        if (!read) return std::nullopt;
        if (*read < 0 || *read != static_cast<double>(static_cast<std::int64_t>(*read)))
            in_.fail(key, "out_of_range", "write a whole number, 0 or more");
        return static_cast<std::int64_t>(*read);
    }
    // One expression or a list of them.
    std::vector<Parsed> measurements() {
        std::vector<Parsed> read;
        const auto* value = in_.find("measurements");
        if (value == nullptr) {
            in_.fail("measurements", "required", "say what is measured: teams[*].players.attributes[...]");
            return read;
        }
        const Value::Array one{*value};
        const auto* list = value->as_array();
        for (std::size_t i = 0; i < (list ? list->size() : 1); ++i) {
            const auto pointer = list ? pointer_to(in_.pointer("measurements"), i) : in_.pointer("measurements");
            if (auto parsed = expression(list ? (*list)[i] : *value, pointer)) read.push_back(std::move(*parsed));
        }
        return read;
    }
    std::optional<Parsed> reference() {
        const auto* value = in_.find("referenceValue");
        return value == nullptr || value->is_null() ? std::nullopt : expression(*value, in_.pointer("referenceValue"));
    }
    std::string attribute(std::string_view key, AttributeType& type) {
        std::string name;
        in_.required(key, name);
        const auto& known = reading_.vocabulary.attributes;
        const auto found = std::ranges::find(known, name, &Vocabulary::Attribute::name);
        if (found != known.end()) type = found->type;
        else if (!name.empty()) in_.fail(key, "not_allowed", fmt::format("playerAttributes has no '{}'", name));
        return name;
    }

private:
    std::optional<Parsed> expression(const Value& value, const std::string& pointer) {
        if (const auto* integer = value.as_int()) return Parsed{.expression = {.number = static_cast<double>(*integer)}, .shape = {}};
        if (const auto* number = value.as_double()) return Parsed{.expression = {.number = *number}, .shape = {}};
        const auto* text = value.as_string();
        if (text == nullptr) {
            errors_.add(pointer, "wrong_type", "write an expression, as in \"teams[*].players.attributes[skill]\"", value.mark());
            return std::nullopt;
        }
        auto parsed = parse_expression(*text, reading_.vocabulary);
        if (parsed) return std::move(*parsed);
        errors_.add(pointer, "bad_format", parsed.error(), value.mark());
        return std::nullopt;
    }

    ObjectReader in_;
    Errors& errors_;
    const RuleReading& reading_;
};

std::vector<Expression> expressions_of(std::vector<Parsed>&& parsed) {
    std::vector<Expression> out;
    for (auto& one : parsed) out.push_back(std::move(one.expression));
    return out;
}

Comparison read_comparison(RuleReader& reader) {
    Comparison rule;
    auto measured = reader.measurements();
    const auto reference = reader.reference();
    reader.in().required("operation", rule.operation);
    reader.in().optional("partyAggregation", rule.party);
    const bool is_order = rule.operation != Comparing::equal && rule.operation != Comparing::unequal;
    if (!reference && is_order)
        reader.in().fail("referenceValue", "required", "without a referenceValue only = and != compare players with each other");
    if (reference && reference->shape.depth != 0)
        reader.in().fail("referenceValue", "wrong_type", "the reference is one value: aggregate it, as in avg(...)");
    for (const auto& one : measured) {
        if (reference && one.shape.is_text != reference->shape.is_text)
            reader.in().fail("referenceValue", "wrong_type", "numbers are compared with numbers, and strings with strings");
        if (one.shape.is_text && is_order) reader.in().fail("operation", "not_allowed", "strings are only equal or not: use = or !=");
    }
    if (reference) rule.reference = reference->expression;
    rule.measurements = expressions_of(std::move(measured));
    return rule;
}

void check_span(RuleReader& reader, std::optional<double> least, std::optional<double> most, std::string_view least_key, std::string_view most_key) {
    if (!least && !most) reader.in().fail(most_key, "required", fmt::format("give {} or {}", least_key, most_key));
    if (least && most && *least > *most) reader.in().fail(least_key, "out_of_range", fmt::format("{} is above {}", least_key, most_key));
}

Distance read_distance(RuleReader& reader) {
    Distance rule;
    auto measured = reader.measurements();
    if (const auto reference = reader.reference()) {
        if (reference->shape != Shape{})
            reader.in().fail("referenceValue", "wrong_type", "the reference is one number: aggregate it, as in avg(flatten(...))");
        rule.reference = reference->expression;
    } else {
        reader.in().fail("referenceValue", "required", "say from what the distance is measured");
    }
    for (const auto& one : measured) {
        if (one.shape.is_text) reader.in().fail("measurements", "wrong_type", "a distance is measured between numbers");
    }
    rule.least = reader.number("minDistance");
    rule.most = reader.number("maxDistance");
    reader.in().optional("partyAggregation", rule.party);
    check_span(reader, rule.least, rule.most, "minDistance", "maxDistance");
    rule.measurements = expressions_of(std::move(measured));
    return rule;
}

BatchDistance read_batch_distance(RuleReader& reader) {
    BatchDistance rule;
    auto type = AttributeType::number;
    rule.attribute = reader.attribute("batchAttribute", type);
    rule.is_text = type == AttributeType::string;
    rule.least = reader.number("minDistance");
    rule.most = reader.number("maxDistance");
    reader.in().optional("partyAggregation", rule.party);
    if (type == AttributeType::string_list || type == AttributeType::string_number_map)
        reader.in().fail("batchAttribute", "wrong_type", "a batchDistance works on a number or a string");
    if (rule.is_text && (rule.least || rule.most))
        reader.in().fail("maxDistance", "not_allowed", "strings have no distance: they are the same or not");
    if (!rule.is_text) check_span(reader, rule.least, rule.most, "minDistance", "maxDistance");
    return rule;
}

Collection read_collection(RuleReader& reader) {
    Collection rule;
    auto measured = reader.measurements();
    const auto reference = reader.reference();
    reader.in().required("operation", rule.operation);
    rule.least = reader.whole_number("minCount");
    rule.most = reader.whole_number("maxCount");
    reader.in().optional("partyAggregation", rule.party);
    const bool needs_reference = rule.operation != Collection::Operation::intersection;
    if (needs_reference != reference.has_value())
        reader.in().fail("referenceValue", needs_reference ? "required" : "not_allowed",
                         needs_reference ? "say what is looked for in the collection" : "an intersection has no referenceValue");
    for (const auto& one : measured) {
        const int depth = rule.operation == Collection::Operation::contains ? 1 : 2;
        if (!one.shape.is_text || one.shape.depth < std::min(depth, 1))
            reader.in().fail("measurements", "wrong_type", "a collection is a list of strings, or a list of such lists");
    }
    if (!rule.least && !rule.most) {
        if (rule.operation == Collection::Operation::contains || rule.operation == Collection::Operation::intersection) rule.least = 1;
        else reader.in().fail("minCount", "required", "give minCount or maxCount");
    }
    if (rule.least && rule.most && *rule.least > *rule.most) reader.in().fail("minCount", "out_of_range", "minCount is above maxCount");
    if (reference) rule.reference = reference->expression;
    rule.measurements = expressions_of(std::move(measured));
    return rule;
}

Latency read_latency(RuleReader& reader) {
    Latency rule;
    rule.most = reader.number("maxLatency");
    rule.distance_most = reader.number("maxDistance");
    reader.in().optional("distanceReference", rule.reference);
    reader.in().optional("partyAggregation", rule.party);
    if (!rule.most && !rule.distance_most) reader.in().fail("maxLatency", "required", "give maxLatency (ms) or maxDistance (ms from the others)");
    return rule;
}

Sort read_sort(RuleReader& reader, Sort::Kind kind) {
    Sort rule{.kind = kind};
    auto type = AttributeType::number;
    rule.attribute = reader.attribute("sortAttribute", type);
    reader.in().required("sortDirection", rule.direction);
    reader.in().optional("mapKey", rule.map_key);
    reader.in().optional("partyAggregation", rule.party);
    const bool is_map = type == AttributeType::string_number_map;
    if (is_map != rule.map_key.has_value())
        reader.in().fail("mapKey", is_map ? "required" : "not_allowed",
                         is_map ? "say which key of the map: minValue or maxValue" : "only a map has keys");
    if (type == AttributeType::string || type == AttributeType::string_list)
        reader.in().fail("sortAttribute", "wrong_type", "tickets are sorted by a number or by a map of numbers");
    return rule;
}

Compound read_compound(RuleReader& reader, const RuleReading& reading) {
    std::string statement;
    reader.in().required("statement", statement);
    if (statement.empty()) return {};
    auto parsed = parse_statement(statement, reading.rule_names);
    if (parsed) return std::move(*parsed);
    reader.in().fail("statement", "bad_format", parsed.error());
    return {};
}

RuleBody read_body(std::string_view type, RuleReader& reader, const RuleReading& reading) {
    if (type == "comparison") return read_comparison(reader);
    if (type == "distance") return read_distance(reader);
    if (type == "batchDistance") return read_batch_distance(reader);
    if (type == "collection") return read_collection(reader);
    if (type == "latency") return read_latency(reader);
    if (type == "absoluteSort") return read_sort(reader, Sort::Kind::absolute);
    if (type == "distanceSort") return read_sort(reader, Sort::Kind::distance);
    return read_compound(reader, reading);
}

}  // namespace

std::optional<Rule> read_rule(const Value& value, const std::string& pointer, Errors& errors, const RuleReading& reading) {
    const auto before = errors.list().size();
    RuleReader reader(value, pointer, errors, reading);
    Rule rule;
    std::string type;
    std::string description;
    reader.in().required("name", rule.name);
    reader.in().required("type", type);
    reader.in().optional("description", description);
    if (type.empty()) return std::nullopt;
    if (std::ranges::find(type_names, type) == type_names.end()) {
        add_bad_name(*reader.in().find("type"), reader.in().pointer("type"), errors, type_names);
        return std::nullopt;
    }
    rule.body = read_body(type, reader, reading);
    std::ignore = reader.in().finish();
    return errors.list().size() == before ? std::optional(std::move(rule)) : std::nullopt;
}

}  // namespace gk::match
