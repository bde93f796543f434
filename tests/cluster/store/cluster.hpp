#pragma once

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "adapters/kubernetes/client/api_server.hpp"
#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/client/find_target.hpp"
#include "adapters/kubernetes/objects/game_server.hpp"
#include "adapters/kubernetes/store/server_store.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "base/assert.hpp"

// For tests against the API server that KUBECONFIG names: tests/cluster/test_store.py starts one for them.
namespace gk::kubernetes {

class Cluster {
public:
    explicit Cluster(boost::asio::io_context& io) : clock(io.get_executor()), io_(io) {
        const auto variable = [](const std::string& name) {
            const auto* value = std::getenv(name.c_str());
            return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
        };
        auto target = find_target({}, variable);
        ASSERT(target.has_value(), "KUBECONFIG names the API server of the test");
        auto remote = ApiServer::remote_of(target->cluster);
        auto credentials = Credentials::make(clock, *target, nullptr);
        ASSERT(remote && credentials, "the kubeconfig of the test is good");
        credentials_ = std::move(*credentials);
        ApiServer::Options options;
        options.budget = {.per_second = 1000, .burst = 1000};
        server_ = std::make_unique<ApiServer>(io.get_executor(), clock, *remote, *credentials_, options);
    }

    Client client() { return {*server_, "gk-test"}; }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }

    // Nothing is left of any GameServer.
    void clear() {
        auto calls = client();
        const auto all = wait(calls.list(game_servers(), {}, {}));
        ASSERT(all.has_value(), "the API server lists GameServers");
        for (const auto& object : all->items) {
            const auto key = wire::kubernetes::key_of(*object);
            auto no_finalizers = Value::object({{"metadata", Value::object({{"finalizers", Value::Array()}})}});
            std::ignore = wait(calls.merge(game_servers(), key, std::move(no_finalizers)));
            std::ignore = wait(calls.remove(game_servers(), key, {}));
            const Resource secrets{.group = "", .version = "v1", .plural = "secrets"};
            std::ignore = wait(calls.remove(secrets, {.space = key.space, .name = "gs-" + key.name}, {}));
        }
    }

    system::SystemClock clock;
    system::SystemRandom random;

private:
    boost::asio::io_context& io_;
    std::unique_ptr<Credentials> credentials_;
    std::unique_ptr<ApiServer> server_;
};

// A store with its informer running, for as long as this is there.
class RunningStore {
public:
    RunningStore(boost::asio::io_context& io, Cluster& cluster)
        : store(io.get_executor(), cluster.client(), cluster.random),
          io_(io),
          group_(io.get_executor()) {
        group_.spawn("informer", store.run());
        async::run_until_done(io_, store.synced());
    }
    RunningStore(const RunningStore&) = delete;
    RunningStore& operator=(const RunningStore&) = delete;
    ~RunningStore() { sleep(); }

    // The informer hears nothing any more, as behind a partition.
    void sleep() {
        group_.cancel();
        async::run_until_done(io_, group_.join());
    }

    KubernetesServerStore store;

private:
    boost::asio::io_context& io_;
    async::TaskGroup group_;
};

}  // namespace gk::kubernetes
