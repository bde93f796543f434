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

Value& property_of(Value& schema, std::string_view name) { return member_of(member_of(schema, "properties"), name); }

// Twice as many as are allowed, so that the sentences are ours; without a bound the API server cannot bound the cost of the rules.
void bound_texts(Value& list, int texts_max, int size_max) {
    list.set("maxItems", 2 * texts_max);
    member_of(list, "items").set("maxLength", 2 * size_max);
}

// Whether an address is one at all, and whether something stands behind its prefix, is the control plane's to say.
void add_wake_rules(Value& wake) {
    constexpr std::string_view has_list = "(has(self.names) && size(self.names) > 0) || (has(self.addresses) && size(self.addresses) > 0)";
    constexpr std::string_view wants_list = "has(self.admission) && self.admission == 'allow-list'";
    constexpr std::string_view block_form = "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$";
    bound_texts(property_of(wake, "names"), 256, 64);
    bound_texts(property_of(wake, "addresses"), 256, 64);
    add_rules(wake,
              {rule_at(fmt::format("({1}) || !({0})", has_list, wants_list), "'names' and 'addresses' are for admission 'allow-list'", ".admission"),
               rule_at(fmt::format("!({1}) || ({0})", has_list, wants_list), "an allow-list needs 'names' or 'addresses': nobody could wake it",
                       ".admission"),
               rule_at("(!has(self.names) || size(self.names) <= 256) && (!has(self.addresses) || size(self.addresses) <= 256)",
                       "at most 256 names and as many addresses", ".names"),
               rule_at("!has(self.names) || self.names.all(name, name != '' && size(bytes(name)) <= 64)", "a name has 1 to 64 bytes", ".names"),
               rule_at("!has(self.starts_per_day) || (self.starts_per_day >= 1 && self.starts_per_day <= 1000)",
                       "'starts_per_day' is between 1 and 1000; to be woken by nobody is admission 'never'", ".starts_per_day")});
    auto& addresses = property_of(wake, "addresses");
    add_rules(addresses, {rule_saying(fmt::format("self.all(block, block.matches('{}'))", block_form),
                                      fmt::format("\"'\" + self.filter(block, !block.matches('{}'))[0] + \"' is no address and no block such as "
                                                  "203.0.113.0/24, with nothing behind its prefix\"",
                                                  block_form),
                                      {})});
}

// Days are beyond CEL's own reader of durations: a day is enough, and without one what stands behind "0d" counts.
void add_idle_rules(Value& idle) {
    constexpr std::string_view has_day = "(^|[^0-9])0*[1-9][0-9]*d";
    constexpr std::string_view below_days = "self.find('[^d]*$')";
    auto& after = property_of(idle, "after");
    auto& notice = property_of(idle, "notice");
    for (auto* text : {&after, &notice}) text->set("maxLength", 64);
    auto form = duration_rule();
    form.set("rule", fmt::format("self == 'never' || ({})", *form.find("rule")->as_string()));
    add_rules(after, {std::move(form), rule(fmt::format("self == 'never' || self == '' || !self.matches('{0}') || self.matches('{1}') || "
                                                        "({2} != '' && duration({2}) >= duration('2m'))",
                                                        duration_form, has_day, below_days),
                                            "a world stays up for at least 2m without players, or 'never' sleeps")});
    add_rules(notice, {duration_rule()});
    const auto is_plain = [](std::string_view name) {
        return fmt::format("has(self.{0}) && self.{0} != '' && !self.{0}.contains('d') && self.{0}.matches('{1}')", name, duration_form);
    };
    add_rules(idle, {rule_at(fmt::format("!({} && {}) || duration(self.notice) < duration(self.after)", is_plain("after"), is_plain("notice")),
                             "'notice' is shorter than 'after'", ".notice")});
}

void add_notify_rules(Value& notify) {
    // What is plain in RFC 5321: printable ASCII without what ends a word there, and without '@'.
    constexpr std::string_view word = R"([!#$%&'*+./0-9=?A-Z^_`a-z{|}~-]+)";
    auto& address = member_of(notify, "items");
    address.set("maxLength", 512);
    add_rules(address, {rule_saying(fmt::format(R"(size(self) <= 254 && self.matches(r"^{0}@{0}$"))", word),
                                    R"("'" + self + "' is no mail address: write one such as anna@castle.example")", {})});
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
    add_wake_rules(member_of(members, "wake"));
    add_idle_rules(member_of(members, "idle"));
    add_notify_rules(member_of(members, "notify"));
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
