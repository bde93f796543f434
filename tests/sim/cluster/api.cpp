#include "tests/sim/cluster/api.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "net/json/json.hpp"

namespace gk::sim {
namespace {

using net::ClientResponse;
using wire::kubernetes::find_at;
using wire::kubernetes::key_of;
using wire::kubernetes::text_at;
using wire::kubernetes::uid_of;
using wire::kubernetes::version_of;

// Whoever asks for pages gets short ones, so that most lists have several.
constexpr std::size_t page_most = 2;
constexpr net::JsonLimits json_limits{.depth = 100, .size = 16 * 1024 * 1024};

Value parsed(const std::string& text) {
    auto document = net::parse_json(text, json_limits);
    return document ? std::move(*document) : Value();
}

std::uint64_t number_of(std::string_view text) {
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

void erase_member(Value& object, std::string_view name) {
    if (auto* members = object.as_object()) std::erase_if(*members, [&](const auto& it) { return it.first == name; });
}

Value& member(Value& object, std::string_view name) {
    if (const auto* found = object.find(name); found != nullptr) return const_cast<Value&>(*found);
    return object.set(name, Value::object());
}

// RFC 7396.
void merge_into(Value& into, const Value& patch) {
    if (patch.as_object() == nullptr) {
        into = patch;
        return;
    }
    if (into.as_object() == nullptr) into = Value::object();
    for (const auto& [name, value] : *patch.as_object()) {
        if (value.is_null()) erase_member(into, name);
        else merge_into(member(into, name), value);
    }
}

bool has_finalizers(const Value& object) {
    const auto* list = find_at(object, {"metadata", "finalizers"});
    return list != nullptr && list->as_array() != nullptr && !list->as_array()->empty();
}
bool is_ending(const Value& object) { return find_at(object, {"metadata", "deletionTimestamp"}) != nullptr; }

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
            out += static_cast<char>(byte);
            i += 2;
        } else out += text[i];
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(at), text.size());
        if (end > 0) out.push_back(unescaped(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

ClientResponse good(int status, const Value& document) { return {.status = status, .headers = {}, .body = to_json(document)}; }

// Nothing but these members counts as declared: what changes them is a new generation.
bool is_same_spec(const Value& one, const Value& other) {
    const auto* a = one.find("spec");
    const auto* b = other.find("spec");
    return (a == nullptr && b == nullptr) || (a != nullptr && b != nullptr && *a == *b);
}

}  // namespace

ClientResponse status_response(int code, std::string_view reason, std::string_view message) {
    return good(code, Value::object({{"kind", "Status"},
                                     {"apiVersion", "v1"},
                                     {"status", "Failure"},
                                     {"reason", reason},
                                     {"message", message},
                                     {"code", std::int64_t{code}}}));
}

std::map<ObjectKey, ObjectPtr> Table::at_version(std::uint64_t version) const {
    std::map<ObjectKey, ObjectPtr> out;
    for (const auto& change : log) {
        if (change.version > version) break;
        if (change.after) out.insert_or_assign(key_of(*change.after), change.after);
        else out.erase(key_of(*change.before));
    }
    return out;
}

std::uint64_t Table::version_at(Time when) const {
    std::uint64_t version = 1;
    for (const auto& change : log) {
        if (change.at > when) break;
        version = change.version;
    }
    return version;
}

bool is_selected(const Value& object, std::string_view labels) {
    for (const auto& term : split(labels, ',')) {
        const auto equals = term.find('=');
        const auto* all = find_at(object, {"metadata", "labels"});
        const auto* said = all != nullptr ? all->find(term.substr(0, equals)) : nullptr;
        if (said == nullptr || said->as_string() == nullptr) return false;
        if (equals != std::string::npos && *said->as_string() != term.substr(equals + 1)) return false;
    }
    return true;
}

bool is_named(const Value& object, std::string_view fields) {
    constexpr std::string_view by_name = "metadata.name=";
    return !fields.starts_with(by_name) || fields.substr(by_name.size()) == text_at(object, {"metadata", "name"});
}

Target target_of(const std::string& text) {
    const auto question = std::min(text.find('?'), text.size());
    auto words = split(std::string_view(text).substr(0, question), '/');
    Target out;
    // "api", version; or "apis", group, version.
    std::size_t at = words.front() == "api" ? 2 : 3;
    if (at + 1 < words.size() && words[at] == "namespaces") {
        out.key.space = words[at + 1];
        at += 2;
    }
    if (at < words.size()) out.plural = words[at++];
    if (at < words.size()) out.key.name = words[at++];
    if (at < words.size()) out.subresource = words[at];
    if (question == text.size()) return out;
    for (const auto& pair : split(std::string_view(text).substr(question + 1), '&')) {
        const auto equals = std::min(pair.find('='), pair.size());
        out.query[pair.substr(0, equals)] = equals < pair.size() ? pair.substr(equals + 1) : std::string();
    }
    return out;
}

ClientResponse Api::handle(const net::ClientRequest& request, Milliseconds behind) {
    const auto target = target_of(request.target);
    said_ = Said();
    if (request.method == "GET" && target.key.name.empty()) return list(target, behind);
    if (request.method == "POST") return create(target, parsed(request.body));
    const auto now = find(target.plural, target.key);
    if (request.method == "PATCH" && request.content_type.starts_with("application/apply")) return apply(target, parsed(request.body));
    if (now == nullptr) return status_response(404, "NotFound", target.plural + " " + target.key.text() + " not found");
    if (request.method == "GET") return good(200, *now);
    if (request.method == "PUT") return update(target, parsed(request.body));
    if (request.method == "PATCH") return merge(target, parsed(request.body));
    return erase(target, parsed(request.body));
}

// A cache may answer, which is behind; but never behind a version that was named. Later pages are of the version of the first one.
std::uint64_t Api::version_for(const Target& target, Milliseconds behind) {
    if (const auto token = target.said("continue"); !token.empty()) return number_of(token);
    const auto asked = target.said("resourceVersion");
    if (asked.empty()) return version_;
    return std::min(std::max(number_of(asked), tables_[target.plural].version_at(ground_.now - behind)), version_);
}

ClientResponse Api::list(const Target& target, Milliseconds behind) {
    const auto& table = tables_[target.plural];
    const auto as_of = version_for(target, behind);
    const auto token = target.said("continue");
    if (!token.empty() && as_of < table.compacted) return status_response(410, "Expired", "the continue token is too old");
    // "version", or "version/space/name" of the last one that was told.
    const auto words = split(token, '/');
    const ObjectKey after = words.size() == 3 ? ObjectKey{words[1], words[2]} : words.size() == 2 ? ObjectKey{{}, words[1]} : ObjectKey();
    Value::Array items;
    std::string next;
    const auto all = as_of == version_ ? table.objects : table.at_version(as_of);
    for (const auto& [key, object] : all) {
        const bool is_there = (target.key.space.empty() || key.space == target.key.space) && after < key;
        if (!is_there || !is_selected(*object, target.said("labelSelector")) || !is_named(*object, target.said("fieldSelector"))) continue;
        if (items.size() == page_most && !target.said("limit").empty()) {
            next = fmt::format("{}/{}/{}", as_of, text_at(items.back(), {"metadata", "namespace"}), text_at(items.back(), {"metadata", "name"}));
            break;
        }
        items.push_back(*object);
    }
    if (plant == ClusterPlant::pages_are_lost) next.clear();
    if (plant == ClusterPlant::lists_show_ghosts) {
        for (const auto& change : table.log) {
            if (!change.after && !table.objects.contains(key_of(*change.before)) && is_selected(*change.before, target.said("labelSelector")))
                items.push_back(*change.before);
        }
    }
    if (next.empty()) said_.complete_up_to = as_of;
    const auto kind = table.objects.empty() ? std::string("List") : std::string(text_at(*table.objects.begin()->second, {"kind"})) + "List";
    const auto version = table.objects.empty() ? std::string_view("v1") : text_at(*table.objects.begin()->second, {"apiVersion"});
    return good(200, Value::object({{"kind", kind},
                                    {"apiVersion", version},
                                    {"metadata", Value::object({{"resourceVersion", std::to_string(as_of)}, {"continue", next}})},
                                    {"items", std::move(items)}}));
}

ClientResponse Api::create(const Target& target, Value object) {
    auto& metadata = member(object, "metadata");
    ObjectKey key{target.key.space, std::string(text_at(metadata, {"name"}))};
    if (find(target.plural, key)) return status_response(409, "AlreadyExists", target.plural + " " + key.text() + " already exists");
    if (admit) {
        if (const auto refusal = admit(target.plural, object)) return status_response(refusal->code, refusal->reason, refusal->message);
    }
    metadata.set("uid", fmt::format("uid-{}", ++uids_));
    metadata.set("generation", std::int64_t{1});
    metadata.set("creationTimestamp", rfc3339(ground_.now));
    if (target.plural == "gameservers") erase_member(object, "status");
    store(target.plural, nullptr, std::move(object));
    said_.object = find(target.plural, key);
    return good(201, *said_.object);
}

// Optimistic concurrency: what the caller says it has seen is what is there.
std::optional<ClientResponse> Api::misfit(const Value& now, const Value& said) const {
    const bool is_lease = text_at(now, {"kind"}) == "Lease";
    const auto version = version_of(said);
    const auto uid = uid_of(said);
    const bool is_blind = plant == ClusterPlant::versions_not_compared || (is_lease && plant == ClusterPlant::leases_not_compared);
    if (!version.empty() && version != version_of(now) && !is_blind) return status_response(409, "Conflict", "the object has been modified");
    if (!uid.empty() && uid != uid_of(now)) return status_response(409, "Conflict", "the UID in the precondition is another one");
    return std::nullopt;
}

ClientResponse Api::update(const Target& target, Value object) {
    const auto now = find(target.plural, target.key);
    if (auto conflict = misfit(*now, object)) return std::move(*conflict);
    auto next = *now;
    if (target.subresource == "status") {
        const auto* status = object.find("status");
        next.set("status", status != nullptr ? *status : Value());
        if (plant == ClusterPlant::generations_forgotten) erase_member(member(next, "status"), "observedGeneration");
        return written(target.plural, target.key, std::move(next));
    }
    for (const auto name : {"spec", "data"}) {
        if (const auto* said = object.find(name)) next.set(name, *said);
    }
    for (const auto name : {"labels", "annotations", "finalizers"}) {
        if (const auto* said = find_at(object, {"metadata", name})) member(next, "metadata").set(name, *said);
    }
    return written(target.plural, target.key, std::move(next));
}

ClientResponse Api::merge(const Target& target, const Value& patch) {
    const auto now = find(target.plural, target.key);
    if (auto conflict = misfit(*now, patch)) return std::move(*conflict);
    auto next = *now;
    for (const auto& [name, value] : *patch.as_object()) {
        const bool is_status = name == "status";
        if (name == "metadata" || is_status == (target.subresource == "status")) merge_into(member(next, name), value);
    }
    return written(target.plural, target.key, std::move(next));
}

// As far as it is used here: by one manager, who always says the same fields, with maps merged and lists replaced.
ClientResponse Api::apply(const Target& target, Value intent) {
    const auto now = find(target.plural, target.key);
    if (now == nullptr) return create(target, std::move(intent));
    if (auto conflict = misfit(*now, intent)) return std::move(*conflict);
    auto next = *now;
    next.set("spec", *intent.find("spec"));
    merge_into(member(next, "metadata"), *intent.find("metadata"));
    return written(target.plural, target.key, std::move(next));
}

ClientResponse Api::written(const std::string& plural, const ObjectKey& key, Value next) {
    const auto now = find(plural, key);
    if (!is_same_spec(*now, next)) {
        const auto* generation = find_at(*now, {"metadata", "generation"});
        member(next, "metadata").set("generation", (generation != nullptr && generation->as_int() != nullptr ? *generation->as_int() : 0) + 1);
    }
    member(next, "metadata").set("uid", uid_of(*now));
    member(next, "metadata").set("resourceVersion", version_of(*now));
    said_.object = now;
    if (next == *now) return good(200, *now);
    store(plural, now, std::move(next));
    const auto after = said_.object = find(plural, key);
    auto answer = good(200, *after);
    if (is_ending(*after) && !has_finalizers(*after)) drop(plural, key);
    return answer;
}

ClientResponse Api::erase(const Target& target, const Value& options) {
    const auto now = find(target.plural, target.key);
    const auto uid = text_at(options, {"preconditions", "uid"});
    const auto version = text_at(options, {"preconditions", "resourceVersion"});
    const bool is_another = !uid.empty() && uid != uid_of(*now);
    if (is_another && plant != ClusterPlant::any_object_of_that_name)
        return status_response(409, "Conflict", "the UID in the precondition is another one");
    if (is_another) ground_.breach(fmt::format("R12: a deletion took another one of {} than was meant", target.plural));
    if (!version.empty() && version != version_of(*now) && plant != ClusterPlant::versions_not_compared)
        return status_response(409, "Conflict", "the object has been modified");
    const auto* grace = options.find("gracePeriodSeconds");
    remove(target.plural, target.key, grace != nullptr ? *grace->as_int() : 30);
    return good(200, *now);
}

ObjectPtr Api::find(const std::string& plural, const ObjectKey& key) {
    const auto& objects = tables_[plural].objects;
    const auto at = objects.find(key);
    return at == objects.end() ? nullptr : at->second;
}

void Api::put(const std::string& plural, Value object) {
    member(object, "metadata").set("uid", fmt::format("uid-{}", ++uids_));
    member(object, "metadata").set("generation", std::int64_t{1});
    store(plural, nullptr, std::move(object));
}

void Api::edit(const std::string& plural, const ObjectKey& key, const Edit& edit) {
    const auto now = find(plural, key);
    if (now == nullptr) return;
    auto next = *now;
    edit(next);
    std::ignore = written(plural, key, std::move(next));
}

void Api::remove(const std::string& plural, const ObjectKey& key, std::int64_t grace) {
    const auto now = find(plural, key);
    if (now == nullptr) return;
    const bool is_waited_for = (has_finalizers(*now) && plant != ClusterPlant::finalizers_ignored) || (plural == "pods" && grace > 0);
    if (!is_waited_for) return drop(plural, key);
    if (is_ending(*now)) return;
    auto next = *now;
    member(next, "metadata").set("deletionTimestamp", rfc3339(ground_.now));
    store(plural, now, std::move(next));
}

void Api::drop(const std::string& plural, const ObjectKey& key) {
    const auto now = find(plural, key);
    if (now != nullptr) forget(plural, now);
}

void Api::compact() {
    for (auto& [plural, table] : tables_) table.compacted = version_;
}

void Api::store(const std::string& plural, const ObjectPtr& before, Value next) {
    member(next, "metadata").set("resourceVersion", std::to_string(++version_));
    const auto after = std::make_shared<const Value>(std::move(next));
    auto& table = tables_[plural];
    table.objects.insert_or_assign(key_of(*after), after);
    table.log.push_back({.version = version_, .at = ground_.now, .before = before, .after = after, .text = {}});
    if (changed) changed(plural, before, after);
}

void Api::forget(const std::string& plural, const ObjectPtr& before) {
    auto& table = tables_[plural];
    table.objects.erase(key_of(*before));
    // The end has a version of its own, which the last state carries when it is told.
    auto last = *before;
    member(last, "metadata").set("resourceVersion", std::to_string(++version_));
    const auto gone = std::make_shared<const Value>(std::move(last));
    table.log.push_back({.version = version_, .at = ground_.now, .before = gone, .after = nullptr, .text = {}});
    if (changed) changed(plural, gone, nullptr);
}

}  // namespace gk::sim
