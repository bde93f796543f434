#pragma once

#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "programs/cli/api_client.hpp"
#include "programs/cli/screen.hpp"
#include "programs/cli/sleep_wish.hpp"

// What the command line does, one function for each command. Results go to standard output, everything else to standard error.
namespace gk::programs {

struct Output {
    bool json = false;
    bool wait = true;       // False: --no-wait.
    bool timings = false;
    Milliseconds patience = std::chrono::minutes(30);  // --timeout
    Screen screen;          // Of standard output.
};

using Done = Result<Success, CommandError>;

// For -o json: the API's object; a list's pages as one.
Done print_json(const Value& value);
Done print_list(Value::Array items);

struct ServerName {
    std::string id;
    std::string space = "default";
};

struct CreateWish {
    ServerName name;
    std::string game;
    std::string package;
    std::optional<std::int64_t> cpu_millis, memory_mib, disk_mib;
    std::vector<std::string> settings;  // "name=value"
    std::vector<std::string> labels;    // "name=text"
    std::string backup_every;
    std::string launch;
    std::string exposure;  // "TYPE[,NAME=TEXT...]"
    SleepWish sleep;
    std::vector<std::string> notify;  // Mail addresses.
    std::string world;
    bool start = false;
};
Done create_server(ApiClient& api, const Output& output, const CreateWish& wish);

struct VerbWish {
    ServerName name;
    std::string verb;      // start, pause, stop, restart, delete
    bool force = false;
    bool purge = false;
    bool yes = false;      // Do not ask before destroying.
};
Done change_server(ApiClient& api, const Output& output, const VerbWish& wish);

// Of a cluster.
Done list_nodes(ApiClient& api, const Output& output);
Done show_node(ApiClient& api, const Output& output, const std::string& name);
// Says what it means, and asks, unless `yes`.
Done confirm_dead(ApiClient& api, const Output& output, const std::string& name, bool yes);

Done list_edge_routes(ApiClient& api, const Output& output);
Done list_edge_sessions(ApiClient& api, const Output& output);
Done show_edge_stats(ApiClient& api, const Output& output);
Done list_edge_bans(ApiClient& api, const Output& output);
// An empty `lasts` is until somebody lifts it.
Done ban_address(ApiClient& api, const Output& output, const std::string& address, const std::string& lasts);
Done unban_address(ApiClient& api, const Output& output, const std::string& address);

Done list_servers(ApiClient& api, const Output& output, const std::string& space);
Done show_server(ApiClient& api, const Output& output, const ServerName& name);
struct SetWish {
    ServerName name;
    std::vector<std::string> settings;  // "name=value"
    std::vector<std::string> labels;    // "name=text", or "name-" to take it away.
    std::string backup_every;
    std::string launch;
    std::string exposure;  // "TYPE[,NAME=TEXT...]"
    SleepWish sleep;
    std::vector<std::string> notify;  // Mail addresses; they replace what was there. "none": nobody.
};
Done set_server(ApiClient& api, const Output& output, const SetWish& wish);
struct ScheduleWish {
    ServerName name;
    std::vector<std::string> lines;  // "0 4 * * * restart"; they replace what was there.
    bool none = false;               // Nothing at all.
};
// Without lines it shows what is scheduled.
Done schedule_server(ApiClient& api, const Output& output, const ScheduleWish& wish);
Done explain_server(ApiClient& api, const Output& output, const ServerName& name);
Done send_command(ApiClient& api, const Output& output, const ServerName& name, const std::string& line);
struct LogWish {
    ServerName name;
    int tail = 100;
    bool follow = false;
    std::string match;
    bool times = false;  // Each line with the time at which it was printed.
};
Done show_logs(ApiClient& api, const Output& output, const LogWish& wish);

Done take_snapshot(ApiClient& api, const Output& output, const ServerName& name);
Done list_snapshots(ApiClient& api, const Output& output, const ServerName& name);
// An empty snapshot with `undo` goes back to what was before the last restore. "latest" is the newest complete one; a unique beginning of an
// id will do.
Done restore_server(ApiClient& api, const Output& output, const ServerName& name, const std::string& snapshot, bool undo);

Done list_games(ApiClient& api, const Output& output);
Done show_game(ApiClient& api, const Output& output, const std::string& name);

Done create_key(ApiClient& api, const Output& output, const std::string& name, const std::string& scope);
Done list_keys(ApiClient& api, const Output& output);
Done revoke_key(ApiClient& api, const Output& output, const std::string& id);

// What went wrong, and who has been told.
Done list_incidents(ApiClient& api, const Output& output);
// To everybody who gets mails, or to `to`; fails when one was not taken.
Done test_mail(ApiClient& api, const Output& output, const std::string& to);

Done list_operations(ApiClient& api, const Output& output, const ServerName& name);
Done follow_operation(ApiClient& api, const Output& output, const std::string& id);

// Waits for the operation's end, showing its steps; used by every command that changes something.
Done finish_operation(ApiClient& api, const Output& output, Value operation, const std::string& done_text);

}  // namespace gk::programs
