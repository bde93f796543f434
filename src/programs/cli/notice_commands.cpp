#include <algorithm>

#include <fmt/format.h>

#include "programs/cli/commands.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

// Who was told, or is to be: "anna@castle.example", "ben@castle.example (failed: 550 no such user)".
std::string letters_text(const Value& incident) {
    std::string out;
    for (const auto& letter : *member(incident, "deliveries").as_array()) {
        const auto status = text_at(letter, "status");
        const auto answer = text_at(letter, "answer");
        out +=
            fmt::format("{}{}{}", out.empty() ? "" : ", ", text_at(letter, "to"), member(letter, "says_over") == Value(true) ? " (of its end)" : "");
        if (status == "delivered") continue;
        out += fmt::format(" ({}{}{})", status, answer.empty() ? "" : ": ", answer);
    }
    return out.empty() ? "nobody" : out;
}

// A try takes a minute at most, and there may be several.
constexpr Milliseconds patience = std::chrono::minutes(10);

}  // namespace

Done list_incidents(ApiClient& api, const Output& output) {
    TRY(incidents, api.all("/v1/incidents"));
    if (output.json) return print_list(std::move(incidents));
    Table table({"SINCE", "SERVER", "WHAT", "OVER", "TOLD"});
    for (const auto& incident : incidents) {
        const auto over = text_at(incident, "over_at");
        table.add({text_at(incident, "since"),
                   text_at(incident, "server"),
                   {text_at(incident, "kind"), over.empty() ? Tone::bad : Tone::plain},
                   over,
                   letters_text(incident)});
    }
    fmt::print("{}", table.text("nothing has gone wrong", output.screen));
    return Success{};
}

Done test_mail(ApiClient& api, const Output& output, const std::string& to) {
    const auto body = to.empty() ? Value(Value::Object()) : Value::object({{"to", to}});
    TRY(reply, api.call({.method = "POST", .path = "/v1/mail/test", .body = body, .headers = {}, .patience = patience}));
    const auto& tried = items_of(reply.body);
    const bool all = std::ranges::all_of(tried, [](const Value& it) { return member(it, "delivered") == Value(true); });
    if (output.json) {
        TRY_OK(print_json(reply.body));
    } else {
        for (const auto& one : tried) {
            const bool delivered = member(one, "delivered") == Value(true);
            fmt::print("{}: {}: {}\n", text_at(one, "to"), delivered ? "the mail server took it" : "not sent", text_at(one, "answer"));
        }
    }
    if (all) return Success{};
    return std::unexpected(CommandError{.exit = exit_failed, .message = "not every mail was taken"});
}

}  // namespace gk::programs
