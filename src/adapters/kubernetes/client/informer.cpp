#include "adapters/kubernetes/client/informer.hpp"

#include <utility>
#include <variant>

#include "adapters/kubernetes/client/ballast.hpp"
#include "adapters/kubernetes/client/luck.hpp"
#include "async/task_group.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"

namespace gk::kubernetes {

using wire::kubernetes::key_of;
using wire::kubernetes::Reflector;
using wire::kubernetes::Store;
using wire::kubernetes::version_of;
using wire::kubernetes::WatchEvent;

Informer::Informer(Client client, Random& random, Resource resource, Selection selection, Changed changed)
    : client_(std::move(client)),
      clock_(client_.clock()),
      random_(random),
      resource_(std::move(resource)),
      selection_(std::move(selection)),
      changed_(std::move(changed)) {}

Task<void> Informer::run() {
    for (;;) {
        ++beginning_;
        async::TaskGroup following(co_await async::this_executor);
        following.spawn(resource_.plural, follow());
        auto until = begins_anew_.wait();
        co_await async::run_with(following, std::move(until));
        reflector_.begin_anew();
    }
}

Task<void> Informer::catch_up() {
    const auto beginning = beginning_;
    begins_anew_.raise();
    while (listed_since_ <= beginning) co_await synced_.wait();
}

Task<void> Informer::follow() {
    for (;;) {
        auto next = reflector_.next(clock_.now(), luck(random_));
        if (const auto* wait = std::get_if<Reflector::Wait>(&next)) co_await clock_.sleep_until(wait->until);
        else if (auto* how = std::get_if<Reflector::List>(&next)) co_await list(std::move(*how));
        else co_await watch(std::get<Reflector::Watch>(std::move(next)));
    }
}

void Informer::wrote(const ObjectKey& key, std::string_view version) {
    freshness_.wrote(key, version);
    if (const auto object = store_.find(key)) freshness_.saw(key, object.get(), version_of(*object));
}

Task<void> Informer::synced() {
    while (!store_.has_synced()) co_await synced_.wait();
}

Task<void> Informer::list(Reflector::List how) {
    auto listed = co_await client_.list(resource_, selection_, std::move(how));
    if (listed) {
        replace(std::move(*listed));
        co_return;
    }
    note_list_failure(listed.error());
    reflector_.list_failed(listed.error());
}

void Informer::replace(Listed listed) {
    if (complaint_.is_over()) log::info("kubernetes", "objects are read again", {{"kind", resource_.plural}, {"namespace", place()}});
    reflector_.listed(listed.version);
    for (auto& item : listed.items) item = without_ballast(resource_, std::move(item));
    tell(store_.replace(std::move(listed.items)));
    freshness_.saw_list(store_, listed.version);
    listed_since_ = beginning_;
    synced_.wake_all();
}

Task<void> Informer::watch(Reflector::Watch how) {
    auto opened = co_await client_.watch(resource_, selection_, std::move(how));
    if (!opened) {
        note("watch was refused", opened.error());
        reflector_.watch_refused(opened.error());
        co_return;
    }
    const auto stream = std::move(*opened);
    reflector_.watch_began(clock_.now());
    for (;;) {
        const auto event = co_await stream->next();
        if (!event) {
            note("watch failed", event.error());
            reflector_.watch_failed(event.error());
            co_return;
        }
        if (!*event) {
            reflector_.watch_ended(clock_.now());
            co_return;
        }
        take(**event);
    }
}

void Informer::take(const WatchEvent& event) {
    const auto version = version_of(*event.object);
    reflector_.saw(version);
    if (event.kind == WatchEvent::Kind::bookmark) return;
    tell(store_.apply({.kind = event.kind, .object = without_ballast(resource_, event.object)}));
    const bool is_gone = event.kind == WatchEvent::Kind::deleted;
    freshness_.saw(key_of(*event.object), is_gone ? nullptr : event.object.get(), version);
}

void Informer::tell(const std::vector<Store::Change>& changes) {
    for (const auto& change : changes) changed_(change);
}

void Informer::note_list_failure(const Failure& failure) {
    if (!complaint_.is_due(failure)) return note("list failed", failure);
    log::warning("kubernetes", "objects cannot be read; what needs them waits, and it is tried again and again",
                 {{"kind", resource_.plural}, {"namespace", place()}, {"reason", failure.detail}});
}

std::string_view Informer::place() const { return selection_.space.empty() ? "all" : std::string_view(selection_.space); }

void Informer::note(std::string_view what, const Failure& failure) const {
    log::debug("kubernetes", what, {{"kind", resource_.plural}, {"reason", failure.detail}});
}

}  // namespace gk::kubernetes
