#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/restic/place.hpp"
#include "base/result.hpp"
#include "net/s3/bucket.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "programs/config/config.hpp"

namespace gk::programs {

// What opens an object store.
struct StoreAccess {
    net::s3::BucketOptions bucket;
    tls::Context trust;
    std::string authorities;  // PEM, of `trust`; empty: whom this machine trusts.
};

// Reads the key from where vault.s3 says, else from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or B2_KEY_ID and B2_APP_KEY, as the first original
// called them), which no program of ours inherits afterwards. Called while serve may still be root, with one thread. Nothing when the vault is a
// folder. The error is a sentence for people.
Result<std::optional<StoreAccess>, std::string> read_store_access(const Config& config);

// The local folder in which programs that work on repositories may be: the vault itself, or where their locks are.
std::string vault_folder(const Config& config);

// `store` as read_store_access() has read it.
std::unique_ptr<restic::Place> make_vault_place(boost::asio::any_io_executor executor, Clock& clock, Random& random, const Config& config,
                                                const std::optional<StoreAccess>& store);

}  // namespace gk::programs
