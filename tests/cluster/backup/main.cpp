#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "adapters/kubernetes/client/find_target.hpp"
#include "adapters/kubernetes/runtime/backup_pods.hpp"
#include "adapters/kubernetes/store/server_secrets.hpp"
#include "adapters/kubernetes/store/shim_key.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "net/json/json.hpp"

// The workbench of a cluster as a program, for tests/cluster/test_backup.py: one job for each line of its input, one line of JSON for each end.
//     gk-cluster-backup NAMESPACE ID UID IMAGE
//     {"epoch": 2, "disk": "staged", "write": true, "argv": ["restic", ...], "env": {...}, "secrets": {...}, "files": {...}}
namespace gk::kubernetes {
namespace {

std::optional<std::string> variable(const std::string& name) {
    const auto* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

// Jobs without a world are not asked for here.
class NoBench final : public Workbench {
public:
    Answer<Ended> run(Job) override { co_return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, "there is no other workbench"}); }
    Answer<Success> own_world(ServerUid, WorldDisk, std::uint32_t) override { co_return Success{}; }
};

std::string text_of(const Value& value) { return value.as_string() != nullptr ? *value.as_string() : std::string(); }

Workbench::Job job_of(const Value& order, ServerUid uid) {
    Workbench::Job job;
    job.server = uid;
    const auto* epoch = order.find("epoch");
    job.epoch = Epoch{epoch != nullptr ? static_cast<std::uint64_t>(*epoch->as_int()) : 1};
    job.host_name = "gamekeeper-vault";
    const auto* disk = order.find("disk");
    job.disk = disk != nullptr && text_of(*disk) == "staged" ? WorldDisk::staged : WorldDisk::live;
    job.may_write_world = order.find("write") != nullptr;
    for (const auto& word : *order.find("argv")->as_array()) job.argv.push_back(text_of(word));
    for (const auto& [name, text] : *order.find("env")->as_object()) job.env[name] = text_of(text);
    for (const auto& [name, text] : *order.find("secrets")->as_object()) job.secrets[name] = Secret(text_of(text));
    for (const auto& [name, text] : *order.find("files")->as_object()) job.extra_files[name] = text_of(text);
    return job;
}

Task<void> serve(boost::asio::io_context& io, Clock& clock, ApiServer& server, std::vector<std::string> words) {
    const ObjectKey place{words[0], words[1]};
    const auto uid = ServerUid::parse(words[2]).value();
    system::SystemRandom random;
    Client client(server, "gamekeeper");
    ServerSecrets secrets(client, random);
    ClusterView view(client, random, place.space, [](ServerUid) {});
    NoBench nothing;
    BackupPods::Options options;
    options.backups.image = words[3];
    options.start = std::chrono::seconds(60);
    BackupPods bench(client, view, nothing,
                     {.place = [&](ServerUid) { return std::optional(place); },
                      .object = [](ServerUid) { return std::string(); },
                      .key = [&](ObjectKey of) { return tools_key(secrets, std::move(of)); },
                      .game = [](ServerUid) -> Workbench::Answer<server::Image> { co_return server::Image{}; }},
                     std::move(options));
    async::TaskGroup group(io.get_executor());
    group.spawn("view", view.run());
    co_await view.synced();
    for (std::string line; std::getline(std::cin, line);) {
        const auto order = net::parse_json(line).value();
        const auto ended = co_await bench.run(job_of(order, uid));
        const auto told = ended ? Value::object({{"code", ended->code}, {"output", ended->output}, {"errors", ended->errors}})
                                : Value::object({{"error", ended.error().detail}});
        std::cout << to_json(told) << std::endl;
    }
    group.cancel();
    co_await group.join();
}

int run(std::vector<std::string> words) {
    boost::asio::io_context io;
    system::SystemClock clock(io.get_executor());
    const auto target = find_target({}, variable);
    if (!target) return std::cerr << target.error() << '\n', 2;
    const auto remote = ApiServer::remote_of(target->cluster);
    auto credentials = Credentials::make(clock, *target, nullptr);
    if (!remote || !credentials) return std::cerr << (remote ? credentials.error() : remote.error()) << '\n', 2;
    ApiServer server(io.get_executor(), clock, *remote, **credentials, ApiServer::Options{});
    async::run_until_done(io, serve(io, clock, server, std::move(words)));
    return 0;
}

}  // namespace
}  // namespace gk::kubernetes

int main(int count, char** words) {
    if (count != 5) return 2;
    return gk::kubernetes::run(std::vector<std::string>(words + 1, words + count));
}
