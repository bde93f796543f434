#include <algorithm>

#include "domain/match/rules/checks.hpp"

namespace gk::match {
namespace {

class RuleCompiler {
public:
    RuleCompiler(Naming naming, CompiledRule& out) : naming_(naming), out_(out) {}

    void operator()(const Comparison& rule) {
        // Compared with each other, players stand for themselves: the average of two parties says nothing about who chose what.
        const auto party = rule.reference ? std::optional(rule.party) : std::nullopt;
        name(rule.measurements, rule.reference, {.party = party});
        out_.waits_for_more = is_of_sizes();
    }
    void operator()(const Distance& rule) {
        name(rule.measurements, rule.reference, {.party = rule.party});
        out_.waits_for_more = is_of_sizes();
    }
    void operator()(const BatchDistance& rule) {
        if (rule.is_text) out_.column = column_of(naming_.columns.texts, rule.attribute);
        else out_.column = column_of(naming_.columns.numbers, Columns::Number{.attribute = rule.attribute, .party = rule.party});
        out_.is_of_everybody = true;
        out_.waits_for_more = rule.least.has_value();
    }
    void operator()(const Collection& rule) {
        name(rule.measurements, rule.reference, {.party = std::nullopt, .lists = rule.party});
        out_.waits_for_more = rule.operation == Collection::Operation::intersection ? rule.most.has_value() : rule.least.has_value();
    }
    void operator()(const Latency& rule) {
        out_.column = column_of(naming_.columns.latencies, rule.party);
        out_.is_of_everybody = true;
    }
    void operator()(const Sort&) { out_.is_of_everybody = true; }
    void operator()(const Compound&) {}
    void operator()(const Window& rule) {
        out_.column = column_of(naming_.columns.numbers, Columns::Number{.attribute = rule.attribute, .party = rule.party});
        out_.is_of_everybody = true;
    }
    void operator()(const Roles& rule) {
        out_.column = column_of(naming_.columns.each_lists, rule.attribute);
        for (const auto& role : rule.roles) out_.words.push_back(naming_.words.hold(role.name));
    }

private:
    void name(const std::vector<Expression>& measurements, const std::optional<Expression>& reference, PartyForm form) {
        for (const auto& one : measurements) out_.measurements.push_back(gk::match::compile(one, form, naming_));
        if (reference) out_.reference = gk::match::compile(*reference, form, naming_);
        out_.is_of_everybody = all_operands([](const Operand& operand) { return operand.is_of_everybody; });
    }
    bool is_of_sizes() const {
        return all_operands([](const Operand& operand) { return operand.is_of_sizes; });
    }
    template <class F>
    bool all_operands(F&& f) const {
        return std::ranges::all_of(out_.measurements, f) && (!out_.reference || f(*out_.reference));
    }

    Naming naming_;
    CompiledRule& out_;
};

}  // namespace

CompiledRule compile(const Rule& rule, Naming naming) {
    CompiledRule out{.name = rule.name, .body = rule.body, .measurements = {}, .reference = {}, .words = {}, .is_part = rule.is_part};
    std::visit(RuleCompiler(naming, out), rule.body);
    return out;
}

}  // namespace gk::match
