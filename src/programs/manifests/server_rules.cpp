#include "programs/manifests/server_rules.hpp"

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "app/servers/kept.hpp"
#include "domain/catalog/catalog.hpp"
#include "programs/manifests/definition_parts.hpp"

namespace gk::programs {
namespace {

void add_rules(Value& schema, Value::Array rules) { schema.set("x-kubernetes-validations", Value(std::move(rules))); }

void add_resources_rules(Value& resources) {
    const auto& most = catalog::resources_max;
    Value::Array rules;
    const auto bound = [&rules](std::string_view name, std::int64_t count) {
        rules.push_back(rule_at(fmt::format("self.{0} >= 1 && self.{0} <= {1}", name, count), fmt::format("'{}' is between 1 and {}", name, count),
                                fmt::format(".{}", name)));
    };
    bound("cpu_millis", most.cpu.count);
    bound("memory_mib", most.memory.count);
    bound("disk_mib", most.disk.count);
    add_rules(resources, std::move(rules));
}

void add_label_rules(Value& labels) {
    // Without a bound the API server cannot bound the cost of the rules; below it the sentences are ours.
    labels.set("maxProperties", 256);
    add_rules(labels,
              {rule("size(self) <= 64", "at most 64 labels"), rule("self.all(name, size(name) >= 1 && size(name) <= 256 && size(self[name]) <= 256)",
                                                                   "a label's name and text have at most 256 bytes")});
}

void add_schedule_rules(Value& schedules) {
    schedules.set("maxItems", 64);
    add_rules(schedules, {rule("size(self) <= 32", "at most 32 schedules")});
    add_rules(
        member_of(schedules, "items"),
        {rule_at("self.do != 'command' || (has(self.command) && self.command != '')", "a schedule that does 'command' needs one", ".command"),
         rule_at("self.do == 'command' || !has(self.command) || self.command == ''", "only a schedule that does 'command' has one", ".command")});
}

// Long enough is what has a day, an hour or a minute, or seconds enough. CEL's own reader of durations knows no days.
void add_interval_rules(Value& every) {
    constexpr std::string_view has_minute = "(^|[dhm])0*[1-9][0-9]*(d|h|m)([0-9]|$)";
    every.set("maxLength", 64);
    add_rules(every,
              {duration_rule(),
               rule(fmt::format("self == '' || !self.matches('{}') || self.matches('{}') || self.contains('d') || duration(self) >= duration('1m')",
                                duration_form, has_minute),
                    "a backup more often than every minute is not possible")});
}

void add_exposure_rules(Value& exposure) {
    constexpr std::string_view address = "^[A-Za-z0-9.:-]{0,253}$";
    for (const auto* name : {"address", "dns_label", "static_address"}) member_of(member_of(exposure, "properties"), name).set("maxLength", 1024);
    const auto is_there = [](std::string_view name) { return fmt::format("has(self.{0}) && self.{0} != ''", name); };
    const auto only_balanced = [&](std::string_view name) {
        return rule_at(fmt::format("self.type == 'loadBalancer' || !({})", is_there(name)), fmt::format("only a loadBalancer has a {}", name),
                       fmt::format(".{}", name));
    };
    add_rules(
        exposure,
        {rule_at(fmt::format("!has(self.address) || self.address.matches('{}')", address), "write a host name or an IP address", ".address"),
         only_balanced("dns_label"), only_balanced("static_address"),
         rule_at(fmt::format("!({}) || self.dns_label.matches('^[a-z][a-z0-9-]{{1,61}}[a-z0-9]$')", is_there("dns_label")),
                 "a dns_label has 3 to 63 lower-case letters, digits and '-'; it begins with a letter and does not end with '-'", ".dns_label"),
         rule_at(fmt::format("!has(self.static_address) || self.static_address.matches('{}')", address), "write an IP address", ".static_address")});
}

// Of a server that is there. One that was refused has no record, and may be mended in every way.
Value kept_once_made(std::string_view member) {
    constexpr std::string_view is_made = "has(oldSelf.status) && has(oldSelf.status.record)";
    const auto word = member == "package" ? std::string_view("__package__") : member;  // One of CEL's own.
    const auto same = fmt::format("has(self.spec.{0}) == has(oldSelf.spec.{0}) && (!has(self.spec.{0}) || self.spec.{0} == oldSelf.spec.{0})", word);
    return rule_at(fmt::format("!({}) || ({})", is_made, same), app::kept_message(member), fmt::format(".spec.{}", member));
}

}  // namespace

void add_spec_rules(Value& spec) {
    auto& members = member_of(spec, "properties");
    for (const auto* name : {"game", "package"}) member_of(members, name).set("maxLength", 50);
    add_resources_rules(member_of(members, "resources"));
    add_label_rules(member_of(members, "labels"));
    add_schedule_rules(member_of(members, "schedules"));
    add_interval_rules(member_of(members, "backup_every"));
    add_exposure_rules(member_of(members, "exposure"));
    add_rules(spec, {rule_at("!(has(self.__package__) && self.__package__ != '' && has(self.resources))",
                             "give either 'package' or 'resources', not both", ".package")});
}

Value server_rules() {
    Value::Array rules;
    for (const auto member : app::kept_members) rules.push_back(kept_once_made(member));
    rules.push_back(rule_saying("self.metadata.name.matches('^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$')",
                                R"("'" + self.metadata.name + "' may have 1 to 50 lower-case letters, digits and '-', with no '-' at either end")",
                                {}));
    return Value(std::move(rules));
}

}  // namespace gk::programs
