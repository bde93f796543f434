#include "programs/serve/serve.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "adapters/system/log.hpp"
#include "async/run.hpp"
#include "programs/config/usual_places.hpp"
#include "programs/descriptors.hpp"
#include "programs/exit_code.hpp"
#include "programs/serve/control_plane.hpp"
#include "programs/serve/rights.hpp"

namespace gk::programs {
namespace {

int refuse(const ConfigErrors& errors) {
    fmt::print(stderr, "gamekeeper: the configuration is wrong; nothing was started\n");
    for (const auto& error : errors) fmt::print(stderr, "  {}\n", error);
    return exit_usage;
}

Result<std::string, ConfigErrors> text_of_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::unexpected(ConfigErrors{fmt::format("{} cannot be read", path)});
    return std::string(std::istreambuf_iterator<char>(in), {});
}

void add(ConfigErrors& all, ConfigErrors more) {
    for (auto& error : more) all.push_back(std::move(error));
}

// The file that was named, else <state>/gamekeeper.yaml when it is there.
Result<SaidByKey, ConfigErrors> said_in_chosen_file(const ServeOptions& options, const std::string& state) {
    auto path = options.config_file;
    if (path.empty()) {
        path = state + "/gamekeeper.yaml";
        if (access(path.c_str(), F_OK) != 0) return SaidByKey{};
    }
    TRY(text, text_of_file(path));
    return said_in_file(text, path);
}

void announce(const std::string& listening, const FirstStart& first) {
    fmt::print("Gamekeeper answers at {}\n", listening);
    if (!first.admin_key.empty()) fmt::print("First admin key, shown once: {}\n", first.admin_key.reveal());
    if (!first.recovery_key.empty()) {
        fmt::print("Recovery key, shown once: {}\n  Write it down: with it and the vault alone every world comes back (gamekeeper recover).\n",
                   first.recovery_key.reveal());
    }
    if (!first.shown_by.empty()) fmt::print("The first admin key and the recovery key of all backups are shown by\n{}\n", first.shown_by);
    std::fflush(stdout);
}

}  // namespace

Result<Config, ConfigErrors> read_config(const ServeOptions& options) {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    ConfigErrors errors;
    auto in_environment = said_in_environment(environment);
    if (!in_environment) add(errors, in_environment.error());
    auto by_originals = said_by_originals(environment);
    if (!by_originals) add(errors, by_originals.error());
    const auto said_state = [&]() -> std::string {
        if (const auto flag = options.said.find("state"); flag != options.said.end()) return flag->second.text;
        if (in_environment && in_environment->contains("state")) return in_environment->at("state").text;
        return {};
    }();
    const auto state = said_state.empty() ? default_state() : said_state;
    auto in_file = said_in_chosen_file(options, state);
    if (!in_file) add(errors, in_file.error());
    const SaidByKey usual = {{"state", {state, "default"}}, {"api.socket", {default_socket(said_state), "default"}}};
    const SaidByKey nothing;
    return make_config({usual, by_originals.value_or(nothing), in_file.value_or(nothing), in_environment.value_or(nothing), options.said},
                       std::move(errors));
}

int serve_main(const ServeOptions& options) {
    const auto config = read_config(options);
    if (!config) return refuse(config.error());
    if (options.check_only) {
        fmt::print("the configuration is fine\n");
        return exit_ok;
    }
    std::signal(SIGPIPE, SIG_IGN);
    auto rights = settle_rights(*config);
    if (!rights) {
        fmt::print(stderr, "gamekeeper: {}\n", rights.error());
        return exit_failed;
    }
    const auto form = isatty(STDERR_FILENO) == 1 ? system::LogSink::Form::text : system::LogSink::Form::json;
    auto sink = system::LogSink::open(form, "");
    if (!sink) {
        fmt::print(stderr, "gamekeeper: {}\n", sink.error());
        return exit_failed;
    }
    log::set_sink(sink->get(), from_name<log::Level>(config->log.level).value_or(log::Level::info));
    raise_descriptor_limit();  // Each connection to the API is one. The launcher, which starts games, keeps the limit that we were given.
    std::string why;
    {
        boost::asio::io_context loop(1);
        why = async::run_until_done(loop, run_control_plane(loop, *config, *rights, announce));
    }
    wait_for_launcher(*rights);
    log::set_sink(nullptr);
    if (why.empty()) return exit_ok;
    fmt::print(stderr, "gamekeeper: {}\n", why);
    return exit_failed;
}

}  // namespace gk::programs
