// Plays the shims of all worlds of a cluster whose nodes and pods are not real (tests/bench/cluster_parts.py): every address of a pod leads to this
// process. It speaks the protocol of gk-shim --pod with the key in the world's own Secret, keeps the files that it is given in memory, and calls a
// game ready one second after it was asked to run. Prints a line of JSON with what it has seen, ten times a second while that changes.
//     KUBECONFIG=FILE gk_bench_cluster_shims
#include <array>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/client/find_target.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "adapters/kubernetes/store/server_secrets.hpp"
#include "adapters/kubernetes/store/shim_key.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "base/assert.hpp"
#include "tls/noise/session.hpp"
#include "wire/files/protocol.hpp"
#include "wire/shim/pod.hpp"

namespace gk::kubernetes {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using wire::shim::Op;
using wire::shim::Outcome;
using wire::shim::Phase;

constexpr Milliseconds start_time{1000};
constexpr Milliseconds report_every{100};

class Visitor;

// One world: what its shim knows.
struct Game {
    wire::shim::Status status{.phase = Phase::idle};
    std::map<std::string, std::vector<std::byte>> files;
    std::set<Visitor*> subscribers;
};

struct Counts {
    std::uint64_t greeted = 0;  // Shims that the newest epoch was told to.
    std::uint64_t runs = 0;
    std::uint64_t epoch = 0;
    bool operator==(const Counts&) const = default;
};

// Everything that visitors share.
struct Stage {
    Clock& clock;
    async::TaskGroup& tasks;
    std::map<ObjectKey, Game> games;
    Counts counts;
};

// One connection of a control plane.
class Visitor : public std::enable_shared_from_this<Visitor> {
public:
    Visitor(Stage& stage, Game& game, asio::ip::tcp::socket socket, const noise::Key& key)
        : stage_(stage),
          game_(game),
          socket_(std::move(socket)),
          seal_(noise::Session::server(key, wire::shim::pod_purpose)) {}
    ~Visitor() { game_.subscribers.erase(this); }
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;

    Task<void> serve() {
        const auto self = shared_from_this();
        std::array<std::byte, 4096> chunk{};
        for (;;) {
            error_code error;
            const auto room = asio::buffer(chunk);
            const auto count = co_await socket_.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
            if (error || !seal_.feed(ByteSpan(chunk).first(count))) co_return;
            const auto plain = seal_.take_plain();
            in_.insert(in_.end(), plain.begin(), plain.end());
            if (!obey()) co_return;
            flush();
        }
    }
    void tell_status() {
        seal_.send(wire::shim::encode(game_.status));
        flush();
    }

private:
    // False: this is no control plane of ours.
    bool obey() {
        while (!serves_files_) {
            auto framed = wire::shim::read_request(in_);
            if (!framed) return false;
            if (!framed->message) return true;
            in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(framed->size));
            act(*framed->message);
        }
        return serve_files();
    }
    void act(const wire::shim::Request& request) {
        greet(request.epoch);
        if (request.op == Op::hello) {
            game_.subscribers.insert(this);
            seal_.send(wire::shim::encode(game_.status));
        }
        if (request.op == Op::files) serves_files_ = true;
        if (request.op == Op::run) start();
        std::string text;
        if (request.op == Op::usage) text = wire::shim::to_text(wire::shim::PodUse{.at = stage_.clock.now()});
        if (request.op == Op::log) text = wire::shim::to_text(wire::shim::LogPart{});
        if (request.op == Op::log_start) text = "0";
        seal_.send(wire::shim::encode(wire::shim::Answer{.id = request.id, .outcome = Outcome::ok, .text = std::move(text)}));
    }
    void greet(Epoch epoch) {
        if (epoch <= game_.status.epoch) return;
        game_.status.epoch = epoch;
        const auto number = std::to_underlying(epoch);
        if (number > stage_.counts.epoch) {
            stage_.counts.epoch = number;
            stage_.counts.greeted = 0;
        }
        if (number == stage_.counts.epoch) ++stage_.counts.greeted;
    }
    void start() {
        if (game_.status.phase != Phase::idle) return;
        game_.status.phase = Phase::starting;
        game_.status.started_at = stage_.clock.now();
        ++stage_.counts.runs;
        stage_.tasks.spawn("start", get_ready(stage_, game_));
    }
    static Task<void> get_ready(Stage& stage, Game& game) {
        for (auto* it : game.subscribers) it->tell_status();
        co_await stage.clock.sleep(start_time);
        game.status.phase = Phase::ready;
        game.status.online = 0;
        for (auto* it : game.subscribers) it->tell_status();
    }
    bool serve_files() {
        while (in_.size() >= wire::files::length_size) {
            const auto size = wire::files::parse_length(ByteSpan(in_).first(wire::files::length_size));
            if (!size) return false;
            if (in_.size() < wire::files::length_size + *size) return true;
            const auto request = wire::files::parse_request(ByteSpan(in_).subspan(wire::files::length_size, *size));
            if (!request) return false;
            in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(wire::files::length_size + *size));
            seal_.send(wire::files::to_frame(reply_to(*request)));
        }
        return true;
    }
    wire::files::Reply reply_to(const wire::files::Request& request) {
        wire::files::Reply reply;
        if (request.operation == wire::files::Operation::write) game_.files.insert_or_assign(request.path, request.content);
        if (request.operation != wire::files::Operation::read) return reply;
        const auto found = game_.files.find(request.path);
        if (found == game_.files.end()) reply.status = wire::files::Status::not_found;
        else reply.content = found->second;
        return reply;
    }
    void flush() {
        if (!sending_.empty()) return;
        sending_ = seal_.take_output();
        if (sending_.empty()) return;
        asio::async_write(socket_, asio::buffer(sending_), [self = shared_from_this()](error_code error, std::size_t) {
            self->sending_.clear();
            if (!error) self->flush();
        });
    }

    Stage& stage_;
    Game& game_;
    asio::ip::tcp::socket socket_;
    noise::Session seal_;
    bool serves_files_ = false;
    std::vector<std::byte> in_;
    std::vector<std::byte> sending_;
};

// Which world lives at which address: what the pods say.
class Addresses {
public:
    Addresses(const Client& client, Random& random)
        : pods_(client, random, resources::pods, {.space = {}, .labels = fmt::format("{}={}", manager_label, manager), .fields = {}},
                [this](const wire::kubernetes::Store::Change& change) { saw(change); }) {}
    Task<void> run() { return pods_.run(); }
    std::optional<ObjectKey> find(const std::string& address) const {
        const auto at = known_.find(address);
        return at != known_.end() ? std::optional(at->second) : std::nullopt;
    }

private:
    void saw(const wire::kubernetes::Store::Change& change) {
        if (!change.after) return;
        const std::string address(wire::kubernetes::text_at(*change.after, {"status", "podIP"}));
        const std::string id(wire::kubernetes::text_at(*change.after, {"metadata", "labels", name_label}));
        if (!address.empty()) known_.insert_or_assign(address, ObjectKey{.space = change.key.space, .name = id});
    }
    std::map<std::string, ObjectKey> known_;
    Informer pods_;
};

Task<void> receive(Stage& stage, Addresses& addresses, ServerSecrets& secrets, asio::ip::tcp::socket socket) {
    error_code error;
    const auto address = socket.local_endpoint(error).address().to_string();
    const auto server = addresses.find(address);
    if (error || !server) co_return;  // Our copy of the pods is behind: whoever calls, calls again.
    const auto key = co_await shim_key(secrets, *server);
    if (!key) co_return;
    const auto visitor = std::make_shared<Visitor>(stage, stage.games[*server], std::move(socket), *key);
    co_await visitor->serve();
}

Task<void> listen(Stage& stage, Addresses& addresses, ServerSecrets& secrets, asio::ip::tcp::acceptor& acceptor) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        stage.tasks.spawn("visitor", receive(stage, addresses, secrets, std::move(socket)));
    }
}

Task<void> report(Stage& stage) {
    std::optional<Counts> told;
    for (;;) {
        if (told != stage.counts) {
            told = stage.counts;
            std::cout << fmt::format(R"({{"epoch": {}, "greeted": {}, "runs": {}}})", told->epoch, told->greeted, told->runs) << std::endl;
        }
        co_await stage.clock.sleep(report_every);
    }
}

Task<void> play(asio::io_context& io, Clock& clock, Random& random, Client client) {
    async::TaskGroup tasks(io.get_executor());
    Stage stage{.clock = clock, .tasks = tasks, .games = {}, .counts = {}};
    Addresses addresses(client, random);
    ServerSecrets secrets(client, random);
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::tcp::v4(), shim_port});
    tasks.spawn("pods", addresses.run());
    tasks.spawn("report", report(stage));
    auto listening = listen(stage, addresses, secrets, acceptor);
    co_await async::run_with(tasks, std::move(listening));
}

std::optional<std::string> variable(const std::string& name) {
    const auto* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

int run() {
    asio::io_context io{1};
    system::SystemClock clock(io.get_executor());
    system::SystemRandom random;
    const auto target = find_target({}, variable);
    ASSERT(target.has_value(), "the bench gives a kubeconfig");
    const auto remote = ApiServer::remote_of(target->cluster);
    const auto credentials = Credentials::make(clock, *target, nullptr);
    ASSERT(remote && credentials, "the bench's kubeconfig is whole");
    const ApiServer::Options options{.budget = {.per_second = 1000, .burst = 1000}, .user_agent = "bench-shims"};
    ApiServer server(io.get_executor(), clock, *remote, **credentials, options);
    async::run_until_done(io, play(io, clock, random, Client(server, "bench-shims")));
    return 0;
}

}  // namespace
}  // namespace gk::kubernetes

int main() { return gk::kubernetes::run(); }
