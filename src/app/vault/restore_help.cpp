#include "app/vault/restore_help.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/time.hpp"

namespace gk::app {
namespace {

constexpr std::size_t short_id_size = 8;

// As one word of a shell.
std::string quoted(std::string_view word) {
    std::string text = "'";
    for (const char c : word) {
        if (c == '\'') text += "'\\''";
        else text += c;
    }
    return text + "'";
}

std::string line_of(const vault::Snapshot& snapshot) {
    return fmt::format("  {:<10} {}  {:<9} {:<15} {:>8} files  {}\n", snapshot.engine_id.substr(0, short_id_size), rfc3339(snapshot.created_at),
                       name_of(snapshot.consistency), name_of(snapshot.trigger), snapshot.files,
                       size_text(static_cast<std::uint64_t>(snapshot.bytes)));
}

}  // namespace

std::string restore_help(const RestoreHelp& where, std::span<const vault::Snapshot> newest_first) {
    std::string text = fmt::format("The backups of {} are a restic repository in\n  {}\n\n", where.name, where.repository);
    const auto is_complete = [](const vault::Snapshot& snapshot) { return snapshot.status == vault::SnapshotStatus::complete; };
    const auto newest = std::ranges::find_if(newest_first, is_complete);
    if (newest == newest_first.end()) return text + "There is no complete snapshot in it yet.\n";
    text += "Complete snapshots, newest first:\n";
    for (const auto& snapshot : newest_first) {
        if (is_complete(snapshot)) text += line_of(snapshot);
    }
    const auto restic = fmt::format("  restic --no-lock --repo {} --password-file {}", quoted(where.repository), quoted(where.password_file));
    const auto id = newest->engine_id.substr(0, short_id_size);
    text += fmt::format("\nTo list them with restic:\n{} snapshots\n", restic);
    text += fmt::format(
        "\nTo get the newest world into the folder ./restored (the files are then in ./restored/data):\n{} restore {} --target restored --include "
        "/data\n",
        restic, id);
    text += fmt::format("\nTo see how the server was set up (settings, ports, passwords):\n{} dump {} /record/record.json\n", restic, id);
    text +=
        "\nWith the recovery key instead of that file: leave out --password-file and type the key, with its dashes, when restic asks for the "
        "password.\n";
    return text;
}

}  // namespace gk::app
