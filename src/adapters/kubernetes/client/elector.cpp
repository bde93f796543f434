#include "adapters/kubernetes/client/elector.hpp"

#include <utility>
#include <variant>

#include "adapters/kubernetes/client/luck.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"

namespace gk::kubernetes {

using wire::kubernetes::Election;
using wire::kubernetes::lease_document;
using wire::kubernetes::lease_of;
using wire::kubernetes::LeaseRecord;
using wire::kubernetes::version_of;

static const Resource leases{.group = "coordination.k8s.io", .version = "v1", .plural = "leases"};

Elector::Elector(const Client& client, Random& random, ObjectKey lease, Election::Options options, std::function<void()> began)
    : client_(client),
      clock_(client_.clock()),
      random_(random),
      lease_(std::move(lease)),
      election_(std::move(options)),
      began_(std::move(began)),
      seen_(client, random, leases, {.space = lease_.space, .labels = {}, .fields = "metadata.name=" + lease_.name},
            [this](const wire::kubernetes::Store::Change& change) { saw(change); }) {}

Task<void> Elector::run() {
    for (;;) {
        auto next = election_.next(clock_.now(), luck(random_));
        if (std::holds_alternative<Election::Lost>(next)) co_return;
        if (const auto* wait = std::get_if<Election::Wait>(&next)) co_await rest(wait->until);
        else if (auto* create = std::get_if<Election::Create>(&next)) co_await write(std::move(create->record), std::string());
        else if (auto* update = std::get_if<Election::Update>(&next)) co_await write(std::move(update->record), std::move(update->version));
        else co_await read();
    }
}

Task<void> Elector::rest(Time until) {
    auto news = given_back_.wait();
    if (co_await async::finishes_by(clock_, until, std::move(news))) election_.look_now();
}

// Renewals come every two seconds and are no news.
void Elector::saw(const wire::kubernetes::Store::Change& change) {
    if (!change.after || lease_of(*change.after).holder.empty()) given_back_.raise();
}

Task<void> Elector::read() {
    auto client = urgent();
    const auto found = co_await client.get(leases, lease_);
    if (!found && found.error().kind != Failure::Kind::not_found) {
        note_failure(reading_, "lease cannot be read, so it is not known who keeps; it is tried again and again", found.error());
        election_.failed();
        co_return;
    }
    note_success(reading_, "lease is read again");
    if (found) election_.read(lease_of(*found), std::string(version_of(*found)), clock_.now());
    else election_.absent();
}

Task<void> Elector::write(LeaseRecord record, std::string version) {
    const auto sent = clock_.now();
    const bool led = leads();
    auto client = urgent();
    auto document = lease_document(lease_, record, version);
    const auto written = version.empty() ? co_await client.create(leases, std::move(document)) : co_await client.update(leases, std::move(document));
    if (!written) {
        note_failure(writing_, "lease cannot be written, without which nobody keeps for long; it is tried again and again", written.error());
        election_.failed();
        co_return;
    }
    note_success(writing_, "lease is written again");
    election_.written(std::string(version_of(*written)), sent);
    if (!led && leads()) began_();
}

// That another one was faster is what an election is about.
void Elector::note_failure(Complaint& complaint, std::string_view what, const Failure& failure) const {
    const bool is_lost_race = failure.kind == Failure::Kind::conflict || failure.kind == Failure::Kind::exists;
    const bool is_told = !is_lost_race && complaint.is_due(failure);
    log::write(is_told ? log::Level::warning : log::Level::debug, "kubernetes", what, {{"lease", lease_.text()}, {"reason", failure.detail}});
}

void Elector::note_success(Complaint& complaint, std::string_view what) const {
    if (complaint.is_over()) log::info("kubernetes", what, {{"lease", lease_.text()}});
}

Task<void> Elector::release() {
    auto last = election_.release(clock_.now());
    if (!last) co_return;
    auto given_back = co_await give_back(last->record, std::move(last->version));
    if (!given_back && given_back.error().kind == Failure::Kind::conflict) {
        // A renewal of ours that was cancelled on its way has arrived after all.
        auto client = urgent();
        const auto now = co_await client.get(leases, lease_);
        if (now && lease_of(*now).holder == election_.me()) given_back = co_await give_back(last->record, std::string(version_of(*now)));
    }
    // Others then wait for as long as the lease lasts, which is all that this is about.
    if (given_back) log::info("kubernetes", "lease was given back", {{"lease", lease_.text()}});
    else log::warning("kubernetes", "lease was not given back", {{"lease", lease_.text()}, {"reason", given_back.error().detail}});
}

Reply<Value> Elector::give_back(LeaseRecord record, std::string version) {
    auto client = urgent();
    auto document = lease_document(lease_, record, version);
    co_return co_await client.update(leases, std::move(document));
}

}  // namespace gk::kubernetes
