#include "adapters/restic/bucket_place.hpp"

#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

#include "adapters/restic/folder.hpp"

namespace gk::restic {
namespace {

using net::s3::StoreError;

// Whom a store refuses may not conclude anything either: for the vault it is as if it were away.
std::unexpected<VaultError> failed(const StoreError& error) {
    const auto kind = error.kind == StoreError::Kind::not_found ? VaultError::Kind::not_found : VaultError::Kind::unavailable;
    return std::unexpected(VaultError{kind, error.detail});
}

template <class T>
Task<Result<T, VaultError>> as_vault(Task<Result<T, StoreError>> asked) {
    auto answer = co_await std::move(asked);
    if (!answer) co_return failed(answer.error());
    co_return std::move(*answer);
}

std::string key_of(std::string_view name, std::string_view kind, std::string_view file) {
    return kind == "data" ? fmt::format("{}/data/{}/{}", name, file.substr(0, 2), file) : fmt::format("{}/{}/{}", name, kind, file);
}

}  // namespace

BucketPlace::BucketPlace(boost::asio::any_io_executor executor, Clock& clock, Random& random, net::s3::BucketOptions bucket,
                         std::optional<tls::Context> trust, BucketPlaceOptions options)
    : region_(bucket.region),
      credentials_(bucket.credentials),
      bucket_(std::move(executor), clock, random, std::move(bucket), std::move(trust)),
      options_(std::move(options)) {}

std::string BucketPlace::text(const std::string& name) const { return fmt::format("{}/{}", bucket_.location().text(), name); }

Place::Answer<Place::Way> BucketPlace::way_to(std::string name) {
    const auto lock = options_.locks / name;
    CO_TRY_OK(make_folder(options_.locks));
    CO_TRY_OK(make_folder(lock));
    Way way;
    way.repository = text(name);
    way.options = {"--no-cache", "--option", "s3.region=" + region_};
    way.folder = lock.string();
    way.needs_network = true;
    way.secrets["AWS_ACCESS_KEY_ID"] = Secret(credentials_.key_id);
    way.secrets["AWS_SECRET_ACCESS_KEY"] = credentials_.secret;
    if (!options_.authorities.empty()) {
        way.options.insert(way.options.end(), {"--cacert", "record/authorities.pem"});
        way.extra_files["authorities.pem"] = options_.authorities;
    }
    co_return way;
}

Place::Answer<Success> BucketPlace::probe() {
    const auto key = fmt::format(".probe-{}", ::getpid());
    const std::string content(4096, 'p');
    CO_TRY_OK(co_await as_vault(bucket_.put(key, content)));
    CO_TRY(read, co_await as_vault(bucket_.get(key)));
    CO_TRY_OK(co_await as_vault(bucket_.remove(key)));
    if (read == content) co_return Success{};
    co_return std::unexpected(
        VaultError{VaultError::Kind::unavailable, fmt::format("what is written to {} reads back differently", bucket_.location().text())});
}

Place::Answer<std::vector<std::string>> BucketPlace::repositories() {
    CO_TRY(folders, co_await as_vault(bucket_.folders()));
    std::vector<std::string> found;
    for (auto& folder : folders) {
        CO_TRY(there, co_await is_there(folder + "/config"));
        if (there) found.push_back(std::move(folder));
    }
    co_return found;
}

// By a list: it tells a missing object from a missing bucket, and from a key that may not look.
Place::Answer<bool> BucketPlace::is_there(std::string key) {
    CO_TRY(objects, co_await as_vault(bucket_.list(key)));
    co_return std::ranges::find(objects, key, &net::s3::Object::key) != objects.end();
}

Place::Answer<std::vector<std::string>> BucketPlace::keys_below(std::string prefix) {
    CO_TRY(objects, co_await as_vault(bucket_.list(std::move(prefix))));
    std::vector<std::string> keys;
    for (auto& object : objects) keys.push_back(std::move(object.key));
    co_return keys;
}

Place::Answer<Success> BucketPlace::remove_below(std::string prefix) {
    CO_TRY(keys, co_await keys_below(std::move(prefix)));
    for (auto& key : keys) CO_TRY_OK(co_await as_vault(bucket_.remove(std::move(key))));
    co_return Success{};
}

// Without config and snapshots there may be what an interrupted move or remove has left: nothing that anybody misses.
Place::Answer<Place::State> BucketPlace::state_of(std::string name) {
    CO_TRY(has_config, co_await is_there(name + "/config"));
    if (has_config) co_return State::present;
    CO_TRY(snapshots, co_await keys_below(name + "/snapshots/"));
    co_return snapshots.empty() ? State::absent : State::headless;
}

Place::Answer<Success> BucketPlace::clear(std::string name) { return remove_below(name + "/"); }

// The config goes last into its new place, and first from the old one, so that no two repositories ever share their keys.
Place::Answer<Success> BucketPlace::move(std::string from, std::string to) {
    CO_TRY_OK(co_await clear(to));
    CO_TRY(config, co_await as_vault(bucket_.get(from + "/config")));
    CO_TRY(keys, co_await keys_below(from + "/"));
    for (const auto& key : keys) {
        if (key == from + "/config") continue;
        CO_TRY_OK(co_await as_vault(bucket_.copy(key, to + key.substr(from.size()))));
    }
    CO_TRY_OK(co_await as_vault(bucket_.remove(from + "/config")));
    CO_TRY_OK(co_await as_vault(bucket_.put(to + "/config", std::move(config))));
    co_return co_await clear(std::move(from));
}

Place::Answer<Success> BucketPlace::remove(std::string name) {
    CO_TRY_OK(co_await remove_below(name + "/snapshots/"));
    CO_TRY_OK(co_await as_vault(bucket_.remove(name + "/config")));
    CO_TRY_OK(co_await clear(name));
    CO_TRY_OK(co_await clear(name + ".damaged"));
    co_return remove_folder(options_.locks / name);
}

Place::Answer<Names> BucketPlace::list(std::string name, std::string kind) {
    CO_TRY(keys, co_await keys_below(fmt::format("{}/{}/", name, kind)));
    Names names;
    for (const auto& key : keys) {
        auto file = key.substr(key.rfind('/') + 1);
        if (is_hash_name(file)) names.insert(std::move(file));
    }
    co_return names;
}

// What differs is read a second time: on its way here it may have been damaged, too.
Place::Answer<Success> BucketPlace::check_one(std::string key, std::string file) {
    std::string hash;
    for (int tries = 0; tries < 2; ++tries) {
        const auto read = co_await bucket_.hash_of(key);
        if (!read && read.error().kind == StoreError::Kind::not_found)
            co_return std::unexpected(VaultError{VaultError::Kind::corrupt, fmt::format("{} of the repository is gone", text(key))});
        if (!read) co_return failed(read.error());
        if (*read == file) co_return Success{};
        hash = *read;
    }
    co_return std::unexpected(
        VaultError{VaultError::Kind::corrupt, fmt::format("{} of the repository has changed: its content has the hash {}", text(key), hash)});
}

Place::Answer<Success> BucketPlace::check(std::string name, std::string kind, Names files) {
    for (const auto& file : files) CO_TRY_OK(co_await check_one(key_of(name, kind, file), file));
    co_return Success{};
}

Place::Answer<Names> BucketPlace::move_damaged(std::string name) {
    Names moved;
    for (const auto* kind : kinds) CO_TRY_OK(co_await move_damaged_of(name, kind, moved));
    co_return moved;
}

Place::Answer<Success> BucketPlace::move_damaged_of(std::string name, std::string kind, Names& moved) {
    CO_TRY(files, co_await list(name, kind));
    for (const auto& file : files) {
        const auto key = key_of(name, kind, file);
        const auto good = co_await check_one(key, file);
        if (good) continue;
        if (good.error().kind != VaultError::Kind::corrupt) co_return good;
        CO_TRY_OK(co_await as_vault(bucket_.copy(key, fmt::format("{}.damaged/{}", name, file))));
        CO_TRY_OK(co_await as_vault(bucket_.remove(key)));
        moved.insert(file);
    }
    co_return Success{};
}

Place::Answer<std::string> BucketPlace::journal(std::string name) {
    auto text = co_await as_vault(bucket_.get(fmt::format("{}/{}", name, journal_file)));
    if (!text && text.error().kind == VaultError::Kind::not_found) co_return std::string();
    co_return text;
}

Place::Answer<Success> BucketPlace::write_journal(std::string name, std::string text) {
    return as_vault(bucket_.put(fmt::format("{}/{}", name, journal_file), std::move(text)));
}

Place::Answer<bool> BucketPlace::locks_are_dead(std::string name) {
    const auto now_key = name + "/gamekeeper.now";
    CO_TRY_OK(co_await as_vault(bucket_.put(now_key, "now")));
    CO_TRY(now, co_await as_vault(bucket_.list(now_key)));
    CO_TRY_OK(co_await as_vault(bucket_.remove(now_key)));
    CO_TRY(locks, co_await as_vault(bucket_.list(name + "/locks/")));
    co_return now.size() == 1 &&
        std::ranges::all_of(locks, [&](const net::s3::Object& lock) { return now.front().changed_at - lock.changed_at > lock_age_max; });
}

Place::Answer<Success> BucketPlace::remove_lock(std::string name, std::string id) {
    return as_vault(bucket_.remove(fmt::format("{}/locks/{}", name, id)));
}

}  // namespace gk::restic
