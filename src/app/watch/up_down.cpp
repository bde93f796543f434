#include "app/watch/up_down.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace gk::app {

Task<void> UpDown::run() {
    for (;;) {
        co_await round();
        co_await clock_.sleep(interval_);
    }
}

Task<void> UpDown::round() {
    const auto records = co_await store_.list();
    if (!records) {
        log::warning("up and down", "servers could not be read", {{"detail", records.error().detail}});
        co_return;
    }
    std::erase_if(known_, [&](const auto& entry) { return std::ranges::find(*records, entry.first, &server::Record::uid) == records->end(); });
    for (const auto& record : *records) {
        const auto standing = watch::standing_of(record);
        // Who was made since was not up before.
        const auto known = known_.try_emplace(record.uid, has_looked_ ? watch::Standing::down : standing).first;
        if (!standing || std::exchange(known->second, standing) == standing) continue;
        Notice news{.kind = watch::kind_of(*standing),
                    .server = record.uid,
                    .subject = watch::subject_of(record, *standing),
                    .text = watch::text_of(record, *standing)};
        co_await tell_(std::move(news));
    }
    has_looked_ = true;
}

}  // namespace gk::app
