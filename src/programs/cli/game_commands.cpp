#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "programs/cli/local_commands.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"
#include "programs/config/usual_places.hpp"
#include "programs/serve/games.hpp"

namespace gk::programs {
namespace {

Result<catalog::Game, CommandError> checked(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::unexpected(CommandError{.exit = exit_not_found, .message = fmt::format("{} cannot be read", file)});
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto game = read_game(text, file);
    if (!game) {
        return std::unexpected(
            CommandError{.exit = exit_failed, .message = fmt::format("{} is not a right game definition", file), .details = std::move(game).error()});
    }
    return std::move(*game);
}

}  // namespace

Done check_game(const Output& output, const std::string& file) {
    TRY(game, checked(file));
    if (output.json) fmt::print("{}\n", to_json(Value::object({{"name", game.name}, {"title", game.title}})));
    else fmt::print("{} is fine: {} ({} settings, {} ports)\n", file, game.title, game.settings.size(), game.ports.size());
    return Success{};
}

Done add_game(const Output& output, const std::string& file, const std::string& state) {
    TRY(game, checked(file));
    const auto folder = std::filesystem::path(state.empty() ? default_state() : state) / "games";
    const auto target = folder / (game.name + ".yaml");
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) std::filesystem::copy_file(file, target, std::filesystem::copy_options::overwrite_existing, error);
    if (error)
        return std::unexpected(
            CommandError{.exit = exit_failed, .message = fmt::format("{} cannot be written: {}", target.string(), error.message())});
    if (!output.json) fmt::print("added '{}' as {}; it is there after the next start of gamekeeper serve\n", game.name, target.string());
    return Success{};
}

Done list_packages(ApiClient& api, const Output& output) {
    TRY(reply, api.call({.path = "/v1/packages"}));
    if (output.json) return print_json(reply.body);
    Table table({"NAME", "CPU", "MEMORY", "DISK"});
    for (const auto& package : items_of(reply.body)) {
        const auto& resources = member(package, "resources");
        table.add({text_at(package, "name"), cpu_text(number_at(resources, "cpu_millis").value_or(0)),
                   mebibytes_text(number_at(resources, "memory_mib").value_or(0)), mebibytes_text(number_at(resources, "disk_mib").value_or(0))});
    }
    fmt::print("{}", table.text("no packages", output.screen));
    return Success{};
}

}  // namespace gk::programs
