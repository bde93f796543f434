#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/kubernetes/client/connections.hpp"
#include "adapters/kubernetes/client/credentials.hpp"
#include "base/result.hpp"
#include "base/value.hpp"
#include "domain/work/budget.hpp"
#include "net/http_client/client.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "wire/kubernetes/failure.hpp"

namespace gk::kubernetes {

template <class T>
using Reply = Task<Result<T, wire::kubernetes::Failure>>;

struct Call {
    std::string method = "GET";
    std::string target;  // Path and query, encoded.
    std::string content_type;
    std::string body;
    bool is_urgent = false;  // Goes by a lane of its own, so that a thousand other calls do not cost a leader its lease.
};

// One cluster's API as this process calls it: connections, credentials, the budget of calls (I22), and the few calls that are repeated.
//   429, and 5xx with Retry-After: again when the server said, up to 10 times.
//   401: once more with new credentials.
//   A GET whose connection broke: again after a second.
// All within `limit`, which also covers the waits for the budget and for a connection. Every other call is made once: what became of it is for the
// caller to find out.
class ApiServer {
public:
    struct Options {
        work::Budget::Limits budget{.per_second = 50, .burst = 100};
        work::Budget::Limits urgent_budget{.per_second = 2, .burst = 10};  // Beside the other one.
        std::size_t connections = 8;
        Milliseconds limit{30'000};
        std::string user_agent = "gamekeeper";
    };

    // The error is a sentence.
    static Result<net::Remote, std::string> remote_of(const wire::kubernetes::Cluster& cluster);

    ApiServer(boost::asio::any_io_executor executor, Clock& clock, net::Remote remote, Credentials& credentials, Options options);
    ApiServer(Dial dial, Clock& clock, Credentials& credentials, Options options);

    // The document that a 2xx answer holds; null when it holds none.
    Reply<Value> call(Call call);
    Reply<Value> call(Call call, Milliseconds limit);
    // A call whose answer has no end. `limit` is for its beginning.
    Reply<std::unique_ptr<net::ClientStream>> open(Call call);

    // Whatever changes something, but leases, is sent only while `may` says so, which is asked right before: `refused` otherwise.
    void allow_changes_while(std::function<bool()> may) { may_change_ = std::move(may); }

    Clock& clock() const { return clock_; }
    // For the metrics: requests that were sent, and what came of them: by method ("WATCH" for those without end) and status, 0 where none came.
    std::uint64_t requests() const { return requests_; }
    using Answers = std::map<std::pair<std::string, int>, std::uint64_t>;
    const Answers& answers() const { return answers_; }

private:
    struct Lane {
        work::Budget budget;
        Connections connections;
    };
    struct Ready {
        Access access;
        Connections::Borrowed connection;
    };
    struct Answer {
        net::ClientResponse response;
        std::uint64_t serial;
    };
    Lane& lane_of(const Call& call) { return call.is_urgent ? urgent_ : usual_; }
    bool may_send(const Call& call) const { return call.method == "GET" || call.is_urgent || !may_change_ || may_change_(); }
    net::ClientRequest request_of(const Call& call, const Access& access);
    Reply<Answer> attempt(const Call& call, Time deadline);
    Reply<Ready> prepare(Lane& lane);
    Reply<Success> wait_turn(Lane& lane, Time deadline);
    std::optional<Time> again_at(const Call& call, const wire::kubernetes::Failure& failure, int tries, bool& renewed) const;
    Milliseconds left(Time deadline) const { return std::max(Milliseconds(1), deadline - clock_.now()); }

    Clock& clock_;
    Credentials& credentials_;
    Options options_;
    Lane usual_;
    Lane urgent_;
    std::function<bool()> may_change_;
    std::uint64_t requests_ = 0;
    Answers answers_;
};

}  // namespace gk::kubernetes
