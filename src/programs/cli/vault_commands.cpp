#include <fstream>
#include <iostream>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "app/vault/recovery.hpp"
#include "app/vault/restore_help.hpp"
#include "async/run.hpp"
#include "base/text.hpp"
#include "domain/vault/recovery_key.hpp"
#include "net/http/target.hpp"
#include "net/s3/location.hpp"
#include "programs/cli/local_commands.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"
#include "programs/serve/adopt_vault.hpp"
#include "programs/serve/serve.hpp"

namespace gk::programs {
namespace {

std::vector<vault::Snapshot> snapshots_of(const Value& list) {
    std::vector<vault::Snapshot> out;
    for (const auto& item : items_of(list)) {
        vault::Snapshot snapshot;
        if (const auto id = SnapshotId::parse(text_at(item, "id"))) snapshot.id = *id;
        snapshot.status = from_name<vault::SnapshotStatus>(text_at(item, "status")).value_or(vault::SnapshotStatus::failed);
        snapshot.consistency = from_name<vault::Consistency>(text_at(item, "consistency")).value_or(vault::Consistency::live);
        snapshot.trigger = from_name<vault::Trigger>(text_at(item, "trigger")).value_or(vault::Trigger::user);
        snapshot.created_at = parse_rfc3339(text_at(item, "created_at")).value_or(Time{});
        snapshot.bytes = number_at(item, "bytes").value_or(0);
        snapshot.files = number_at(item, "files").value_or(0);
        snapshot.engine_id = text_at(item, "engine_id");
        out.push_back(std::move(snapshot));
    }
    return out;
}

Result<Config, CommandError> local_config(const std::string& state) {
    ServeOptions options;
    if (!state.empty()) options.said["state"] = {state, "--state"};
    auto config = read_config(options);
    if (config) return std::move(*config);
    return std::unexpected(CommandError{.exit = exit_usage, .message = "the configuration is wrong", .details = std::move(config).error()});
}

Result<Secret, CommandError> ask_key(const std::string& key_file) {
    std::string typed;
    if (!key_file.empty()) {
        std::ifstream in(key_file);
        if (!in) return std::unexpected(CommandError{.exit = exit_not_found, .message = fmt::format("{} cannot be read", key_file)});
        std::getline(in, typed);
    } else {
        if (isatty(STDIN_FILENO) == 1) fmt::print(stderr, "Recovery key: ");
        std::getline(std::cin, typed);
    }
    auto key = vault::parse_recovery_key(typed);
    if (!key)
        return std::unexpected(CommandError{
            .exit = exit_refused, .message = "this is no recovery key: it has 8 groups of 5 letters and digits, and its checksum does not match"});
    return std::move(*key);
}

}  // namespace

Done show_vault(ApiClient& api, const Output& output, const ServerName& name, const std::string& state) {
    const auto path = fmt::format("/v1/servers/{}", net::percent_encoded(name.id));
    const auto query = "?namespace=" + net::percent_encoded(name.space);
    TRY(server, api.call({.path = path + query}));
    TRY(listed, api.call({.path = path + "/snapshots" + query + "&limit=1000"}));
    TRY(config, local_config(state));
    const auto repository = config.vault.place + "/" + text_at(server.body, "uid");
    const auto password_file = config.state + "/vault.key";
    if (output.json) {
        fmt::print(
            "{}\n",
            to_json(Value::object({{"repository", repository}, {"password_file", password_file}, {"snapshots", member(listed.body, "items")}})));
        return Success{};
    }
    const auto snapshots = snapshots_of(listed.body);
    fmt::print("{}", app::restore_help({.name = name.space + "/" + name.id, .repository = repository, .password_file = password_file}, snapshots));
    if (net::s3::is_location(config.vault.place)) {
        fmt::print("restic needs the key of the store, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment.\n");
    }
    return Success{};
}

Done recover_all(const Output& output, const std::string& vault, const std::string& key_file, const std::string& state) {
    TRY(config, local_config(state));
    TRY(key, ask_key(key_file));
    auto found = adopt_vault(config, {.place = vault, .recovery_key = key});
    if (!found) return std::unexpected(CommandError{.exit = exit_failed, .message = found.error()});
    std::size_t lost = 0;
    Table table({"NAME", "WHAT", "SNAPSHOT OF", "REMARK"});
    Value::Array json;
    for (const auto& server : *found) {
        const auto name = server.id.empty() ? server.uid.text() : server.space + "/" + server.id;
        const auto taken = server.snapshot ? rfc3339(server.snapshot->created_at) : std::string();
        table.add({name, server.what, when(taken), server.detail});
        json.push_back(
            Value::object({{"uid", server.uid.text()}, {"name", name}, {"what", server.what}, {"snapshot_of", taken}, {"detail", server.detail}}));
        if (server.what == "lost") ++lost;
    }
    if (output.json) fmt::print("{}\n", to_json(Value(std::move(json))));
    else fmt::print("{}", table.text("there is no repository in " + vault, output.screen));
    if (lost > 0) return std::unexpected(CommandError{.exit = exit_failed, .message = fmt::format("{} could not be rebuilt", lost)});
    if (!output.json) fmt::print("start Gamekeeper with: gamekeeper --state {} serve; then start each server\n", config.state);
    return Success{};
}

}  // namespace gk::programs
