#include "domain/catalog/render.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "domain/catalog/secret_setting.hpp"
#include "domain/catalog/values.hpp"
#include "domain/server/request.hpp"

namespace gk::catalog {
namespace {

// Ports and secrets are given to a server when it is made; a definition that asks for more later finds them missing.
void check_given(const Game& game, const server::Record& record, std::vector<FieldError>& errors) {
    const auto lacks = [&](std::string_view what, const std::string& name) {
        errors.push_back(
            {pointer_to(pointer_to("", what), name),
             "required",
             fmt::format("this server was made before {} asked for '{}' under {}; make it again from its backup", game.title, name, what),
             {}});
    };
    for (const auto& port : game.ports) {
        if (std::ranges::find(record.ports, port.role, &server::PortBinding::role) == record.ports.end()) lacks("ports", port.role);
    }
    for (const auto& secret : game.secrets) {
        if (!record.secrets.contains(secret)) lacks("secrets", secret);
    }
}

std::vector<FieldError> obstacles(const Game& game, const server::Record& record, const RenderContext& context) {
    auto errors = validate_settings(game, record.settings);
    for (auto& error : validate_secrets(game, record)) errors.push_back(std::move(error));
    if (auto error = validate_launch(game, record.launch, context.images.has_value())) errors.push_back(std::move(*error));
    for (auto& error : validate_resources(game, record.resources)) errors.push_back(std::move(error));
    check_given(game, record, errors);
    return errors;
}

std::vector<std::string> filled(const std::vector<Template>& texts, const PlaceholderValues& values) {
    std::vector<std::string> out;
    for (const auto& text : texts) out.push_back(text.fill_text(values.lookup()));
    return out;
}

std::vector<std::string> render_command(const Game& game, server::LaunchWay way, const PlaceholderValues& values) {
    std::vector<std::string> argv;
    if (way == server::LaunchWay::wrapper) argv = filled(game.launch.wrapper, values);
    for (const auto& argument : game.command) {
        if (!argument.when.empty() && !values.is_set(argument.when)) continue;
        for (const auto& text : argument.argv) argv.push_back(text.fill_text(values.lookup()));
    }
    return argv;
}

std::vector<server::InitContainer> render_init(const Game& game, const RenderContext& context, const PlaceholderValues& values) {
    std::vector<server::InitContainer> out;
    for (const auto& step : game.launch.init) {
        auto image =
            step.image.empty() || !context.images ? step.image : image_reference({.name = step.image}, context.images->prefix, context.images->tag);
        out.push_back({.name = step.name, .image = std::move(image), .argv = filled(step.argv, values)});
    }
    return out;
}

std::map<std::string, std::string> render_env(const Game& game, const RenderContext& context, const PlaceholderValues& values) {
    // What programs expect to find; a definition may say otherwise.
    std::map<std::string, std::string> env = {{"HOME", context.data_directory}, {"LANG", "C.UTF-8"}, {"PATH", "/usr/bin:/bin:/usr/games"}};
    for (const auto& [name, text] : game.env) env[name] = text.fill_text(values.lookup());
    return env;
}

// A NUL would end an argument early: execve() knows no other way.
void check_argv(const std::vector<std::string>& argv, std::vector<FieldError>& errors) {
    for (std::size_t i = 0; i < argv.size(); ++i) {
        if (argv[i].find('\0') != std::string::npos)
            errors.push_back({pointer_to("/command", i), "bad_format", "an argument cannot hold a NUL character", {}});
    }
}

std::vector<Edit> edits_of(const GameFile& file, const Lookup& lookup) {
    std::vector<Edit> edits;
    for (const auto& key : file.keys) {
        auto value = key.value.fill(lookup);
        // An optional setting that nobody gave: what is in the file stays.
        if (value.is_null() && !key.value.placeholders().empty()) continue;
        edits.push_back({key.path, std::move(value)});
    }
    return edits;
}

FieldError edit_failure(const GameFile& file, std::size_t index, const EditError& error) {
    auto detail =
        error.line > 0 ? fmt::format("{}, line {}: {}", file.path, error.line, error.message) : fmt::format("{}: {}", file.path, error.message);
    return {pointer_to("/files", index), "bad_format", std::move(detail), {}};
}

}  // namespace

bool needs_root(const Game& game) {
    const auto image_at = [](const Source& source) { return image_of(source); };
    auto images = game.sources | std::views::transform(image_at) | std::views::filter([](const ImageSource* it) { return it != nullptr; });
    return !images.empty() && std::ranges::all_of(images, [](const ImageSource* it) { return it->user == 0; });
}

std::optional<FieldError> validate_launch(const Game& game, server::LaunchWay way, bool on_cluster) {
    const auto refused = [&](std::string detail) { return FieldError{"/launch", "not_allowed", std::move(detail), {}}; };
    switch (way) {
    case server::LaunchWay::shim: return std::nullopt;
    case server::LaunchWay::wrapper:
        if (!game.launch.wrapper.empty()) return std::nullopt;
        return refused(fmt::format("{} has no wrapper; add launch.wrapper to its definition, or leave 'launch' out", game.title));
    case server::LaunchWay::init:
        if (!on_cluster) return refused("init containers are for clusters; on one machine a game starts by 'shim' or 'wrapper'");
        if (!game.launch.init.empty()) return std::nullopt;
        return refused(fmt::format("{} has no init containers; add launch.init to its definition, or leave 'launch' out", game.title));
    }
    std::unreachable();
}

std::vector<PortWish> port_wishes(const Game& game) {
    std::vector<PortWish> wishes;
    std::map<std::string, int> groups;  // By the role that the others are relative to.
    for (const auto& port : game.ports) {
        if (!port.relative_to.empty()) groups.emplace(port.relative_to, static_cast<int>(groups.size()) + 1);
    }
    for (const auto& port : game.ports) {
        const auto group = groups.find(port.relative_to.empty() ? port.role : port.relative_to);
        wishes.push_back({.role = port.role,
                          .tcp = port.tcp,
                          .udp = port.udp,
                          .internal = port.internal,
                          .group = group == groups.end() ? 0 : group->second,
                          .offset = port.offset});
    }
    return wishes;
}

Result<server::LaunchSpec, std::vector<FieldError>> render_launch(const Game& game, const server::Record& record, const RenderContext& context) {
    if (auto errors = obstacles(game, record, context); !errors.empty()) return std::unexpected(std::move(errors));
    const PlaceholderValues values(game, record, context);
    server::LaunchSpec spec;
    spec.uid = record.uid;
    spec.name = record.space + "/" + record.id;
    spec.slot = record.slot;
    spec.argv = render_command(game, record.launch, values);
    if (record.launch == server::LaunchWay::init) spec.init = render_init(game, context, values);
    spec.env = render_env(game, context, values);
    spec.working_directory = game.working_directory.empty() ? context.data_directory : context.data_directory + "/" + game.working_directory;
    if (!context.game_files.empty()) spec.mounts.push_back({context.game_files, context.game_directory});
    spec.terminal = game.terminal;
    spec.resources = record.resources;
    spec.ports = record.ports;
    spec.bind_address = bind_address(record, context);
    spec.ready = game.ready;
    spec.stop = game.stop;
    spec.console = game.console;
    if (!game.console.secret.empty()) spec.console_password = record.secrets.at(game.console.secret);
    spec.quiesce = game.quiesce;
    spec.exposure = record.applied_exposure;
    spec.players = game.players;
    std::vector<FieldError> errors;
    check_argv(spec.argv, errors);
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return spec;
}

bool binds_where_told(const Game& game) {
    const auto text = to_json(game.document);
    return text.contains("{{bind_address}}") || text.contains("{{ bind_address }}");
}

std::string bind_address(const server::Record& record, const RenderContext& context) {
    // A pod has an address of its own, by which the edge reaches it.
    const bool is_in_a_pod = kind_of(record.applied_exposure) == server::Exposure::Kind::edge;
    return record.behind_edge && !is_in_a_pod ? server::loopback_of(record) : context.bind_address;
}

std::vector<std::string> rendered_paths(const Game& game) {
    std::vector<std::string> paths;
    for (const auto& file : game.files) paths.push_back(file.path);
    return paths;
}

Result<std::vector<RenderedFile>, std::vector<FieldError>> render_files(const Game& game, const server::Record& record, const RenderContext& context,
                                                                        const std::map<std::string, std::string>& present) {
    if (auto errors = obstacles(game, record, context); !errors.empty()) return std::unexpected(std::move(errors));
    const PlaceholderValues values(game, record, context);
    std::vector<RenderedFile> changed;
    std::vector<FieldError> errors;
    for (std::size_t i = 0; i < game.files.size(); ++i) {
        const auto& file = game.files[i];
        const auto there = present.find(file.path);
        const auto before = there != present.end() ? there->second : file.content.fill_text(values.lookup());
        auto after = edit_file(file.format, before, edits_of(file, values.lookup()));
        if (!after) errors.push_back(edit_failure(file, i, after.error()));
        else if (there == present.end() || *after != there->second) changed.push_back({file.path, std::move(*after)});
    }
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return changed;
}

}  // namespace gk::catalog
