#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "adapters/restic/place.hpp"
#include "net/s3/bucket.hpp"

namespace gk::restic {

struct BucketPlaceOptions {
    std::filesystem::path locks;  // A local folder. By an empty folder for each repository in it the workbench lets one program at a time work.
    std::string authorities;      // PEM: who may sign for the store; empty: whom this machine trusts.
};

// Repositories in an object store, each below the bucket's place as restic's S3 backend lays it out. The store has neither folders nor a rename:
// a repository is there when its `config` is.
class BucketPlace final : public Place {
public:
    BucketPlace(boost::asio::any_io_executor executor, Clock& clock, Random& random, net::s3::BucketOptions bucket, std::optional<tls::Context> trust,
                BucketPlaceOptions options);

    Answer<Way> way_to(std::string name) override;
    std::string text(const std::string& name) const override;
    Answer<Success> probe() override;
    Answer<std::vector<std::string>> repositories() override;
    Answer<State> state_of(std::string name) override;
    Answer<Success> clear(std::string name) override;
    Answer<Success> move(std::string from, std::string to) override;
    Answer<Success> remove(std::string name) override;
    Answer<Names> list(std::string name, std::string kind) override;
    Answer<Success> check(std::string name, std::string kind, Names files) override;
    Answer<Names> move_damaged(std::string name) override;
    Answer<std::string> journal(std::string name) override;
    Answer<Success> write_journal(std::string name, std::string text) override;
    Answer<bool> locks_are_dead(std::string name) override;
    Answer<Success> remove_lock(std::string name, std::string id) override;

private:
    Answer<bool> is_there(std::string key);
    Answer<std::vector<std::string>> keys_below(std::string prefix);
    Answer<Success> remove_below(std::string prefix);
    Answer<Success> check_one(std::string key, std::string file);
    Answer<Success> move_damaged_of(std::string name, std::string kind, Names& moved);

    std::string region_;
    net::s3::Credentials credentials_;
    net::s3::Bucket bucket_;
    BucketPlaceOptions options_;
};

}  // namespace gk::restic
