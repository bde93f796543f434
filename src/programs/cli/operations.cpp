#include <algorithm>
#include <array>
#include <csignal>
#include <tuple>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/http/target.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/progress.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

constexpr Milliseconds poll_wait = std::chrono::seconds(1);

Progress::Style style_for(const Output& output) {
    if (output.json) return Progress::Style::silent;
    return isatty(STDERR_FILENO) == 1 ? Progress::Style::terminal : Progress::Style::lines;
}

// While it lives, Ctrl-C says how to follow the operation and ends the command; the operation goes on.
class InterruptNote {
public:
    explicit InterruptNote(const std::string& operation) {
        const auto end = fmt::format_to_n(text_.begin(), text_.size(), "\nit goes on; follow it with: gamekeeper operation show {}\n", operation);
        size_ = std::min(end.size, text_.size());
        struct sigaction action{};
        action.sa_handler = tell;
        sigaction(SIGINT, &action, &before_);
    }
    ~InterruptNote() { sigaction(SIGINT, &before_, nullptr); }
    InterruptNote(const InterruptNote&) = delete;
    InterruptNote& operator=(const InterruptNote&) = delete;

private:
    static constexpr int interrupted = 128 + SIGINT;  // What shells make of a program that Ctrl-C has ended.

    // Only calls that a signal handler may make.
    static void tell(int) {
        std::ignore = ::write(STDERR_FILENO, text_.data(), size_);
        _exit(interrupted);
    }
    static inline std::array<char, 160> text_{};
    static inline std::size_t size_ = 0;
    struct sigaction before_{};
};

CommandError failed_operation(const Value& operation) {
    const auto* error = operation.find("error");
    const auto verb = text_at(operation, "verb");
    const auto server = text_at(operation, "server");
    if (text_at(operation, "status") == "cancelled") {
        return {.exit = exit_failed, .message = fmt::format("{} of '{}' was cancelled by a newer request", verb, server), .details = {}};
    }
    const auto detail = error != nullptr ? text_at(*error, "detail") : std::string("no reason was given");
    return {.exit = exit_failed,
            .message = fmt::format("{} of '{}' failed: {}", verb, server, printable(detail)),
            .details = {fmt::format("gamekeeper server explain {}   tells more", server)}};
}

}  // namespace

Done finish_operation(ApiClient& api, const Output& output, Value operation, const std::string& done_text) {
    const auto id = text_at(operation, "id");
    if (!output.wait) {
        if (output.json) fmt::print("{}\n", to_json(operation));
        else fmt::print("accepted; follow it with: gamekeeper operation show {}\n", id);
        return Success{};
    }
    const InterruptNote note(id);
    Progress progress(style_for(output), stderr);
    const auto deadline_rounds = output.patience / poll_wait;
    for (std::int64_t round = 0; text_at(operation, "finished_at").empty(); ++round) {
        progress.show(operation);
        if (round > deadline_rounds) {
            progress.finish();
            return std::unexpected(CommandError{.exit = exit_timeout,
                                                .message = fmt::format("not finished after {}; it goes on", duration_text(output.patience)),
                                                .details = {fmt::format("follow it with: gamekeeper operation show {}", id)}});
        }
        TRY(reply, api.call({.method = "GET", .path = "/v1/operations/" + id, .body = {}, .headers = {{"Prefer", "wait=1"}}}));
        operation = std::move(reply.body);
    }
    progress.show(operation);
    progress.finish();
    if (output.json) fmt::print("{}\n", to_json(operation));
    if (output.timings && !output.json) fmt::print(stderr, "{}", timings(operation));
    if (text_at(operation, "status") != "succeeded") return std::unexpected(failed_operation(operation));
    if (!output.json && !done_text.empty()) fmt::print("{}\n", done_text);
    return Success{};
}

Done follow_operation(ApiClient& api, const Output& output, const std::string& id) {
    TRY(reply, api.call({.path = "/v1/operations/" + net::percent_encoded(id)}));
    return finish_operation(api, output, std::move(reply.body), "done");
}

Done list_operations(ApiClient& api, const Output& output, const ServerName& name) {
    const auto query =
        name.id.empty() ? std::string() : fmt::format("?server={}&namespace={}", net::percent_encoded(name.id), net::percent_encoded(name.space));
    TRY(reply, api.call({.path = "/v1/operations" + query}));
    if (output.json) return print_json(reply.body);
    Table table({"ID", "SERVER", "VERB", "STATUS", "BY", "ASKED", "ERROR"});
    for (const auto& item : items_of(reply.body)) {
        const auto* error = item.find("error");
        const auto status = text_at(item, "status");
        table.add({text_at(item, "id"),
                   text_at(item, "server"),
                   plain(text_at(item, "verb")),
                   {status, tone_of(status)},
                   text_at(item, "cause"),
                   when(text_at(item, "created_at")),
                   error != nullptr ? text_at(*error, "detail") : ""});
    }
    fmt::print("{}", table.text("no operations", output.screen));
    return Success{};
}

}  // namespace gk::programs
