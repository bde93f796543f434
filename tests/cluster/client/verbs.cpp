#include "tests/cluster/client/verbs.hpp"

#include <iostream>
#include <utility>

#include "adapters/kubernetes/client/client.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::text_at;
using wire::kubernetes::uid_of;
using enum Failure::Kind;

class Verbs {
public:
    Verbs(Clock& clock, ApiServer& server, std::string space)
        : clock_(clock),
          server_(server),
          client_(server, "gk-test"),
          space_(std::move(space)) {}

    Task<int> all() {
        co_await objects();
        co_await conflicts();
        co_await applies();
        co_await pages();
        co_await watches();
        co_await refusals();
        co_await reports();
        co_return wrong_ == 0 ? 0 : 1;
    }

private:
    ObjectKey key(const std::string& name) const { return {.space = space_, .name = name}; }
    Value map(const std::string& name, const std::string& text) const {
        return Value::object({{"apiVersion", "v1"},
                              {"kind", "ConfigMap"},
                              {"metadata", Value::object({{"namespace", space_}, {"name", name}, {"labels", Value::object({{"test", "verbs"}})}})},
                              {"data", Value::object({{"text", text}})}});
    }
    void check(bool good, std::string_view what) {
        if (good) return;
        ++wrong_;
        std::cout << "wrong: " << what << std::endl;
    }
    template <class T>
    void check(const Result<T, Failure>& result, std::string_view what) {
        check(result.has_value(), std::string(what) + (result ? "" : ": " + result.error().detail));
    }
    template <class T>
    void check_failure(const Result<T, Failure>& result, Failure::Kind kind, std::string_view what) {
        check(!result && result.error().kind == kind, std::string(what) + (result ? ": it was done" : ": " + result.error().detail));
    }

    Task<void> objects() {
        const auto made = co_await client_.create(maps_, map("one", "a b/c"));
        check(made, "create");
        const auto got = co_await client_.get(maps_, key("one"));
        check(got && text_at(*got, {"data", "text"}) == "a b/c", "get what was created");
        auto next = got ? *got : Value();
        next.set("data", Value::object({{"text", "second"}}));
        check(co_await client_.update(maps_, next), "update");
        check_failure(co_await client_.get(maps_, key("none")), not_found, "get of nothing");
    }

    Task<void> conflicts() {
        check_failure(co_await client_.create(maps_, map("one", "x")), exists, "create of what exists");
        const auto got = co_await client_.get(maps_, key("one"));
        auto stale = got ? *got : Value();
        auto patch = Value::object({{"data", Value::object({{"more", "1"}})}});
        check(co_await client_.merge(maps_, key("one"), std::move(patch)), "merge");
        check_failure(co_await client_.update(maps_, stale), conflict, "update of an older version");
        Preconditions another{.uid = "00000000-0000-0000-0000-000000000000"};
        check_failure(co_await client_.remove(maps_, key("one"), std::move(another)), conflict, "delete of another uid");
        Preconditions right{.uid = std::string(uid_of(stale))};
        check(co_await client_.remove(maps_, key("one"), std::move(right)), "delete");
        check_failure(co_await client_.get(maps_, key("one")), not_found, "get of what was deleted");
    }

    Task<void> applies() {
        check(co_await client_.apply(maps_, map("applied", "ours"), false), "apply creates");
        auto less = map("applied", "");
        less.set("data", Value::object({{"other", "1"}}));
        const auto left = co_await client_.apply(maps_, std::move(less), false);
        check(left && left->find("data")->find("text") == nullptr, "what an apply leaves out goes");
        Client rival(server_, "gk-rival");
        auto theirs = map("applied", "");
        theirs.set("data", Value::object({{"other", "2"}}));
        check_failure(co_await rival.apply(maps_, theirs, false), conflict, "apply of another's field");
        check(co_await rival.apply(maps_, theirs, true), "apply by force");
    }

    Task<void> pages() {
        for (int i = 0; i < 5; ++i) check(co_await client_.create(maps_, map("page-" + std::to_string(i), "x")), "create");
        Selection selection{.space = space_, .labels = "test=verbs,test!=none"};
        wire::kubernetes::Reflector::List how{.version = "", .page_size = 2};
        const auto listed = co_await client_.list(maps_, selection, how);
        check(listed && listed->items.size() == 6, "list in pages of two");
        check(listed && !listed->items.empty() && text_at(*listed->items[0], {"kind"}) == "ConfigMap", "items have their kind");
    }

    Task<void> watches() {
        Selection selection{.space = space_, .fields = "metadata.name=watched"};
        wire::kubernetes::Reflector::List cached{.version = "0"};
        const auto listed = co_await client_.list(maps_, selection, std::move(cached));
        if (!listed) co_return check(listed, "list");
        wire::kubernetes::Reflector::Watch how{.version = listed->version, .timeout = std::chrono::seconds(2)};
        auto watch = co_await client_.watch(maps_, selection, how);
        if (!watch) co_return check(watch, "watch");
        check(co_await client_.create(maps_, map("watched", "\n\t\"quoted\"\xc3\xa4")), "create");
        const auto event = co_await (*watch)->next();
        check(event && *event && text_at(*(*event)->object, {"data", "text"}) == "\n\t\"quoted\"\xc3\xa4", "the event of the watch");
        for (;;) {
            const auto more = co_await (*watch)->next();
            check(more, "the watch goes on");
            if (!more || !*more) break;
        }
    }

    Task<void> refusals() {
        auto wrong = map("Wrong_Name", "x");
        const auto refused = co_await client_.create(maps_, std::move(wrong));
        check_failure(refused, invalid, "a wrong name");
        check(!refused && !refused.error().causes.empty() && refused.error().causes[0].field == "metadata.name", "the cause names the field");
        const auto stranger = co_await client_.review_token(Secret("nobody's"));
        check(stranger && !stranger->is_known, "nobody's token is not known");
        wire::kubernetes::Reflector::List future{.version = "99999999999"};
        Selection all{.space = space_};
        check_failure(co_await client_.list(maps_, std::move(all), std::move(future)), future_version, "a version of the future");
    }

    Task<void> reports() {
        const Resource events{.group = "events.k8s.io", .version = "v1", .plural = "events"};
        const auto about = co_await client_.get(maps_, key("watched"));
        if (!about) co_return check(about, "get");
        const wire::kubernetes::Report report{.reason = "WorldSaved", .note = "The world was saved.", .action = "Backup"};
        auto document = wire::kubernetes::report_document(*about, report, clock_.now(), "gk-test-0", "1");
        check(co_await client_.create(events, std::move(document)), "an event");
    }

    Clock& clock_;
    ApiServer& server_;
    Client client_;
    std::string space_;
    const Resource maps_{.group = "", .version = "v1", .plural = "configmaps"};
    int wrong_ = 0;
};

}  // namespace

Task<int> try_verbs(Clock& clock, ApiServer& server, std::string space) {
    Verbs verbs(clock, server, std::move(space));
    co_return co_await verbs.all();
}

}  // namespace gk::kubernetes
