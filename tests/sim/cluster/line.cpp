#include "tests/sim/cluster/line.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "async/deadline.hpp"
#include "net/json/json.hpp"

namespace gk::sim {

using namespace std::chrono_literals;
using net::ClientResponse;
using net::NetError;
using wire::kubernetes::key_of;
using wire::kubernetes::text_at;
using wire::kubernetes::version_of;

namespace {

// The world of which this call would change something, by its name: that of the GameServer, or "gs-NAME" and "gs-NAME-NUMBER".
std::string world_written(const net::ClientRequest& request) {
    const auto target = target_of(request.target);
    const bool is_of_none = target.plural == "leases" || target.plural == "events" || target.plural == "poddisruptionbudgets";
    if (request.method == "GET" || is_of_none) return {};
    auto name = target.key.name;
    if (request.method == "POST") {
        const auto document = net::parse_json(request.body, {.depth = 100, .size = request.body.size() + 1});
        if (document) name = text_at(*document, {"metadata", "name"});
    }
    if (name.starts_with("gs-")) name.erase(0, 3);
    const bool has_number = target.plural == "persistentvolumeclaims" || target.plural == "pods";
    return has_number ? name.substr(0, name.rfind('-')) : name;
}

bool changes_pods_or_disks(const net::ClientRequest& request) {
    const auto plural = target_of(request.target).plural;
    return request.method != "GET" && request.method != "DELETE" && (plural == "statefulsets" || plural == "persistentvolumeclaims");
}

// As if what we have just written had been shown by whatever was there before.
std::string of_first_version(const std::string& body) {
    auto document = net::parse_json(body, {.depth = 100, .size = body.size() + 1});
    auto metadata = *document->find("metadata");
    metadata.set("resourceVersion", "1");
    document->set("metadata", std::move(metadata));
    return to_json(*document);
}

NetError broke(std::string detail) { return {NetError::Kind::unavailable, std::move(detail)}; }

}  // namespace

void Roads::be_away(Milliseconds how_long) {
    away_until = ground.now + how_long;
    for (auto* watch : watches) watch->news();
}

void Roads::news(const std::string& plural) {
    for (auto* watch : watches) {
        if (watch->plural() == plural) watch->news();
    }
}

std::uint64_t Roads::Writes::count() const {
    std::uint64_t out = 0;
    for (const auto& [what, times] : all) out += times;
    return out;
}

void Roads::note_write(const net::ClientRequest& request, bool is_idle) {
    const auto world = world_written(request);
    if (world.empty()) return;
    const auto target = target_of(request.target);
    auto& of_world = writes[world];
    ++of_world.all[fmt::format("{} {}{}{}", request.method, target.plural, target.subresource.empty() ? "" : "/", target.subresource)];
    if (is_idle) ++of_world.idle;
    auto& recent = of_world.of_last_minute;
    std::erase_if(recent, [&](Time at) { return at + 1min < ground.now; });
    recent.push_back(ground.now);
    of_world.most_in_a_minute = std::max(of_world.most_in_a_minute, recent.size());
    if (recent.size() > writes_a_minute_max) ground.breach(fmt::format("I22: {} was written {} times within a minute", world, recent.size()));
}

void Roads::check_destruction(std::uint64_t life, const net::ClientRequest& request) {
    const auto target = target_of(request.target);
    const bool is_of_world = target.plural == "statefulsets" || target.plural == "persistentvolumeclaims" || target.plural == "pods";
    const bool scales_down = request.method == "PATCH" && target.plural == "statefulsets" && request.body.contains(R"("replicas":0)");
    if (!is_of_world || (request.method != "DELETE" && !scales_down)) return;
    const auto object = api.find(target.plural, target.key);
    const auto server = object ? kubernetes::server_of(*object) : std::nullopt;
    if (!server) return;
    for (const auto& [plural, copy] : copies[life]) {
        const auto made = copy.made.find(*server);
        if (made != copy.made.end() && made->second > copy.told)
            ground.breach(fmt::format("R11: {} {} by who has not seen the {} yet that he has made", request.method, target.plural, plural));
    }
}

void Roads::check_office(std::uint64_t life, const net::ClientRequest& request) {
    const auto plural = target_of(request.target).plural;
    if (request.method == "GET" || plural == "leases" || plural == "events") return;
    const auto lease = api.find("leases", {"gamekeeper", "gamekeeper"});
    const auto holder = lease ? text_at(*lease, {"spec", "holderIdentity"}) : std::string_view();
    if (!holder.empty() && holder != fmt::format("life-{}", life))
        ground.breach(fmt::format("R13: life-{} sends {} {}, and {} has the lease", life, request.method, plural, holder));
}

bool Meter::count(Time now) {
    const auto passed = static_cast<double>((now - last_).count()) / 1000;
    left_ = std::min(static_cast<double>(limits_.burst), left_ + passed * static_cast<double>(limits_.per_second));
    last_ = now;
    left_ -= 1;
    return left_ > -1;
}

Task<SimLine::Answer> SimLine::send(net::ClientRequest request, Milliseconds limit) {
    count();
    roads_.check_office(caller_.life, request);
    auto going = exchange(std::move(request));
    auto answer = co_await async::with_deadline(caller_.clock, caller_.clock.now() + limit, std::move(going));
    if (!answer) co_return std::unexpected(NetError{NetError::Kind::timed_out, "no answer in time"});
    co_return std::move(*answer);
}

void SimLine::count() {
    if (!caller_.meter.count(roads_.ground.now)) roads_.ground.breach("I22: more calls to the API server than the budget allows");
}

// Answered, or failed, without anything done.
std::optional<SimLine::Answer> SimLine::refusal(const net::ClientRequest& request) {
    auto& dice = roads_.dice;
    if (roads_.is_away()) return std::unexpected(NetError{NetError::Kind::refused, "nobody listens there"});
    if (dice.chance(roads_.ground.faults.error_before)) {
        if (roads_.api.plant == ClusterPlant::lost_is_taken_for_done && request.method == "PUT")
            return ClientResponse{.status = 200, .headers = {}, .body = request.body};
        return std::unexpected(broke("injected: nothing happened"));
    }
    if (request.target.contains("continue=") && dice.chance(roads_.faults.page_expired))
        return status_response(410, "Expired", "injected: the continue token is too old");
    if (dice.chance(roads_.faults.busy)) {
        auto busy = status_response(429, "TooManyRequests", "injected: come again later");
        busy.headers = {{"Retry-After", std::to_string(1 + dice.below(8))}};
        return busy;
    }
    if (dice.chance(roads_.faults.broken)) return status_response(500, "InternalError", "injected: nothing was done");
    return std::nullopt;
}

ClientResponse SimLine::carry_out(const net::ClientRequest& request) {
    const auto version_before = roads_.api.version();
    roads_.check_destruction(caller_.life, request);
    roads_.by_us(true);
    const bool may_be_old = roads_.dice.chance(roads_.faults.old_list);
    auto response = roads_.api.handle(request, may_be_old ? roads_.dice.between(0s, 30s) : 0s);
    roads_.by_us(false);
    roads_.note_write(request, response.status < 300 && roads_.api.version() == version_before);
    roads_.ground.check();
    return response;
}

Task<SimLine::Answer> SimLine::exchange(net::ClientRequest request) {
    const auto what = fmt::format("{} {}", request.method, target_of(request.target).plural);
    co_await caller_.passage.wait(what.c_str());
    if (auto refused = refusal(request)) co_return std::move(*refused);
    if (request.method != "GET" && roads_.dice.chance(roads_.faults.late_call)) {
        roads_.later(roads_.dice.between(100ms, 30s), [&api = roads_.api, request] { std::ignore = api.handle(request); });
        co_return std::unexpected(broke("injected: it is on its way"));
    }
    auto response = carry_out(request);
    const auto said = roads_.api.said();
    co_await caller_.passage.wait(what.c_str());
    const bool is_lost = roads_.dice.chance(roads_.ground.faults.reply_lost);
    if (is_lost || roads_.is_away()) co_return std::unexpected(broke("injected: the answer was lost"));
    if (roads_.dice.chance(roads_.faults.half_answer)) response.body.resize(response.body.size() / 2);
    else if (response.status < 300) heard(request, said);
    if (roads_.api.plant == ClusterPlant::own_writes_not_awaited && changes_pods_or_disks(request) && response.status < 300)
        response.body = of_first_version(response.body);
    co_return response;
}

void SimLine::heard(const net::ClientRequest& request, const Api::Said& said) {
    const auto target = target_of(request.target);
    const bool makes = (request.method == "POST" && target.plural == "persistentvolumeclaims") ||
                       (request.method == "PATCH" && target.plural == "statefulsets" && request.content_type.starts_with("application/apply"));
    auto& copy = roads_.copies[caller_.life][target.plural];
    copy.told = std::max(copy.told, said.complete_up_to);
    const auto server = makes && said.object ? kubernetes::server_of(*said.object) : std::nullopt;
    if (!server) return;
    const auto version = version_of(*said.object);
    std::from_chars(version.data(), version.data() + version.size(), copy.made[*server]);
}

Task<SimLine::Opened> SimLine::open(net::ClientRequest request, Milliseconds limit) {
    count();
    auto going = begin(std::move(request));
    auto opened = co_await async::with_deadline(caller_.clock, caller_.clock.now() + limit, std::move(going));
    if (!opened) co_return std::unexpected(NetError{NetError::Kind::timed_out, "no answer in time"});
    co_return std::move(*opened);
}

Task<SimLine::Opened> SimLine::begin(net::ClientRequest request) {
    co_await caller_.passage.wait("watch");
    const auto refused = refusal(request);
    if (refused && !*refused) co_return std::unexpected(refused->error());
    if (refused) co_return std::unexpected(broke("injected: the watch did not begin"));
    co_return std::make_unique<Watching>(roads_, caller_.clock, caller_.life, target_of(request.target));
}

Watching::Watching(Roads& roads, Clock& clock, std::uint64_t life, const Target& target)
    : roads_(roads),
      clock_(clock),
      life_(life),
      target_(target) {
    auto& dice = roads_.dice;
    const auto from = target_.said("resourceVersion");
    std::from_chars(from.data(), from.data() + from.size(), version_);
    is_expired_ = version_ < roads_.api.table(target_.plural).compacted;
    ends_at_ = roads_.ground.now + (dice.chance(roads_.faults.watch_cut) ? dice.between(0s, 2min) : dice.between(5min, 10min));
    if (dice.chance(roads_.faults.watch_late)) late_ = dice.between(1s, 15s);
    silent_from_ = dice.chance(roads_.faults.watch_silent) ? roads_.ground.now + dice.between(0s, 1min) : ends_at_;
    roads_.watches.push_back(this);
}

Task<Result<std::optional<std::string>, NetError>> Watching::read_line(Milliseconds) { co_return std::nullopt; }

Task<Watching::More> Watching::read_some(std::string& out, Milliseconds silence) {
    auto reading = read_on(out);
    auto more = co_await async::with_deadline(clock_, clock_.now() + silence, std::move(reading));
    if (!more) co_return std::unexpected(NetError{NetError::Kind::timed_out, "silence"});
    co_return std::move(*more);
}

Task<Watching::More> Watching::read_on(std::string& out) {
    for (;;) {
        const auto now = roads_.ground.now;
        if (roads_.is_away()) co_return false;
        if (now >= silent_from_ && silent_from_ < ends_at_) co_await clock_.sleep(24h);
        if (now >= ends_at_) co_return false;
        if (std::exchange(is_expired_, false)) {
            auto status = Value::object({{"kind", "Status"}, {"code", 410}, {"reason", "Expired"}, {"message", "too old resource version"}});
            out += frame("ERROR", to_json(status));
            ends_at_ = now;
            co_return true;
        }
        out += frames();
        if (!out.empty()) co_return true;
        co_await wait_for_news();
    }
}

Task<void> Watching::wait_for_news() {
    auto until = std::min(ends_at_, std::max(silent_from_, roads_.ground.now + 1ms));
    if (const auto due = next_due()) until = std::min(until, *due);
    auto waiting = news_.wait();
    // On the clock of the life, which a paused one does not look at.
    std::ignore = co_await async::finishes_by(clock_, clock_.now() + (until - roads_.ground.now), std::move(waiting));
}

std::optional<Time> Watching::next_due() const {
    const auto& log = roads_.api.table(target_.plural).log;
    const auto next = std::ranges::upper_bound(log, version_, {}, &Table::Change::version);
    return next == log.end() ? std::nullopt : std::optional(std::max(next->at + late_, roads_.ground.now + 1ms));
}

std::string Watching::frames() {
    auto& dice = roads_.dice;
    std::vector<std::string> all;
    const auto& log = roads_.api.table(target_.plural).log;
    auto at = std::ranges::upper_bound(log, version_, {}, &Table::Change::version);
    for (; at != log.end() && at->at + late_ <= roads_.ground.now; ++at) {
        version_ = at->version;
        auto& told = roads_.copies[life_][target_.plural].told;
        told = std::max(told, version_);
        auto text = frame(*at);
        if (text.empty()) continue;
        const auto& object = at->after ? *at->after : *at->before;
        const auto& previous = at == log.begin() ? object : (std::prev(at)->after ? *std::prev(at)->after : *std::prev(at)->before);
        const bool may_swap = !all.empty() && (key_of(previous) != key_of(object) || roads_.api.plant == ClusterPlant::order_is_lost);
        for (int times = dice.chance(roads_.faults.told_again) ? 3 : 1; times > 1; --times) all.push_back(text);
        all.push_back(std::move(text));
        if (may_swap && dice.chance(roads_.faults.told_in_disorder)) std::swap(all.back(), all[all.size() - 2]);
    }
    std::string out;
    for (const auto& text : all) out += text;
    if (!out.empty() && dice.chance(0.1)) out += frame("BOOKMARK", fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}}}})", version_));
    return out;
}

std::string Watching::frame(const Table::Change& change) const {
    const auto concerns = [&](const ObjectPtr& object) {
        const bool is_there = object && (target_.key.space.empty() || key_of(*object).space == target_.key.space);
        return is_there && is_selected(*object, target_.said("labelSelector")) && is_named(*object, target_.said("fieldSelector"));
    };
    const bool was = concerns(change.before), is = concerns(change.after);
    if (!was && !is) return {};
    // An object that only leaves what is watched is told as it was.
    if (!is && change.after) return frame("DELETED", to_json(*change.before));
    if (change.text.empty()) change.text = to_json(change.after ? *change.after : *change.before);
    return frame(!is ? "DELETED" : was ? "MODIFIED" : "ADDED", change.text);
}

std::string Watching::frame(std::string_view type, std::string_view object) {
    return fmt::format(R"({{"type":"{}","object":{}}})"
                       "\n",
                       type, object);
}

}  // namespace gk::sim
