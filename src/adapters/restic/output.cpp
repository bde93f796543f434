#include "adapters/restic/output.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::restic {
namespace {

namespace json = boost::json;

constexpr std::size_t detail_max = 600;

std::optional<json::value> parsed(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    return error ? std::nullopt : std::optional(std::move(value));
}

std::string_view text_at(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains({key.data(), key.size()});
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

std::int64_t number_at(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains({key.data(), key.size()});
    const auto* number = value == nullptr ? nullptr : value->if_int64();
    return number == nullptr ? 0 : *number;
}

// restic writes nine digits of a second, we read at most three.
std::optional<Time> time_of(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return parse_rfc3339(text);
    return parse_rfc3339(fmt::format("{}Z", text.substr(0, std::min(dot + 4, text.size() - 1))));
}

std::optional<VaultEntry> entry_of(const json::object& object) {
    VaultEntry entry;
    entry.engine_id = text_at(object, "id");
    const auto* tags = object.if_contains("tags");
    if (tags == nullptr || !tags->is_array()) return std::nullopt;
    std::optional<SnapshotId> id;
    for (const auto& item : tags->get_array()) {
        if (!item.is_string()) continue;
        const std::string_view tag(item.get_string().data(), item.get_string().size());
        const auto value = tag.substr(std::min(tag.find('=') + 1, tag.size()));
        if (tag.starts_with("id=")) id = SnapshotId::parse(value);
        if (tag.starts_with("consistency=")) entry.consistency = from_name<vault::Consistency>(value).value_or(vault::Consistency::live);
        if (tag.starts_with("trigger=")) entry.trigger = from_name<vault::Trigger>(value).value_or(vault::Trigger::user);
    }
    if (!id) return std::nullopt;
    entry.id = *id;
    entry.created_at = time_of(text_at(object, "time")).value_or(Time{});
    return entry;
}

struct Words {
    std::string_view text;
    VaultError::Kind kind;
    std::string_view meaning;
};

// The first line that occurs in what restic said decides.
constexpr auto causes = [] {
    using enum VaultError::Kind;
    return std::to_array<Words>({
        // A store that cannot be reached looks to restic as if there were no repository.
        {"connection refused", unavailable, "the vault's store cannot be reached"},
        {"connection reset", unavailable, "the vault's store cannot be reached"},
        {"no such host", unavailable, "the vault's store cannot be reached"},
        {"i/o timeout", unavailable, "the vault's store cannot be reached"},
        {"network is unreachable", unavailable, "the vault's store cannot be reached"},
        {"x509: ", unavailable, "the vault's store shows a certificate that is not trusted; correct vault.s3.ca_file"},
        {"request signature we calculated does not match", unavailable, "the vault's store refuses our key; correct vault.s3.secret_file"},
        {"Access Key Id you provided does not exist", unavailable, "the vault's store does not know our key; correct vault.s3.key_id"},
        {"Access Denied", unavailable, "the vault's store refuses our key"},
        {"no space left on device", unavailable, "the disk of the vault is full; free some space or move the vault"},
        {"disk quota exceeded", unavailable, "the quota of the vault's disk is used up"},
        {"wrong password or no key found", corrupt,
         "the repository does not open with this installation's key; put the right vault.key back, or recover with the recovery key"},
        {"Is there a repository at the following location", not_found, "there is no repository"},
        {"no matching ID found", not_found, "there is no such snapshot in the repository"},
        {"no snapshot found", not_found, "there is no such snapshot in the repository"},
        {"not found in snapshot", not_found, "the snapshot has no such file"},
        {"already locked", unavailable, "another restic works on the repository; wait for it, or if none runs, use `restic unlock`"},
        {"unable to create lock", unavailable, "the repository cannot be locked"},
        {"ciphertext verification failed", corrupt, "the repository is damaged"},
        {"repository contains errors", corrupt, "the repository is damaged"},
        {"invalid data returned", corrupt, "the repository is damaged"},
        {"hash does not match", corrupt, "the repository is damaged"},
        {"decoding", corrupt, "the repository is damaged"},
        {"not found in index", corrupt, "the repository is damaged"},
        {"not found in repository", corrupt, "the repository is damaged"},
        {"unable to load index", corrupt, "the repository is damaged"},
        {"unexpected EOF", corrupt, "the repository is damaged"},
        {"could not be loaded", corrupt, "the repository is damaged"},
        {"invalid character", corrupt, "the repository is damaged"},
        {"Fatal: config", corrupt, "the repository is damaged"},
        {"all target directories/files do not exist", unreadable, "there is no world to save"},
    });
}();

bool says(const Workbench::Ended& ended, std::string_view words) {
    return ended.errors.find(words) != std::string::npos || ended.output.find(words) != std::string::npos;
}

std::string shortened(std::string_view text) {
    text = trimmed(text);
    if (text.size() > detail_max) return fmt::format("{} ...", text.substr(0, detail_max));
    return std::string(text);
}

}  // namespace

std::optional<Summary> parse_summary(std::string_view output) {
    for (const auto line : split(output, '\n')) {
        const auto value = line.find("\"summary\"") == std::string_view::npos ? std::nullopt : parsed(line);
        if (!value || !value->is_object()) continue;
        const auto& object = value->get_object();
        Summary summary{.short_id = std::string(text_at(object, "snapshot_id")),
                        .bytes = number_at(object, "total_bytes_processed"),
                        .files = number_at(object, "total_files_processed")};
        if (text_at(object, "message_type") == "summary" && !summary.short_id.empty()) return summary;
    }
    return std::nullopt;
}

std::optional<std::vector<VaultEntry>> parse_snapshots(std::string_view output) {
    const auto value = parsed(trimmed(output));
    std::vector<VaultEntry> entries;
    if (!value) return std::nullopt;
    if (value->is_null()) return entries;
    if (!value->is_array()) return std::nullopt;
    for (const auto& item : value->get_array()) {
        if (!item.is_object()) return std::nullopt;
        if (auto entry = entry_of(item.get_object())) entries.push_back(std::move(*entry));
    }
    return entries;
}

std::vector<std::string> tags_of(const SnapshotOrder& order) {
    return {fmt::format("id={}", order.id.text()), fmt::format("consistency={}", name_of(order.consistency)),
            fmt::format("trigger={}", name_of(order.trigger))};
}

VaultError failure_of(const Workbench::Ended& ended) {
    const auto said = shortened(ended.errors.empty() ? ended.output : ended.errors);
    const auto cause = std::ranges::find_if(causes, [&](const Words& words) { return says(ended, words.text); });
    if (cause != causes.end()) return {cause->kind, fmt::format("{} (restic: {})", cause->meaning, said)};
    if (ended.code > 128) return {VaultError::Kind::unavailable, fmt::format("restic was ended by signal {}", ended.code - 128)};
    return {VaultError::Kind::unavailable, fmt::format("restic failed with exit code {}: {}", ended.code, said)};
}

bool is_wrong_password(const Workbench::Ended& ended) { return ended.code != 0 && says(ended, "wrong password or no key found"); }
bool is_locked(const Workbench::Ended& ended) { return ended.code != 0 && says(ended, "already locked"); }

std::vector<std::string> parse_lock_ids(std::string_view output) {
    std::vector<std::string> ids;
    for (const auto line : split(output, '\n')) {
        const auto id = trimmed(line);
        if (id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos) ids.emplace_back(id);
    }
    return ids;
}

std::string lock_holder(std::string_view output) {
    const auto value = parsed(trimmed(output));
    return value && value->is_object() ? std::string(text_at(value->get_object(), "hostname")) : std::string();
}

bool misses_packs(const Workbench::Ended& ended) {
    return std::ranges::any_of(split(ended.errors, '\n'),
                               [](std::string_view line) { return line.starts_with("pack ") || line.starts_with("error: pack "); });
}

}  // namespace gk::restic
