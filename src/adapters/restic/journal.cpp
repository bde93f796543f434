#include "adapters/restic/journal.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::restic {
namespace {

constexpr std::size_t entries_max = 32;

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

Journal Journal::parse(std::string_view text) {
    Journal journal;
    for (const auto line : split(text, '\n')) {
        const auto words = split(line, ' ');
        if (words.size() == 2 && words[0] == "key") journal.key_ = words[1];
        if (words.size() == 2 && words[0] == "epoch") journal.epoch_ = Epoch{static_cast<std::uint64_t>(number(words[1]).value_or(0))};
        const auto id = words.size() > 1 ? SnapshotId::parse(words[1]) : std::nullopt;
        if (!id) continue;
        if (words[0] == "begun") journal.begin(*id);
        if (words[0] != "finished" || words.size() != 5) continue;
        const auto bytes = number(words[3]);
        const auto files = number(words[4]);
        if (bytes && files) journal.finish(*id, {.engine_id = std::string(words[2]), .bytes = *bytes, .files = *files});
    }
    return journal;
}

std::string Journal::text() const {
    std::string text;
    if (!key_.empty()) text += fmt::format("key {}\n", key_);
    if (epoch_ != Epoch{}) text += fmt::format("epoch {}\n", std::to_underlying(epoch_));
    for (const auto& [id, taken] : entries_) {
        if (taken) text += fmt::format("finished {} {} {} {}\n", id.text(), taken->engine_id, taken->bytes, taken->files);
        else text += fmt::format("begun {}\n", id.text());
    }
    return text;
}

Journal::Known Journal::known(SnapshotId id) const {
    const auto entry = std::ranges::find(entries_, id, &Entry::id);
    if (entry == entries_.end()) return Known::never;
    return entry->taken ? Known::finished : Known::begun;
}

std::optional<TakenSnapshot> Journal::taken(SnapshotId id) const {
    const auto entry = std::ranges::find(entries_, id, &Entry::id);
    return entry == entries_.end() ? std::nullopt : entry->taken;
}

void Journal::begin(SnapshotId id) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.id == id; });
    entries_.push_back({id, std::nullopt});
    if (entries_.size() > entries_max) entries_.pop_front();
}

void Journal::finish(SnapshotId id, TakenSnapshot taken) {
    begin(id);
    entries_.back().taken = std::move(taken);
}

}  // namespace gk::restic
