#include <fmt/format.h>

#include "net/http/target.hpp"
#include "net/json/json.hpp"
#include "programs/cli/commands.hpp"
#include "programs/cli/server_words.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

std::string ports_text(const Value& game) {
    std::string out;
    const auto* ports = member(game, "ports").as_array();
    if (ports == nullptr) return out;
    for (const auto& port : *ports) {
        if (member(port, "internal") == Value(true)) continue;  // Nothing that players or their routers need.
        const auto* protocols = member(port, "protocols").as_array();
        for (const auto& protocol : protocols != nullptr ? *protocols : Value::Array()) {
            out +=
                fmt::format("{}{}/{}", out.empty() ? "" : ", ", text_at(port, "role"), protocol.as_string() != nullptr ? *protocol.as_string() : "");
        }
    }
    return out;
}

// "integer, 1 to 100".
std::string type_text(const Value& setting) {
    auto out = text_at(setting, "type");
    const auto least = number_at(setting, "min");
    const auto most = number_at(setting, "max");
    if (least && most) out += fmt::format(", {} to {}", *least, *most);
    else if (least) out += fmt::format(", from {} on", *least);
    else if (most) out += fmt::format(", up to {}", *most);
    return out;
}

std::string meaning_text(const Value& setting) {
    auto out = text_at(setting, "description");
    if (out.empty()) out = text_at(setting, "title") + ".";
    const auto* choices = member(setting, "choices").as_array();
    for (std::size_t i = 0; choices != nullptr && i < choices->size(); ++i) {
        const auto* text = (*choices)[i].as_string();
        out += (i == 0 ? " One of: " : ", ") + (text != nullptr ? *text : to_json((*choices)[i]));
    }
    return out;
}

std::string default_text(const Value& setting) {
    const auto* required = member(setting, "required").as_bool();
    if (required != nullptr && *required) return "(required)";
    const auto& initial = member(setting, "default");
    return initial.is_null() ? std::string() : to_json(initial);
}

}  // namespace

Done print_json(const Value& value) {
    fmt::print("{}\n", to_json(value));
    return Success{};
}

Done print_list(Value::Array items) { return print_json(Value::object({{"items", std::move(items)}, {"next_cursor", Value()}})); }

Done list_games(ApiClient& api, const Output& output) {
    TRY(reply, api.call({.path = "/v1/games"}));
    if (output.json) return print_json(reply.body);
    Table table({"NAME", "TITLE", "PORTS", "READY"});
    for (const auto& game : items_of(reply.body)) {
        const auto missing = text_at(game, "missing");
        table.add({text_at(game, "name"),
                   text_at(game, "title"),
                   ports_text(game),
                   {missing.empty() ? "yes" : "no: " + missing, missing.empty() ? Tone::good : Tone::bad}});
    }
    fmt::print("{}", table.text("no games", output.screen));
    return Success{};
}

Done show_game(ApiClient& api, const Output& output, const std::string& name) {
    TRY(reply, api.call({.path = "/v1/games/" + net::percent_encoded(name)}));
    if (output.json) return print_json(reply.body);
    const auto& game = reply.body;
    const auto description = text_at(game, "description");
    fmt::print("{} ({})\n{}{}ports: {}\n\n", text_at(game, "title"), text_at(game, "name"), description, description.empty() ? "" : "\n",
               ports_text(game));
    Table table({"SETTING", "VALUE", "DEFAULT", "WHAT"});
    const auto* settings = member(game, "settings").as_array();
    for (const auto& setting : settings != nullptr ? *settings : Value::Array()) {
        table.add({text_at(setting, "name"), type_text(setting), default_text(setting), meaning_text(setting)});
    }
    fmt::print("{}", table.text("no settings", output.screen));
    return Success{};
}

Done create_key(ApiClient& api, const Output& output, const std::string& name, const std::string& scope) {
    TRY(reply, api.call({.method = "POST", .path = "/v1/keys", .body = Value::object({{"name", name}, {"scope", scope}})}));
    if (output.json) return print_json(reply.body);
    fmt::print(stderr, "Key '{}' ({}). This is shown once:\n", name, scope);
    fmt::print("{}\n", text_at(reply.body, "key"));
    return Success{};
}

Done list_keys(ApiClient& api, const Output& output) {
    TRY(reply, api.call({.path = "/v1/keys"}));
    if (output.json) return print_json(reply.body);
    Table table({"ID", "NAME", "SCOPE", "CREATED", "REVOKED"});
    for (const auto& key : items_of(reply.body)) {
        table.add(
            {text_at(key, "id"), text_at(key, "name"), text_at(key, "scope"), when(text_at(key, "created_at")), when(text_at(key, "revoked_at"))});
    }
    fmt::print("{}", table.text("no keys", output.screen));
    return Success{};
}

Done revoke_key(ApiClient& api, const Output& output, const std::string& id) {
    TRY_OK(api.call({.method = "DELETE", .path = "/v1/keys/" + net::percent_encoded(id)}));
    if (!output.json) fmt::print("revoked; whoever uses it is refused from now on\n");
    return Success{};
}

namespace {

constexpr Milliseconds again_first{250};
constexpr Milliseconds again_max{5'000};

// Prints lines of a log, and knows where it is, so that it goes on there over another connection.
class LogPrinter {
public:
    LogPrinter(const Output& output, const LogWish& wish) : output_(output), wish_(wish) {}

    std::string path() const {
        const auto start = cursor_ ? fmt::format("cursor={}", *cursor_) : fmt::format("tail={}", wish_.tail);
        auto path = fmt::format("{}&{}", path_of(wish_.name, "/logs"), start);
        if (wish_.follow) path += "&follow=true";
        if (!wish_.match.empty()) path += "&match=" + net::percent_encoded(wish_.match);
        return path;
    }
    Done print(ApiClient& api) {
        return api.lines(path(), [this](std::string_view line) {
            show(line);
            return true;
        });
    }
    bool has_printed() { return std::exchange(has_printed_, false); }

private:
    void show(std::string_view line) {
        const auto value = net::parse_json(line);
        if (!value) return;
        if (const auto* cursor = member(*value, "cursor").as_int()) cursor_ = *cursor;
        has_printed_ = true;
        if (output_.json) {
            fmt::print("{}\n", line);
        } else {
            const auto at = wish_.times ? output_.screen.painted(Tone::faint, when(text_at(*value, "at"))) + "  " : std::string();
            fmt::print("{}{}\n", at, printable(text_at(*value, "line")));
        }
        std::fflush(stdout);
    }

    const Output& output_;
    const LogWish& wish_;
    std::optional<std::int64_t> cursor_;
    bool has_printed_ = false;
};

// Until the server is gone: a connection that ends is made again, since control planes are restarted and replaced while games run on.
Done follow_log(ApiClient& api, LogPrinter& printer, const LogWish& wish) {
    TRY_OK(api.call({.path = path_of(wish.name, "")}));
    for (auto pause = again_first;; pause = std::min(2 * pause, again_max)) {
        const auto ended = printer.print(api);
        if (!ended && ended.error().exit == exit_not_found) return Success{};
        if (!ended && ended.error().exit != exit_unreachable) return ended;
        if (printer.has_printed()) pause = again_first;
        api.pause(pause);
    }
}

}  // namespace

Done show_logs(ApiClient& api, const Output& output, const LogWish& wish) {
    LogPrinter printer(output, wish);
    return wish.follow ? follow_log(api, printer, wish) : printer.print(api);
}

}  // namespace gk::programs
