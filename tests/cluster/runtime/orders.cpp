#include "tests/cluster/runtime/orders.hpp"

#include <array>
#include <charconv>

#include "base/bytes.hpp"
#include "domain/server/binding_codec.hpp"

namespace gk::kubernetes {
namespace {

constexpr Milliseconds patience{90'000};
constexpr Milliseconds pause{100};
constexpr auto process_names = std::to_array<std::string_view>({"gone", "starting", "ready", "stopping", "exited"});

Value failed(std::string_view kind, const std::string& detail) { return Value::object({{"error", kind}, {"detail", detail}}); }

Value value_of(const RuntimeError& error) {
    constexpr auto names = std::to_array<std::string_view>({"unavailable", "refused", "not_found", "exhausted", "invalid"});
    return failed(names[static_cast<std::size_t>(error.kind)], error.detail);
}
Value value_of(const PortMapError& error) { return failed(error.kind == PortMapError::Kind::exhausted ? "exhausted" : "unavailable", error.detail); }
Value value_of(const FilesError& error) {
    return failed(error.kind == FilesError::Kind::unavailable ? "unavailable"
                  : error.kind == FilesError::Kind::not_found ? "not_found"
                                                              : "other",
                  error.detail);
}

template <class E>
Task<Value> done(Task<Result<Success, E>> call) {
    const auto answer = co_await std::move(call);
    co_return answer ? Value::object() : value_of(answer.error());
}

Value value_of(const Seen& seen) {
    auto out = Value::object(
        {{"disk", seen.disk == Seen::Disk::present}, {"staged", seen.staged}, {"process", process_names[static_cast<std::size_t>(seen.process)]}});
    if (seen.exit) out.set("exit", name_of(seen.exit->cause));
    if (seen.players.max) out.set("players_max", *seen.players.max);
    return out;
}

Value value_of(const std::vector<server::PortBinding>& bindings) {
    Value::Array out;
    for (const auto& it : bindings) out.push_back(server::to_value(it));
    return Value::object({{"ports", std::move(out)}});
}

std::string next_word(std::string& line) {
    const auto space = line.find(' ');
    auto word = line.substr(0, space);
    line.erase(0, space == std::string::npos ? line.size() : space + 1);
    return word;
}

std::int64_t number_in(const std::string& text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

Task<Value> Orders::carry_out(std::string line) {
    auto rest = line;
    const auto verb = next_word(rest);
    if (verb == "do") co_return co_await again(std::move(rest));
    if (verb == "until") co_return co_await until(std::move(rest));
    co_return co_await once(std::move(line));
}

Task<Value> Orders::again(std::string line) {
    const auto deadline = clock_.now() + patience;
    for (;;) {
        auto answer = co_await once(line);
        const auto* error = answer.find("error");
        const bool may_pass = error != nullptr && (*error->as_string() == "unavailable" || *error->as_string() == "exhausted");
        if (!may_pass || clock_.now() > deadline) co_return answer;
        const auto soon = clock_.now() + pause;
        co_await runtime_.view().change_by(soon);
    }
}

Task<Value> Orders::until(std::string process) {
    const auto deadline = clock_.now() + patience;
    for (;;) {
        auto seen = co_await once("observe");
        const auto* now = seen.find("process");
        if ((now != nullptr && *now->as_string() == process) || clock_.now() > deadline) co_return seen;
        const auto soon = clock_.now() + pause;
        co_await runtime_.view().change_by(soon);
    }
}

Task<Value> Orders::once(std::string line) {
    auto verb = next_word(line);
    if (verb == "reserve") co_return co_await reserve();
    if (verb == "expose") co_return co_await expose(std::move(line));
    if (verb == "release") co_return co_await done(ports_.release(setting_.record.uid));
    if (verb == "prepare") co_return co_await prepare();
    if (verb.ends_with("_disk") || verb.ends_with("_staged")) co_return co_await on_disk(std::move(verb), std::move(line));
    if (verb == "read" || verb == "write" || verb == "list") {
        auto path = next_word(line);
        co_return co_await on_files(std::move(verb), std::move(path), std::move(line));
    }
    co_return co_await on_run(std::move(verb), std::move(line));
}

Runtime::Answer<server::LaunchSpec> Orders::launch_spec() const {
    catalog::RenderContext context;
    context.images.emplace();
    auto spec = catalog::render_launch(setting_.game, setting_.record, context);
    if (!spec) co_return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, spec.error().front().detail});
    spec->image = setting_.image;
    co_return std::move(*spec);
}

Task<Value> Orders::reserve() {
    auto& record = setting_.record;
    PortOwner owner{.uid = record.uid, .space = record.space, .id = record.id, .exposure = record.exposure};
    auto reserved = co_await ports_.reserve(std::move(owner), catalog::port_wishes(setting_.game), record.ports);
    if (!reserved) co_return value_of(reserved.error());
    record.ports = *reserved;
    co_return value_of(record.ports);
}

Task<Value> Orders::expose(std::string kind) {
    const auto known = from_name<server::Exposure::Kind>(kind);
    if (!known) co_return failed("invalid", "there is no exposure '" + kind + "'");
    setting_.record.exposure.emplace().kind = *known;
    auto reserved = co_await reserve();
    if (reserved.find("error") == nullptr) setting_.record.applied_exposure = setting_.record.exposure;
    co_return reserved;
}

Task<Value> Orders::prepare() {
    catalog::RenderContext context;
    context.images.emplace();
    const auto files = catalog::render_files(setting_.game, setting_.record, context, {});
    if (!files) co_return failed("invalid", files.error().front().detail);
    for (const auto& file : *files) {
        const auto written = co_await files_.write(setting_.record.uid, file.path, bytes_of(file.content));
        if (!written) co_return value_of(written.error());
    }
    co_return Value::object();
}

Task<Value> Orders::on_files(std::string verb, std::string path, std::string text) {
    const auto uid = setting_.record.uid;
    if (verb == "write") co_return co_await done(files_.write(uid, std::move(path), bytes_of(text)));
    if (verb == "read") {
        constexpr std::size_t size_max = 1 << 20;
        const auto content = co_await files_.read(uid, std::move(path), size_max);
        co_return content ? Value::object({{"text", as_text(*content)}}) : value_of(content.error());
    }
    const auto listed = co_await files_.list(uid, path == "." ? std::string() : std::move(path));
    if (!listed) co_return value_of(listed.error());
    Value::Array names;
    for (const auto& it : *listed) names.emplace_back(it.name);
    co_return Value::object({{"names", std::move(names)}});
}

Task<Value> Orders::on_disk(std::string verb, std::string rest) {
    const auto uid = setting_.record.uid;
    const DiskSpec spec{.size = {number_in(rest)}, .slot = 0};
    if (verb == "create_disk") co_return co_await done(runtime_.create_disk(uid, spec, setting_.epoch));
    if (verb == "free_disk") co_return co_await done(runtime_.free_disk(uid, setting_.epoch));
    if (verb == "stage_disk") co_return co_await done(runtime_.stage_disk(uid, spec, setting_.epoch));
    if (verb == "commit_staged") co_return co_await done(runtime_.commit_staged(uid, setting_.epoch));
    co_return co_await done(runtime_.discard_staged(uid, setting_.epoch));
}

Task<Value> Orders::on_run(std::string verb, std::string rest) {
    const auto uid = setting_.record.uid;
    const auto epoch = setting_.epoch;
    if (verb == "fence") {
        setting_.epoch = static_cast<Epoch>(number_in(rest));
        co_return co_await done(runtime_.fence(setting_.epoch));
    }
    if (verb == "launch") {
        auto spec = co_await launch_spec();
        if (!spec) co_return value_of(spec.error());
        co_return co_await done(runtime_.launch(std::move(*spec), epoch));
    }
    if (verb == "stop") co_return co_await done(runtime_.stop(uid, epoch));
    if (verb == "kill") co_return co_await done(runtime_.kill(uid, epoch));
    if (verb == "clean") co_return co_await done(runtime_.clean(uid, epoch));
    if (verb == "forget") co_return co_await done(runtime_.forget(uid, epoch));
    if (verb == "observe") {
        const auto seen = co_await runtime_.observe(uid);
        co_return seen ? value_of(*seen) : value_of(seen.error());
    }
    if (verb == "host") {
        const auto host = co_await runtime_.host_of(uid);
        co_return host ? Value::object({{"host", *host}}) : value_of(host.error());
    }
    if (verb == "usage") {
        const auto usage = co_await runtime_.usage(uid);
        if (!usage) co_return value_of(usage.error());
        co_return Value::object({{"cpu_millis", usage->cpu.count}, {"memory_mib", usage->memory.count}, {"disk_mib", usage->disk.count}});
    }
    if (verb == "logs") {
        const auto lines = co_await runtime_.logs(uid, 0, 1000);
        if (!lines) co_return value_of(lines.error());
        Value::Array out;
        for (const auto& it : *lines) out.emplace_back(it.line);
        co_return Value::object({{"lines", std::move(out)}});
    }
    co_return failed("invalid", "there is no order '" + verb + "'");
}

}  // namespace gk::kubernetes
