#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "net/http_client/client.hpp"
#include "net/s3/answers.hpp"
#include "net/s3/location.hpp"
#include "net/s3/signature.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"

namespace gk::net::s3 {

// How long a store is waited for. What is `unavailable` is tried again, after pauses that double, each shortened by chance.
struct Patience {
    int tries = 5;
    Milliseconds first_pause = std::chrono::milliseconds(200);
    Milliseconds pause_max = std::chrono::seconds(10);
    Milliseconds answer = std::chrono::seconds(30);   // Until a whole small answer, or the head of a large one, is there.
    Milliseconds silence = std::chrono::seconds(30);  // Without a single byte of a large one.
};

struct BucketOptions {
    Location location;
    std::string region = "us-east-1";
    Credentials credentials;
    Patience patience = {};
};

// Objects of one place in a store that speaks Amazon's S3 protocol. All keys are below the location's prefix. Errors name the place, never a secret.
// Several calls may be under way at the same time. Every call may be repeated after an unknown outcome, and is.
class Bucket {
public:
    template <class T>
    using Answer = Task<Result<T, StoreError>>;

    // A location by https needs `trust`.
    Bucket(boost::asio::any_io_executor executor, Clock& clock, Random& random, BucketOptions options, std::optional<tls::Context> trust);

    const Location& location() const { return options_.location; }

    // For small objects; `not_found` when there is none.
    Answer<std::string> get(std::string key);
    // The SHA-256 of the object's content in lower-case hexadecimal digits. Objects may be large: nothing is kept.
    Answer<std::string> hash_of(std::string key);
    // Replaces what is there.
    Answer<Success> put(std::string key, std::string body);
    // By the store itself.
    Answer<Success> copy(std::string from, std::string to);
    // That there is none is no error.
    Answer<Success> remove(std::string key);
    // All objects whose keys begin like this.
    Answer<std::vector<Object>> list(std::string prefix);
    // The first parts of all keys, "castle" of "castle/config"; of those that have further parts.
    Answer<std::vector<std::string>> folders();

private:
    Unsigned request(std::string method, std::string key) const;
    ClientRequest signed_request(const Unsigned& request) const;
    StoreError away(const NetError& error) const;
    Answer<ClientResponse> ask(Unsigned request, std::string body);
    Answer<ClientResponse> ask_once(const Unsigned& request, const std::string& body);
    Answer<std::string> hash_once(const std::string& key);
    Answer<Listing> list_once(Unsigned request);
    Answer<Listing> list_all(std::string prefix, bool folders_only);
    Task<bool> pause_after(int failed, const StoreError& error);
    std::unique_ptr<HttpClient> take_client();
    void give_back(std::unique_ptr<HttpClient> client);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    Random& random_;
    BucketOptions options_;
    std::optional<tls::Context> trust_;
    std::vector<std::unique_ptr<HttpClient>> idle_;
};

}  // namespace gk::net::s3
