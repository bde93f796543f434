#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "adapters/kubernetes/client/find_target.hpp"
#include "adapters/kubernetes/store/server_secrets.hpp"
#include "adapters/kubernetes/store/shim_key.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tests/cluster/runtime/orders.hpp"
#include "wire/yaml/yaml.hpp"

// The runtime, files and ports of a cluster as a program, for tests/cluster/test_runtime.py: one server, one order for each line of its input, one
// line of JSON for each answer.
//     gk-cluster-runtime NAMESPACE ID UID GAME.yaml IMAGE included|copied nodePort|hostPort|internal
namespace gk::kubernetes {
namespace {

namespace asio = boost::asio;

std::optional<std::string> variable(const std::string& name) {
    const auto* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

// What there is of the cluster, in the order in which it is needed.
struct Place {
    asio::io_context io;
    system::SystemClock clock{io.get_executor()};
    system::SystemRandom random;
    std::unique_ptr<Credentials> credentials;
    std::optional<ApiServer> server;
};

bool find(Place& place) {
    const auto target = find_target({}, variable);
    if (!target) return std::cerr << target.error() << '\n', false;
    const auto remote = ApiServer::remote_of(target->cluster);
    auto credentials = Credentials::make(place.clock, *target, nullptr);
    if (!remote || !credentials) return std::cerr << (remote ? credentials.error() : remote.error()) << '\n', false;
    place.credentials = std::move(*credentials);
    place.server.emplace(place.io.get_executor(), place.clock, *remote, *place.credentials, ApiServer::Options{});
    return true;
}

std::optional<Orders::Setting> setting_of(const std::vector<std::string>& words) {
    std::ifstream in(words[3]);
    std::ostringstream text;
    text << in.rdbuf();
    const auto document = wire::parse_yaml(text.str());
    auto game = document ? catalog::decode_game(*document) : std::unexpected(std::vector<FieldError>());
    const auto uid = ServerUid::parse(words[2]);
    if (!game || !uid) return std::nullopt;
    Orders::Setting out{
        .game = std::move(*game), .record = {}, .image = {.reference = words[4], .has_shim = words[5] == "included"}, .epoch = Epoch{1}};
    out.record.uid = *uid;
    out.record.space = words[0];
    out.record.id = words[1];
    out.record.game = out.game.name;
    out.record.resources = {.cpu = {250}, .memory = {256}, .disk = {128}};
    const auto kind = from_name<server::Exposure::Kind>(words[6]);
    if (!kind) return std::nullopt;
    const auto way = from_name<server::LaunchWay>(words[7]);
    if (!way) return std::nullopt;
    out.record.launch = *way;
    out.record.exposure.emplace().kind = *kind;
    out.record.applied_exposure = out.record.exposure;
    for (const auto& name : out.game.secrets) out.record.secrets.emplace(name, Secret("only-for-tests"));
    return out;
}

Task<void> obey(asio::io_context& io, Orders& orders) {
    asio::posix::stream_descriptor input(io, ::dup(STDIN_FILENO));
    std::string text;
    for (;;) {
        boost::system::error_code error;
        auto buffer = asio::dynamic_buffer(text);
        const auto size = co_await asio::async_read_until(input, buffer, '\n', asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        auto line = text.substr(0, size - 1);
        text.erase(0, size);
        const auto answer = co_await orders.carry_out(std::move(line));
        std::cout << to_json(answer) << std::endl;
    }
}

Task<void> serve(Place& place, Orders::Setting setting) {
    const ObjectKey server{setting.record.space, setting.record.id};
    const auto uid = setting.record.uid;
    Client client(*place.server, "gamekeeper");
    ServerSecrets secrets(client, place.random);
    Orders* orders_there = nullptr;
    const KubernetesPortMap* ports_there = nullptr;
    ClusterRuntime::Knowledge knowledge{.place = [&](ServerUid which) { return which == uid ? std::optional(server) : std::nullopt; },
                                        .launch = [&](ServerUid) { return orders_there->launch_spec(); },
                                        .key = [&](ObjectKey of) { return shim_key(secrets, std::move(of)); },
                                        .service = [&](ServerUid which) { return ports_there->service_of(which); }};
    ClusterRuntime::Options options;
    options.space = setting.record.space;
    options.pods.shim_image = "gamekeeper.local/gk-shim:" + variable("GK_TEST_TAG").value_or("test");
    ClusterRuntime runtime(place.io.get_executor(), client, place.random, std::move(knowledge), std::move(options));
    KubernetesPortMap ports(client, place.random,
                            {.range = {.first = Port{30100}, .last = Port{30199}},
                             .host_ports = {.first = Port{7100}, .last = Port{7199}},
                             .space = setting.record.space});
    ports_there = &ports;
    net::shim::RemoteFiles files([&](ServerUid which) { return runtime.files_of(which); }, place.clock);
    Orders orders(std::move(setting), place.clock, runtime, ports, files);
    orders_there = &orders;

    async::TaskGroup group(place.io.get_executor());
    group.spawn("runtime", runtime.run());
    group.spawn("idle pods", runtime.stop_idle_pods());
    group.spawn("ports", ports.run());
    co_await runtime.synced();
    co_await ports.synced();
    std::cout << R"({"ready":true})" << std::endl;
    auto obeying = obey(place.io, orders);
    co_await async::run_with(group, std::move(obeying));
}

}  // namespace
}  // namespace gk::kubernetes

int main(int count, char** words) {
    if (count != 9) return 2;
    auto setting = gk::kubernetes::setting_of(std::vector<std::string>(words + 1, words + count));
    gk::kubernetes::Place place;
    if (!setting || !gk::kubernetes::find(place)) return 2;
    gk::async::run_until_done(place.io, gk::kubernetes::serve(place, std::move(*setting)));
    return 0;
}
