#include "programs/serve/ban_map.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/system/clock.hpp"
#include "async/run.hpp"
#include "net/json/json.hpp"
#include "programs/cluster/access.hpp"

namespace gk::programs {
namespace {

constexpr auto map_name = "gamekeeper-bans";
constexpr auto entry = "bans.json";
constexpr std::size_t size_max = 1 << 20;  // The most that a ConfigMap may have.
constexpr net::JsonLimits limits{.depth = 8, .size = size_max};
constexpr Milliseconds write_most = std::chrono::seconds(3);

kubernetes::Resource config_maps() { return {.group = "", .version = "v1", .plural = "configmaps"}; }

Value document(const kubernetes::ObjectKey& key, std::string_view version, const std::vector<wake::Ban>& bans) {
    auto metadata = Value::object({{"name", key.name}, {"namespace", key.space}});
    metadata.set("labels", Value::object({{std::string(kubernetes::manager_label), kubernetes::manager}}));
    // Who is banned stays so when the control plane is installed again.
    metadata.set("annotations", Value::object({{"helm.sh/resource-policy", "keep"}}));
    if (!version.empty()) metadata.set("resourceVersion", version);
    auto text = to_json(Value::object({{"bans", document_of(bans)}}));
    return Value::object(
        {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", std::move(metadata)}, {"data", Value::object({{entry, std::move(text)}})}});
}

Result<std::vector<wake::Ban>, std::string> bans_in(std::string_view text) {
    const auto document = net::parse_json(text, limits);
    if (!document) return std::unexpected(document.error().message);
    std::vector<wake::Ban> bans;
    Errors errors;
    ObjectReader in(*document, "", errors);
    in.required("bans", bans);
    if (in.finish_lenient()) return bans;
    return std::unexpected(fmt::format("{}: {}", errors.list().front().pointer, errors.list().front().detail));
}

// The object as it is stored then. With a loop of its own, as whoever called waits for it.
Result<Value, std::string> store(const Config::Cluster& config, Value object, bool is_new) {
    boost::asio::io_context loop(1);
    system::SystemClock clock(loop.get_executor());
    TRY(access, ClusterAccess::open(loop.get_executor(), clock, config));
    auto client = kubernetes::Client(access->server(), std::string(kubernetes::manager)).urgent(write_most);
    auto stored =
        async::run_until_done(loop, is_new ? client.create(config_maps(), std::move(object)) : client.update(config_maps(), std::move(object)));
    if (!stored) return std::unexpected(std::move(stored).error().detail);
    return std::move(*stored);
}

}  // namespace

BanMap::BanMap(kubernetes::Client client, Random& random, const Config::Cluster& config)
    : config_(config),
      key_{.space = config.space, .name = map_name},
      map_(std::move(client), random, config_maps(), {.space = config.space, .labels = {}, .fields = fmt::format("metadata.name={}", map_name)},
           [](const wire::kubernetes::Store::Change&) {}) {}

Task<void> BanMap::synced() {
    co_await map_.synced();
    is_synced_ = true;
}

kubernetes::ObjectPtr BanMap::known() { return map_.freshness().is_fresh(key_) ? map_.store().find(key_) : written_; }

Result<std::vector<wake::Ban>, std::string> BanMap::load() {
    if (!is_synced_) return std::unexpected(fmt::format("the ConfigMap {} was not read yet", key_.text()));
    const auto object = known();
    if (!object) return std::vector<wake::Ban>();
    auto bans = bans_in(wire::kubernetes::text_at(*object, {"data", entry}));
    if (!bans) return std::unexpected(fmt::format("the ConfigMap {}, {}: {}", key_.text(), entry, bans.error()));
    return bans;
}

Result<Success, std::string> BanMap::save(const std::vector<wake::Ban>& bans) {
    const auto before = known();
    auto stored = store(config_, document(key_, before ? wire::kubernetes::version_of(*before) : "", bans), !before);
    if (!stored) return std::unexpected(fmt::format("the ConfigMap {}: {}", key_.text(), stored.error()));
    written_ = std::make_shared<const Value>(std::move(*stored));
    map_.wrote(key_, wire::kubernetes::version_of(*written_));
    return Success{};
}

}  // namespace gk::programs
