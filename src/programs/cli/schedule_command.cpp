#include <sstream>

#include <fmt/format.h>

#include "base/text.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/server_words.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

constexpr int cron_fields = 5;

// "0 4 * * * command say hello" -> {at, do, command}; what is wrong with it the API says.
Result<Value, CommandError> schedule_of(const std::string& line) {
    std::istringstream in(line);
    std::string at, field, action, command;
    for (int i = 0; i < cron_fields && in >> field; ++i) at += (at.empty() ? "" : " ") + field;
    if (!(in >> action)) {
        return std::unexpected(CommandError{.exit = exit_usage,
                                            .message = fmt::format("'{}' is no schedule; write five cron fields and what to do", line),
                                            .details = {"such as '0 4 * * * restart', '*/30 * * * * backup' or '0 20 * * 5 command say Hello'"}});
    }
    std::getline(in, command);
    auto out = Value::object({{"at", at}, {"do", action}});
    if (const auto text = trimmed(command); !text.empty()) out.set("command", std::string(text));
    return out;
}

Done print_schedules(const Value& server, const Output& output, const ServerName& name) {
    if (output.json) return print_json(member(server, "schedules"));
    Table table({"AT (UTC)", "DO", "COMMAND"});
    const auto* schedules = member(server, "schedules").as_array();
    for (const auto& schedule : schedules != nullptr ? *schedules : Value::Array())
        table.add({text_at(schedule, "at"), text_at(schedule, "do"), text_at(schedule, "command")});
    fmt::print("{}",
               table.text(fmt::format("nothing is scheduled; such as: gamekeeper server schedule {} '0 4 * * * restart'", name.id), output.screen));
    if (const auto next = text_at(server, "next_schedule"); !next.empty()) fmt::print("next at {}\n", when(next));
    return Success{};
}

}  // namespace

Done schedule_server(ApiClient& api, const Output& output, const ScheduleWish& wish) {
    if (wish.none && !wish.lines.empty()) return std::unexpected(CommandError{.exit = exit_usage, .message = "say either schedules or --none"});
    ApiClient::Call call{.path = path_of(wish.name)};
    if (wish.none || !wish.lines.empty()) {
        Value::Array schedules;
        for (const auto& line : wish.lines) {
            TRY(schedule, schedule_of(line));
            schedules.push_back(std::move(schedule));
        }
        call.method = "PATCH";
        call.body = Value::object({{"schedules", std::move(schedules)}});
    }
    TRY(reply, api.call(std::move(call)));
    return print_schedules(reply.body, output, wish.name);
}

}  // namespace gk::programs
