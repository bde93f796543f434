#include "programs/serve/vault_place.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "adapters/restic/bucket_place.hpp"
#include "adapters/restic/folder_place.hpp"
#include "base/text.hpp"
#include "net/s3/location.hpp"

namespace gk::programs {
namespace {

Result<std::string, std::string> text_in(std::string_view key, const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::unexpected(fmt::format("{}: {} cannot be read: {}", key, path, std::strerror(errno)));
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// The variable's value, else that of the name which the first original had for it. Both are gone afterwards.
std::string taken_from_environment(const char* name, const char* old_name) {
    const char* value = std::getenv(name);
    if (value == nullptr) value = std::getenv(old_name);
    std::string taken = value == nullptr ? std::string() : std::string(value);
    ::unsetenv(name);
    ::unsetenv(old_name);
    return taken;
}

Result<net::s3::Credentials, std::string> credentials_of(const Config::Vault& vault, net::s3::Credentials in_environment) {
    auto found = std::move(in_environment);
    if (!vault.s3.key_id.empty()) found.key_id = vault.s3.key_id;
    if (!vault.s3.secret_file.empty()) {
        TRY(text, text_in("vault.s3.secret_file", vault.s3.secret_file));
        found.secret = Secret(std::string(trimmed(text)));
    }
    if (found.key_id.empty()) {
        return std::unexpected(fmt::format("vault.place {} needs a key: set vault.s3.key_id, or AWS_ACCESS_KEY_ID in the environment", vault.place));
    }
    if (!found.secret.empty()) return found;
    return std::unexpected(
        fmt::format("vault.place {} needs a secret key: set vault.s3.secret_file, or AWS_SECRET_ACCESS_KEY in the environment", vault.place));
}

}  // namespace

Result<std::optional<StoreAccess>, std::string> read_store_access(const Config& config) {
    net::s3::Credentials in_environment;
    in_environment.key_id = taken_from_environment("AWS_ACCESS_KEY_ID", "B2_KEY_ID");
    in_environment.secret = Secret(taken_from_environment("AWS_SECRET_ACCESS_KEY", "B2_APP_KEY"));
    const auto& vault = config.vault;
    if (!net::s3::is_location(vault.place)) return std::nullopt;
    TRY(location, net::s3::parse_location(vault.place));
    TRY(credentials, credentials_of(vault, std::move(in_environment)));
    std::string authorities;
    if (!vault.s3.ca_file.empty()) {
        TRY(text, text_in("vault.s3.ca_file", vault.s3.ca_file));
        authorities = std::move(text);
    }
    auto trust = tls::Context::for_client({.authorities = authorities});
    if (!trust) return std::unexpected(fmt::format("vault.s3.ca_file: {}", trust.error()));
    return StoreAccess{.bucket = {.location = std::move(location), .region = vault.s3.region, .credentials = std::move(credentials)},
                       .trust = std::move(*trust),
                       .authorities = std::move(authorities)};
}

std::string vault_folder(const Config& config) {
    return net::s3::is_location(config.vault.place) ? config.state + "/vault.locks" : config.vault.place;
}

std::unique_ptr<restic::Place> make_vault_place(boost::asio::any_io_executor executor, Clock& clock, Random& random, const Config& config,
                                                const std::optional<StoreAccess>& store) {
    if (!store) return std::make_unique<restic::FolderPlace>(restic::FolderOptions{.folder = config.vault.place});
    restic::BucketPlaceOptions options{.locks = vault_folder(config), .authorities = store->authorities};
    return std::make_unique<restic::BucketPlace>(std::move(executor), clock, random, store->bucket, store->trust, std::move(options));
}

}  // namespace gk::programs
