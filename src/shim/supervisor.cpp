#include "shim/supervisor.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <utility>

#include <fmt/format.h>

#include "wire/shim/layout.hpp"

namespace gk::shim {

namespace {
constexpr Milliseconds probe_pause{100};
constexpr Milliseconds silence{50};
constexpr int signal_delays_max = 10;
constexpr std::size_t reads_per_turn = 16;  // A game that floods its output does not keep us from answering.
using wire::shim::Op;
using wire::shim::Query;
using Answered = wire::shim::Outcome;

bool is_printable(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}
}  // namespace

ShimResult<Patterns> Patterns::compile(const wire::shim::Spec& spec) {
    TRY(ready, Pattern::compile(spec.ready.log_pattern));
    TRY(confirm, Pattern::compile(spec.quiesce.confirm_pattern));
    TRY(roster, Roster::create(spec.players));
    return Patterns{std::move(ready), std::move(confirm), std::move(roster)};
}

Supervisor::Supervisor(EventLoop& loop, const wire::shim::Spec& spec, int run_folder, LogWriter log, Patterns patterns, Afterwards afterwards)
    : loop_(loop),
      spec_(spec),
      run_folder_(run_folder),
      log_(std::move(log)),
      afterwards_(std::move(afterwards)),
      ready_pattern_(std::move(patterns.ready)),
      roster_(std::move(patterns.roster)),
      splitter_([this](std::string_view line) { on_line(line); }),
      confirm_(std::move(patterns.confirm)),
      ready_prober_(loop, spec.ready.target),
      players_prober_(loop, spec.players.target),
      probe_timer_(loop),
      start_timer_(loop),
      players_timer_(loop),
      rung_timer_(loop),
      silence_timer_(loop),
      linger_timer_(loop) {}

void Supervisor::attach(Game game, MemoryWatch memory, ControlServer& server) {
    game_ = std::move(game);
    game_.helpers = afterwards_.helpers;
    memory_ = std::move(memory);
    server_ = &server;
    started_at_ = wall_now();
    console_ = make_console(loop_, spec_.console, game_.streams.input.get());
    quiescence_.emplace(loop_, spec_.quiesce, std::move(confirm_), console_.get(), [this] { changed(); });
    loop_.watch(game_.streams.output.get(), EPOLLIN, [this](auto) { on_output(); });
    start_timer_.start(spec_.ready.timeout, [this] {
        note(fmt::format("not ready within {}: stopping it", duration_text(spec_.ready.timeout)));
        ending_.start_timed_out = true;
        begin_stop();
    });
    check_ready();
}

void Supervisor::on_request(ControlServer::ClientId client, const wire::shim::Request& request) {
    switch (request.op) {
    case Op::hello: server_->subscribe(client); return answer(client, request.id, Answered::ok, wire::shim::hello_text());
    case Op::stop:
        ending_.asked = ending_.asked || phase_ != Phase::stopping;
        begin_stop();
        return answer(client, request.id, Answered::ok);
    case Op::kill:
        ending_.asked = ending_.asked || phase_ != Phase::stopping;
        kill_now();
        return answer(client, request.id, Answered::ok);
    case Op::command:
    case Op::tell: return type_command(client, request);
    case Op::quiesce: {
        if (phase_ != Phase::ready) return answer(client, request.id, Answered::unavailable, "the game is not ready");
        return quiescence_->begin(
            client, [this, client, id = request.id](Answered outcome, std::string text) { answer(client, id, outcome, std::move(text)); });
    }
    case Op::resume: return answer(client, request.id, quiescence_->end());
    case Op::acknowledge:
        if (!exit_) return answer(client, request.id, Answered::unavailable, "the game has not ended");
        afterwards_.acknowledged();
        return answer(client, request.id, Answered::ok);
    case Op::run:
    case Op::files:
    case Op::log:
    case Op::log_start:
    case Op::follow:
    case Op::usage:
    case Op::game_files:
    case Op::program: return answer(client, request.id, Answered::invalid, "only a shim in a pod is asked for this");
    }
}

void Supervisor::type_command(ControlServer::ClientId client, const wire::shim::Request& request) {
    if (!console_) return answer(client, request.id, Answered::not_found, "the game takes no commands");
    if (exit_) return answer(client, request.id, Answered::not_found, "the game has ended");
    const bool is_told = request.op == Op::tell;
    const auto size_max = is_told ? wire::shim::told_size_max : wire::shim::command_size_max;
    if (request.text.empty() || request.text.size() > size_max || !is_printable(request.text)) {
        auto why = fmt::format("a command is one line of at most {} bytes without control characters", size_max);
        return answer(client, request.id, Answered::invalid, std::move(why));
    }
    auto done = [this, client, id = request.id, is_told](ShimResult<std::string> reply) {
        if (!reply) return answer(client, id, Answered::unavailable, reply.error().detail);
        answer(client, id, Answered::ok, is_told ? std::string() : std::move(*reply));
    };
    if (is_told) console_->tell(request.text, std::move(done));
    else console_->send(request.text, std::move(done));
}

void Supervisor::answer(ControlServer::ClientId client, std::uint32_t id, Answered outcome, std::string text) {
    server_->answer(client, {.id = id, .outcome = outcome, .text = std::move(text)});
}

void Supervisor::on_client_gone(ControlServer::ClientId client) {
    if (quiescence_) quiescence_->on_client_gone(client);
}

wire::shim::Status Supervisor::status() const {
    wire::shim::Status status;
    status.phase = phase_;
    status.started_at = started_at_;
    status.log_end = log_.end();
    roster_.describe(status);
    status.quiesced = quiescence_ && quiescence_->is_held();
    status.exit = exit_;
    return status;
}

void Supervisor::on_output() {
    if (read_output() == Output::closed) loop_.forget(game_.streams.output.get());
    flush_log();
}

Supervisor::Output Supervisor::read_output() {
    char bytes[4096];
    for (std::size_t i = 0; i < reads_per_turn; ++i) {
        const auto count = ::read(game_.streams.output.get(), bytes, sizeof bytes);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return Output::drained;
        if (count <= 0) return Output::closed;  // A terminal whose other end is closed says EIO.
        last_output_at_ = monotonic_now();
        splitter_.feed({bytes, static_cast<std::size_t>(count)});
    }
    return Output::more;
}

void Supervisor::on_line(std::string_view text) {
    const std::string line(text);
    log_.append(wall_now(), line);
    tail_.add(line);
    if (console_) console_->on_output(line);
    if (quiescence_) quiescence_->on_line(line);
    if (phase_ == Phase::starting && !ready_line_seen_ && ready_pattern_.matches(line)) {
        ready_line_seen_ = true;
        check_ready();
    }
    if (roster_.on_line(line) && phase_ != Phase::starting) changed();
}

void Supervisor::note(const std::string& text) {
    log_.append(wall_now(), "gamekeeper: " + text);
    flush_log();
}

void Supervisor::flush_log() {
    const auto before = log_.written();
    log_.flush();
    if (log_.written() != before) server_->log_grown();
}

void Supervisor::check_ready() {
    if (phase_ != Phase::starting || (!ready_line_seen_ && !ready_pattern_.is_empty())) return;
    if (spec_.ready.target.query == Query::none) return become_ready();
    probe_ready();
}

void Supervisor::probe_ready() {
    if (phase_ != Phase::starting || ready_prober_.is_busy()) return;
    ready_prober_.ask([this](const std::optional<ProbeAnswer>& reached) {
        if (reached) return become_ready();
        probe_timer_.start(probe_pause, [this] { probe_ready(); });
    });
}

void Supervisor::become_ready() {
    if (phase_ != Phase::starting) return;
    start_timer_.stop();
    phase_ = Phase::ready;
    roster_.on_ready();
    changed();
    if (spec_.players.target.query == Query::teeworlds) query_players();
}

void Supervisor::query_players() {
    if (exit_) return;
    players_prober_.ask([this](const std::optional<ProbeAnswer>& answered) {
        if (roster_.on_answer(answered)) changed();
        players_timer_.start(std::max(spec_.players.every, probe_pause), [this] { query_players(); });
    });
}

void Supervisor::on_terminate() {
    terminating_ = true;
    if (exit_) return loop_.stop();
    begin_stop();
}

void Supervisor::begin_stop() {
    if (phase_ == Phase::stopping || exit_) return;
    if (!ending_.start_timed_out) ending_.asked = true;
    start_timer_.stop();
    probe_timer_.stop();
    quiescence_->end();
    phase_ = Phase::stopping;
    changed();
    climb();
}

// One rung after the other, until the game ends. Behind the last one there is only SIGKILL.
void Supervisor::climb() {
    if (exit_) return;
    if (next_rung_ >= spec_.stop.size()) return kill_now();
    const auto& rung = spec_.stop[next_rung_++];
    if (rung.kind == wire::shim::Rung::Kind::signal) return signal_when_silent(rung, signal_delays_max);
    rung_timer_.start(rung.wait, [this] { climb(); });
    if (!console_) return climb();
    note("stopping it by the command " + rung.command);
    console_->send(rung.command, [this](const ShimResult<std::string>& reply) {
        if (!reply && !exit_) climb();  // The command did not reach it: no use in waiting.
    });
}

// Real games write to their log in their signal handlers; one that is interrupted while it logs then waits for itself for ever (minetest
// 5.6.1, in 4 of 8 stops right after the line that says it is ready). So a signal waits for a pause in the output, but not for long.
void Supervisor::signal_when_silent(const wire::shim::Rung& rung, int delays_left) {
    if (exit_) return;
    if (delays_left > 0 && monotonic_now() - last_output_at_ < silence) {
        return silence_timer_.start(silence, [this, &rung, delays_left] { signal_when_silent(rung, delays_left - 1); });
    }
    note(fmt::format("stopping it by signal {}", rung.signal));
    rung_timer_.start(rung.wait, [this] { climb(); });
    send_signal(game_, rung.signal);
}

void Supervisor::kill_now() {
    if (exit_) return;
    note("killing it");
    if (!ending_.start_timed_out) ending_.asked = true;
    start_timer_.stop();
    rung_timer_.stop();
    silence_timer_.stop();
    phase_ = Phase::stopping;
    ending_.killed_by_us = true;
    kill_everything(game_);
    changed();
}

void Supervisor::on_child_ended(pid_t pid, int wait_status, std::uint64_t peak_bytes) {
    if (pid != game_.pid || exit_) return;
    // Of a sandbox's first process this is what runc needed; the group knows better.
    on_game_ended(wait_status, game_.first_of_namespace ? 0 : peak_bytes);
}

void Supervisor::on_game_ended(int wait_status, std::uint64_t process_peak_bytes) {
    kill_everything(game_);  // Whatever it has left behind.
    while (read_output() == Output::more) log_.flush();
    splitter_.finish();
    wire::shim::Exit exit;
    if (WIFSIGNALED(wait_status)) exit.signal = WTERMSIG(wait_status);
    if (WIFEXITED(wait_status)) exit.code = WEXITSTATUS(wait_status);
    ending_.signal = exit.signal;
    ending_.memory_kills = memory_.kills();
    exit.cause = cause_of(ending_);
    exit.at = wall_now();
    exit.tail = tail_.text();
    exit.memory_peak_bytes = std::max(memory_.peak_bytes(), process_peak_bytes);
    exit_ = std::move(exit);
    record_exit();
}

// On disk first, then told.
void Supervisor::record_exit() {
    note(fmt::format("it has ended: {}", name_of(exit_->cause)));
    const auto bytes = wire::shim::encode(*exit_);
    if (const auto written = write_file_durably(run_folder_, std::string(wire::shim::layout::exit_file), as_text(bytes)); !written) {
        note("its end could not be recorded: " + written.error().detail);
    }
    phase_ = Phase::exited;
    for (auto* timer : {&probe_timer_, &start_timer_, &players_timer_, &rung_timer_, &silence_timer_}) timer->stop();
    loop_.forget(game_.streams.output.get());
    roster_.on_exit();
    changed();
    const auto wait = terminating_ ? afterwards_.farewell : afterwards_.linger;
    if (wait) linger_timer_.start(*wait, [this] { loop_.stop(); });
}

// Whoever hears of it finds the lines in the log that tell of it.
void Supervisor::changed() {
    flush_log();
    server_->status_changed();
}

}  // namespace gk::shim
