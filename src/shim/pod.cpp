#include "shim/pod.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "shim/pod_use.hpp"
#include "wire/shim/layout.hpp"
#include "wire/shim/pod.hpp"

namespace gk::shim {

namespace layout = wire::shim::layout;
using wire::shim::Op;

namespace {

constexpr std::size_t log_bytes_per_answer = 48 * 1024;  // A frame holds what is around the texts too.
constexpr Milliseconds farewell{500};                    // For those who are told how the game ended.
constexpr int container_output = 1;

ShimResult<Descriptor> open_folder(const std::string& path, bool make) {
    if (make && ::mkdir(path.c_str(), 0770) != 0 && errno != EEXIST) return std::unexpected(system_error(path));
    Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return std::unexpected(system_error(path));
    return folder;
}

}  // namespace

Pod::Pod(EventLoop& loop, const PodOptions& options, Folders folders, Epoch epoch)
    : loop_(loop),
      options_(options),
      folders_(std::move(folders)),
      traces_(folders_.run.get()),
      log_(folders_.log.get()),
      fence_(epoch, [this](Epoch higher) { return traces_.keep_epoch(higher); }),
      server_(loop, {.on_request = [this](auto client, auto request) { on_request(client, request); },
                     .on_gone =
                         [this](auto client) {
                             if (run_) run_->supervisor->on_client_gone(client);
                         },
                     .status = [this] { return status(); }}) {}

ShimResult<std::unique_ptr<Pod>> Pod::open(EventLoop& loop, const PodOptions& options) {
    TRY(folders, open_folders(options));
    TRY(epoch, RunTraces(folders.run.get()).epoch());
    std::unique_ptr<Pod> pod(new Pod(loop, options, std::move(folders), epoch));
    TRY_OK(pod->begin());
    return pod;
}

ShimResult<Pod::Folders> Pod::open_folders(const PodOptions& options) {
    TRY_OK(open_folder(options.volume + "/" + std::string(layout::world_folder), true));
    TRY(log, open_folder(options.volume + "/" + std::string(layout::log_folder), true));
    TRY(run, open_folder(options.run, false));
    return Folders{std::move(run), std::move(log)};
}

ShimResult<Success> Pod::begin() {
    TRY(left, traces_.left(log_));
    left_ = std::move(left);
    TRY(port, server_.listen(options_.port, options_.key));
    port_ = port;
    return Success{};
}

void Pod::on_children() {
    reap_children([this](pid_t pid, int wait_status, std::uint64_t peak_bytes) {
        services_.on_child_ended(pid);
        if (run_) run_->supervisor->on_child_ended(pid, wait_status, peak_bytes);
    });
    if (is_ending_ && !services_.has_program()) loop_.stop();
}

void Pod::on_terminate() {
    if (run_) return run_->supervisor->on_terminate();
    is_ending_ = services_.end_program();
    if (!is_ending_) loop_.stop();
}

void Pod::on_request(ClientId client, const Request& request) {
    const auto before = fence_.epoch();
    if (auto refusal = fence_.refusal_of(request)) return server_.answer(client, std::move(*refusal));
    if (fence_.epoch() != before) {
        services_.end_older_than(fence_.epoch());
        server_.status_changed();  // Those who do not keep pass people's words on under it.
    }
    act(client, request);
}

void Pod::act(ClientId client, const Request& request) {
    switch (request.op) {
    case Op::hello: server_.subscribe(client); return answer(client, request, Outcome::ok, wire::shim::hello_text());
    case Op::run: return start_run(client, request);
    case Op::files: return serve_files(client, request);
    case Op::game_files: return serve_game_files(client, request);
    case Op::program: return serve_program(client, request);
    case Op::log: return tell_log(client, request);
    case Op::log_start: return tell_log_start(client, request);
    case Op::follow: server_.follow_log(client); return answer(client, request, Outcome::ok);
    case Op::usage: return answer(client, request, Outcome::ok, wire::shim::to_text(pod_use(options_.cgroup_root, options_.volume)));
    case Op::acknowledge: return acknowledge(client, request);
    case Op::stop:
    case Op::kill:
    case Op::command:
    case Op::tell:
    case Op::quiesce:
    case Op::resume: return act_on_run(client, request);
    }
}

void Pod::act_on_run(ClientId client, const Request& request) {
    if (run_) return run_->supervisor->on_request(client, request);
    if (request.op == Op::stop || request.op == Op::kill) return answer(client, request, Outcome::ok);
    answer(client, request, Outcome::not_found, "no game runs here");
}

void Pod::acknowledge(ClientId client, const Request& request) {
    if (run_) return run_->supervisor->on_request(client, request);  // Which knows whether it is over, and then calls forget_run().
    if (const auto forgotten = traces_.forget(); !forgotten) return answer(client, request, Outcome::unavailable, forgotten.error().detail);
    left_.reset();
    server_.status_changed();  // First, so that who is answered knows what has come of it.
    answer(client, request, Outcome::ok);
}

void Pod::forget_run() {
    // Traces that stay behind make the next container report this end once more: no harm is done.
    (void)traces_.forget();
    over_ = std::move(run_);
    loop_.after(Milliseconds(0), [this] { over_.reset(); });
    server_.status_changed();
}

void Pod::start_run(ClientId client, const Request& request) {
    auto spec = wire::shim::decode_spec(as_byte_span(request.text));
    if (!spec) return answer(client, request, Outcome::invalid, fmt::format("the launch document cannot be read: {}", name_of(spec.error())));
    if (spec->mode != wire::shim::Mode::direct || spec->identity) {
        return answer(client, request, Outcome::invalid, "in a pod a game is started directly, as the pod's own user");
    }
    if (left_) return answer(client, request, Outcome::unavailable, "a run was lost here: its end has to be acknowledged first");
    if (run_) {
        spec->epoch = run_->spec.epoch;
        const bool same = *spec == run_->spec && !run_->supervisor->is_over();
        if (same) return answer(client, request, Outcome::ok);
        return answer(client, request, Outcome::unavailable, "another run is here: it has to be stopped and acknowledged first");
    }
    const auto started = start(std::move(*spec));
    if (!started) return answer(client, request, Outcome::invalid, started.error().detail);
    server_.status_changed();  // First, so that who is answered knows what has come of it.
    answer(client, request, Outcome::ok);
}

ShimResult<Success> Pod::start(wire::shim::Spec spec) {
    auto run = std::make_unique<Run>(std::move(spec));
    TRY(patterns, Patterns::compile(run->spec));
    TRY(log, LogWriter::open(folders_.log.get(), run->spec.log));
    log.echo_to(container_output);
    run->supervisor.emplace(
        loop_, run->spec, folders_.run.get(), std::move(log), std::move(patterns),
        Afterwards{.acknowledged = [this] { forget_run(); }, .linger = {}, .farewell = farewell, .helpers = &services_.processes()});
    TRY_OK(traces_.begin(run->spec));
    const MemoryWatch memory(options_.cgroup_root, "/");
    auto game = start_game(run->spec, folders_.run.get());
    if (!game) {
        (void)traces_.forget();
        return std::unexpected(std::move(game).error());
    }
    run_ = std::move(run);
    run_->supervisor->attach(std::move(*game), memory, server_);
    return Success{};
}

void Pod::serve_files(ClientId client, const Request& request) {
    const auto world = options_.volume + "/" + std::string(layout::world_folder);
    const auto begun = services_.serve_files(server_, {.client = client, .id = request.id, .epoch = request.epoch}, world);
    if (!begun) answer(client, request, Outcome::unavailable, begun.error().detail);
}

void Pod::serve_game_files(ClientId client, const Request& request) {
    const auto folder = options_.volume + "/" + std::string(layout::game_folder);
    if (const auto made = open_folder(folder, true); !made) return answer(client, request, Outcome::unavailable, made.error().detail);
    const auto begun = services_.serve_game_files(server_, {.client = client, .id = request.id, .epoch = request.epoch}, folder);
    if (!begun) answer(client, request, Outcome::unavailable, begun.error().detail);
}

void Pod::serve_program(ClientId client, const Request& request) {
    if (run_ || left_) return answer(client, request, Outcome::unavailable, "a game is here: programs have pods of their own");
    const auto begun = services_.serve_program(server_, {.client = client, .id = request.id, .epoch = request.epoch}, options_.cgroup_root);
    if (!begun) answer(client, request, Outcome::unavailable, begun.error().detail);
}

void Pod::tell_log(ClientId client, const Request& request) {
    const auto query = wire::shim::log_query_from(request.text);
    if (!query) return answer(client, request, Outcome::invalid, "this is no question for lines of a log");
    wire::shim::LogPart part;
    std::size_t bytes = 0;
    for (auto& line : wire::shim::lines_from(log_, query->cursor, query->lines_max, log_bytes_per_answer)) {
        bytes += line.text.size() + 24;  // Empty lines take room too.
        if (bytes > log_bytes_per_answer || part.lines.size() == wire::shim::log_lines_max) break;
        part.lines.push_back(std::move(line));
    }
    answer(client, request, Outcome::ok, wire::shim::to_text(part));
}

void Pod::tell_log_start(ClientId client, const Request& request) {
    std::uint32_t lines = 0;
    const auto end = request.text.data() + request.text.size();
    const auto read = std::from_chars(request.text.data(), end, lines);
    if (read.ec != std::errc() || read.ptr != end) return answer(client, request, Outcome::invalid, "this is no number of lines");
    answer(client, request, Outcome::ok, std::to_string(wire::shim::start_of_last(log_, lines)));
}

void Pod::answer(ClientId client, const Request& request, Outcome outcome, std::string text) {
    server_.answer(client, {.id = request.id, .outcome = outcome, .text = std::move(text)});
}

wire::shim::Status Pod::status() const {
    wire::shim::Status status;
    if (run_) status = run_->supervisor->status();
    else {
        status.phase = left_ ? wire::shim::Phase::exited : wire::shim::Phase::idle;
        status.exit = left_;
        const auto files = log_.files();
        if (!files.empty()) status.log_end = files.back().base + files.back().size;
    }
    status.epoch = fence_.epoch();
    return status;
}

}  // namespace gk::shim
