#include "app/servers/orders.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/servers/kept.hpp"
#include "domain/server/recipients.hpp"

namespace gk::app {
namespace {

// As people send them: stricter than the stored documents of the same things, which newer versions may have written.
struct ResourcesBody {
    server::Resources resources;
};
struct ScheduleBody {
    server::Schedule schedule;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, ResourcesBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("cpu_millis", out.resources.cpu.count);
    in.required("memory_mib", out.resources.memory.count);
    in.required("disk_mib", out.resources.disk.count);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, ScheduleBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("at", out.schedule.at);
    in.required("do", out.schedule.action);
    in.optional("command", out.schedule.command);
    return in.finish();
}

struct ExposureBody {
    server::Exposure exposure;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, ExposureBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("type", out.exposure.kind);
    in.optional("address", out.exposure.address);
    in.optional("dns_label", out.exposure.dns_label);
    in.optional("static_address", out.exposure.static_address);
    return in.finish();
}

struct WakeBody {
    server::WakeWish wish;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, WakeBody& out) {
    return server::decode_strictly(value, pointer, errors, out.wish);
}
struct IdleBody {
    server::IdleWish wish;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, IdleBody& out) {
    return server::decode_strictly(value, pointer, errors, out.wish);
}

template <class Body>
auto read_wish(ObjectReader& in, std::string_view name) {
    std::optional<Body> body;
    in.optional(name, body);
    return body ? std::optional(std::move(body->wish)) : std::nullopt;
}

// null: back to the usual one.
template <class Body>
auto read_wish_change(ObjectReader& in, std::string_view name) -> std::optional<decltype(read_wish<Body>(in, name))> {
    if (in.find(name) == nullptr) return std::nullopt;
    return read_wish<Body>(in, name);
}

std::optional<server::Exposure> read_exposure(ObjectReader& in) {
    std::optional<ExposureBody> body;
    in.optional("exposure", body);
    if (!body) return std::nullopt;
    return std::move(body->exposure);
}

// null: back to the usual one.
std::optional<std::optional<server::Exposure>> read_exposure_change(ObjectReader& in) {
    if (in.find("exposure") == nullptr) return std::nullopt;
    return read_exposure(in);
}

// null: back to the usual interval.
std::optional<std::optional<Milliseconds>> read_backup_change(ObjectReader& in) {
    if (in.find("backup_every") == nullptr) return std::nullopt;
    std::optional<Milliseconds> every;
    in.optional("backup_every", every);
    return every;
}

void read_resources(ObjectReader& in, std::optional<server::Resources>& out) {
    std::optional<ResourcesBody> body;
    in.optional("resources", body);
    if (body) out = body->resources;
}

std::optional<std::vector<server::Schedule>> read_schedules(ObjectReader& in) {
    std::optional<std::vector<ScheduleBody>> bodies;
    in.optional("schedules", bodies);
    if (!bodies) return std::nullopt;
    std::vector<server::Schedule> out;
    for (auto& body : *bodies) out.push_back(std::move(body.schedule));
    return out;
}

std::optional<std::vector<std::string>> read_recipients(ObjectReader& in) {
    std::optional<std::vector<server::Recipient>> said;
    in.optional("notify", said);
    if (!said) return std::nullopt;
    if (said->size() > server::recipients_max)
        in.fail("notify", "too_many", fmt::format("{} addresses are too many: at most {} hear of one server", said->size(), server::recipients_max));
    std::vector<std::string> out;
    for (auto& recipient : *said) out.push_back(std::move(recipient.address));
    return out;
}

void read_world(ObjectReader& in, CreateOrder& out) {
    std::string world;
    in.optional("world", world);
    if (world == "adopt") out.world = CreateOrder::World::adopt;
    else if (world == "fresh") out.world = CreateOrder::World::fresh;
    else if (!world.empty()) in.fail("world", "not_allowed", fmt::format("'{}' is not one of: adopt, fresh", world));
}

// null removes a label.
struct LabelChange {
    std::optional<std::string> text;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, LabelChange& out) {
    return value.is_null() || decode(value, pointer, errors, out.text.emplace());
}

std::optional<std::map<std::string, std::optional<std::string>>> read_label_changes(ObjectReader& in) {
    std::optional<std::map<std::string, LabelChange>> said;
    in.optional("labels", said);
    if (!said) return std::nullopt;
    std::map<std::string, std::optional<std::string>> changes;
    for (auto& [name, change] : *said) changes.emplace(name, std::move(change.text));
    return changes;
}

// What a server keeps is no unknown word, and is refused for what it is.
Value without_kept(Value body, const std::string& pointer, Errors& errors) {
    auto* members = body.as_object();
    if (members == nullptr) return body;
    for (const auto name : kept_members) {
        const auto* kept = body.find(name);
        if (kept != nullptr) errors.add(pointer_to(pointer, name), "not_allowed", std::string(kept_message(name)), kept->mark());
    }
    std::erase_if(*members, [](const auto& member) { return std::ranges::find(kept_members, member.first) != kept_members.end(); });
    return body;
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, CreateOrder& out) {
    ObjectReader in(value, pointer, errors);
    in.required("id", out.id);
    in.optional("namespace", out.space);
    in.required("game", out.game);
    in.optional("package", out.package);
    read_resources(in, out.resources);
    in.optional("settings", out.settings);
    in.optional("labels", out.labels);
    out.schedules = read_schedules(in).value_or(std::vector<server::Schedule>());
    in.optional("backup_every", out.backup_every);
    in.optional("launch", out.launch);
    out.wake = read_wish<WakeBody>(in, "wake");
    out.idle = read_wish<IdleBody>(in, "idle");
    out.notify = read_recipients(in).value_or(std::vector<std::string>());
    out.exposure = read_exposure(in);
    read_world(in, out);
    in.optional("start", out.start);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, PatchOrder& out) {
    const auto changes = without_kept(value, pointer, errors);
    ObjectReader in(changes, pointer, errors);
    in.optional("settings", out.settings);
    out.labels = read_label_changes(in);
    out.schedules = read_schedules(in);
    out.backup_every = read_backup_change(in);
    in.optional("launch", out.launch);
    out.wake = read_wish_change<WakeBody>(in, "wake");
    out.idle = read_wish_change<IdleBody>(in, "idle");
    out.notify = read_recipients(in);
    out.exposure = read_exposure_change(in);
    return in.finish() && value == changes;
}

}  // namespace gk::app
