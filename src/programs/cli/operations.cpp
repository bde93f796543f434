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

constexpr std::chrono::seconds poll_wait(1);
constexpr Milliseconds terminal_pause(150);

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

namespace {

// Its next state. Somebody at a terminal sees each step begin; anybody else waits for the end, with a look in between.
Result<Value, CommandError> look_again(ApiClient& api, const std::string& id, Progress::Style style) {
    ApiClient::Call call{.path = "/v1/operations/" + net::percent_encoded(id)};
    if (style == Progress::Style::terminal) api.pause(terminal_pause);
    else call.headers = {{"Prefer", fmt::format("wait={}", poll_wait.count())}};
    TRY(reply, api.call(std::move(call)));
    return std::move(reply.body);
}

CommandError too_late(const Output& output, const std::string& id) {
    return {.exit = exit_timeout,
            .message = fmt::format("not finished after {}; it goes on", duration_text(output.patience)),
            .details = {"follow it with: gamekeeper operation show " + id}};
}

}  // namespace

Done finish_operation(ApiClient& api, const Output& output, Value operation, const std::string& done_text) {
    const auto id = text_at(operation, "id");
    if (!output.wait) {
        if (output.json) return print_json(operation);
        fmt::print("accepted; follow it with: gamekeeper operation show {}\n", id);
        return Success{};
    }
    const InterruptNote note(id);
    const auto style = style_for(output);
    Progress progress(style, stderr);
    const auto deadline = api.now() + output.patience;
    while (text_at(operation, "finished_at").empty()) {
        progress.show(operation);
        if (api.now() >= deadline) {
            progress.finish();
            return std::unexpected(too_late(output, id));
        }
        TRY(next, look_again(api, id, style));
        operation = std::move(next);
    }
    progress.show(operation);
    progress.finish();
    if (output.json) TRY_OK(print_json(operation));
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
