#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "adapters/kubernetes/client/elector.hpp"
#include "adapters/kubernetes/client/find_target.hpp"
#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/process/child.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tests/cluster/client/verbs.hpp"

// The Kubernetes client as a program, for tests/cluster/test_client.py:
//     gk-cluster-client verbs NAMESPACE           every verb once; prints what went wrong
//     gk-cluster-client inform NAMESPACE          a copy of the namespace's config maps; "state" on its input prints it
//     gk-cluster-client elect NAMESPACE/NAME ME   one line for each 20 ms in which it leads
namespace gk::kubernetes {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

std::optional<std::string> variable(const std::string& name) {
    const auto* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

class PlainPrograms final : public Programs {
public:
    explicit PlainPrograms(Clock& clock) : clock_(clock) {}
    Task<Result<Ended, std::string>> run(std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> env,
                                         Milliseconds limit) override {
        process::Start start{.program = argv.front(), .argv = argv, .env = {{"PATH", "/usr/bin:/bin"}}, .directory = "/"};
        for (auto& [name, value] : env) start.env.insert_or_assign(name, value);
        auto ended = co_await process::run_to_end(clock_, std::move(start), std::string(), limit);
        if (!ended) co_return std::unexpected(ended.error().detail);
        co_return Ended{.code = ended->code, .output = std::move(ended->output), .errors = std::move(ended->errors)};
    }

private:
    Clock& clock_;
};

void print(const Value& line) { std::cout << to_json(line) << std::endl; }

Task<void> read_orders(asio::io_context& io, const Informer& informer, const ApiServer& server) {
    asio::posix::stream_descriptor input(io, ::dup(STDIN_FILENO));
    std::string text;
    for (;;) {
        boost::system::error_code error;
        auto buffer = asio::dynamic_buffer(text);
        const auto size = co_await asio::async_read_until(input, buffer, '\n', asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return;
        text.erase(0, size);
        auto state = Value::object();
        for (const auto& [key, object] : informer.store().all()) state.set(key.name, wire::kubernetes::version_of(*object));
        print(Value::object({{"state", std::move(state)},
                             {"lists", static_cast<std::int64_t>(informer.reflector().lists())},
                             {"requests", static_cast<std::int64_t>(server.requests())}}));
    }
}

Task<void> say_synced(Informer& informer) {
    co_await informer.synced();
    print(Value::object({{"synced", static_cast<std::int64_t>(informer.store().all().size())}}));
}

Task<int> inform(asio::io_context& io, ApiServer& server, Random& random, std::string space) {
    const Resource maps{.group = "", .version = "v1", .plural = "configmaps"};
    std::size_t changes = 0;
    Informer informer(Client(server, "gk-test"), random, maps, {.space = std::move(space)}, [&](const auto&) { ++changes; });
    async::TaskGroup group(io.get_executor());
    group.spawn("inform", informer.run());
    group.spawn("synced", say_synced(informer));
    auto orders = read_orders(io, informer, server);
    co_await async::run_with(group, std::move(orders));
    co_return 0;
}

Task<void> act_while_leading(Clock& clock, Elector& elector) {
    for (;;) {
        if (elector.leads()) {
            print(Value::object({{"acted", std::int64_t{clock.now().time_since_epoch().count()}}, {"epoch", elector.epoch()}}));
        }
        co_await clock.sleep(20ms);
    }
}

Task<int> elect(asio::io_context& io, Clock& clock, ApiServer& server, Random& random, ObjectKey lease, std::string me) {
    wire::kubernetes::Election::Options options{.me = std::move(me)};
    Elector elector(Client(server, "gk-test"), random, std::move(lease), std::move(options), [] { print(Value::object({{"began", true}})); });
    async::TaskGroup group(io.get_executor());
    group.spawn("act", act_while_leading(clock, elector));
    auto running = elector.run();
    co_await async::run_with(group, std::move(running));
    print(Value::object({{"lost", true}}));
    co_return 0;
}

Task<int> chosen(asio::io_context& io, Clock& clock, ApiServer& server, const std::vector<std::string>& words) {
    system::SystemRandom random;
    const auto slash = words[1].find('/');
    if (words[0] == "inform") co_return co_await inform(io, server, random, words[1]);
    if (words[0] == "verbs") co_return co_await try_verbs(clock, server, words[1]);
    ObjectKey lease{.space = words[1].substr(0, slash), .name = words[1].substr(slash + 1)};
    co_return co_await elect(io, clock, server, random, std::move(lease), words.at(2));
}

int run(const std::vector<std::string>& words) {
    asio::io_context io;
    system::SystemClock clock(io.get_executor());
    PlainPrograms programs(clock);
    const auto target = find_target({}, variable);
    if (!target) return std::cerr << target.error() << '\n', 2;
    const auto remote = ApiServer::remote_of(target->cluster);
    const auto credentials = Credentials::make(clock, *target, &programs);
    if (!remote || !credentials) return std::cerr << (remote ? credentials.error() : remote.error()) << '\n', 2;
    ApiServer server(io.get_executor(), clock, *remote, **credentials, {});
    return async::run_until_done(io, chosen(io, clock, server, words));
}

}  // namespace
}  // namespace gk::kubernetes

int main(int count, char** words) {
    if (count < 3) return 2;
    return gk::kubernetes::run(std::vector<std::string>(words + 1, words + count));
}
