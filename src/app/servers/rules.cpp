#include "app/servers/rules.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "domain/catalog/render.hpp"
#include "domain/schedule/cron.hpp"
#include "domain/server/secret_place.hpp"

namespace gk::app {
namespace {

constexpr std::size_t labels_max = 64;
constexpr std::size_t label_size_max = 256;
constexpr std::size_t schedules_max = 32;
constexpr Milliseconds backup_every_min = std::chrono::minutes(1);

bool is_name_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

void check_name(Errors& errors, std::string_view field, std::string_view text) {
    if (is_name(text)) return;
    errors.add(pointer_to("", field), "bad_format",
               fmt::format("'{}' may have 1 to 50 lower-case letters, digits and '-', with no '-' at either end", text));
}

void check_labels(Errors& errors, const std::map<std::string, std::string>& labels) {
    if (labels.size() > labels_max) errors.add("/labels", "out_of_range", fmt::format("at most {} labels", labels_max));
    for (const auto& [name, text] : labels) {
        if (name.empty() || name.size() > label_size_max || text.size() > label_size_max) {
            errors.add(pointer_to("/labels", name), "out_of_range", fmt::format("a label's name and text have at most {} bytes", label_size_max));
        }
    }
}

void check_schedules(Errors& errors, const std::vector<server::Schedule>& schedules) {
    if (schedules.size() > schedules_max) errors.add("/schedules", "out_of_range", fmt::format("at most {} schedules", schedules_max));
    for (std::size_t i = 0; i < schedules.size(); ++i) {
        const auto& schedule = schedules[i];
        const auto pointer = pointer_to("/schedules", i);
        if (const auto cron = schedule::parse_cron(schedule.at); !cron) errors.add(pointer + "/at", "bad_format", cron.error());
        const bool is_command = schedule.action == server::Schedule::Action::command;
        if (is_command == schedule.command.empty()) {
            errors.add(pointer + "/command", is_command ? "required" : "not_allowed",
                       is_command ? "a schedule that does 'command' needs one" : "only a schedule that does 'command' has one");
        }
    }
}

void check_interval(Errors& errors, const std::optional<Milliseconds>& every) {
    if (every && *every < backup_every_min) errors.add("/backup_every", "out_of_range", "a backup more often than every minute is not possible");
}

std::vector<std::string_view> choices_of(const Exposures& exposures) {
    std::vector<std::string_view> out;
    for (const auto kind : exposures) out.push_back(name_of(kind));
    return out;
}

void check_exposure(Errors& errors, const server::Exposure& exposure, const Exposures& allowed) {
    if (allowed.empty()) {
        errors.add("/exposure", "not_allowed", "on one machine a game binds the machine's own ports; only servers of a cluster have an exposure");
        return;
    }
    server::check(exposure, "/exposure", errors);
    if (std::ranges::find(allowed, exposure.kind) != allowed.end()) return;
    errors.add("/exposure/type", "not_allowed",
               fmt::format("'{}' is not allowed in this cluster, only: {}; its operator decides that by cluster.exposures in gamekeeper.yaml",
                           name_of(exposure.kind), fmt::join(choices_of(allowed), ", ")));
}

// Of a server that does not say how it is reached. To open it in another way than its game wants would show what was to stay inside.
void check_usual_exposure(Errors& errors, const catalog::Catalog& games, std::string_view game, std::string_view package, const Exposures& allowed) {
    const auto kind = allowed.empty() ? std::nullopt : games.exposure_for(games.game(game), package);
    if (!kind || std::ranges::find(allowed, *kind) != allowed.end()) return;
    errors.add(
        "/exposure", "not_allowed",
        fmt::format("'{}' is how servers of game '{}' are reached that say nothing, and it is not allowed in this cluster, only: {}; choose one "
                    "of them, or let its operator allow it by cluster.exposures in gamekeeper.yaml",
                    name_of(*kind), game, fmt::join(choices_of(allowed), ", ")));
}

void add(Errors& errors, FieldError error) { errors.add(std::move(error.pointer), std::move(error.code), std::move(error.detail), error.mark); }

void check_launch(Errors& errors, const catalog::Game& game, server::LaunchWay way, const Exposures& exposures) {
    if (auto error = catalog::validate_launch(game, way, !exposures.empty())) add(errors, std::move(*error));
}

// Where values of secret settings may stand, and where not. `record` is that of a server that is there.
class SecretRules {
public:
    SecretRules(const catalog::Game& game, const server::Record* record, bool in_the_open, bool on_a_cluster)
        : game_(game),
          record_(record),
          in_the_open_(in_the_open),
          on_a_cluster_(on_a_cluster) {}

    void check(Errors& errors, const std::map<std::string, Value>& given) const {
        for (const auto& [name, value] : given) {
            const auto* setting = game_.setting(name);
            if (setting == nullptr || !setting->secret) continue;
            const auto problem = problem_with(name, value);
            if (!problem.empty()) errors.add(pointer_to("/settings", name), "not_allowed", problem, value.mark());
        }
    }

private:
    std::string problem_with(const std::string& name, const Value& value) const {
        const auto* text = value.as_string();
        if (in_the_open_ && text != nullptr && !text->empty())
            return fmt::format(
                "'{}' is a secret, and whoever may read this would know it; put it into a Secret with the label "
                "gamekeeper.dev/settings=true and write {{secret: {{name: ..., key: ...}}}}",
                name);
        const auto place = server::secret_place(value);
        if (!place) return {};
        if (place->is_stored() && !is_known(name, value))
            return fmt::format("the value of '{}' is not stored here under that word; give the value itself, or name a Secret", name);
        if (!place->is_stored() && !on_a_cluster_) return fmt::format("Secrets are a cluster's; give the value of '{}' itself", name);
        return {};
    }
    bool is_known(const std::string& name, const Value& value) const {
        if (record_ == nullptr) return false;
        const auto found = record_->settings.find(name);
        return found != record_->settings.end() && found->second == value;
    }

    const catalog::Game& game_;
    const server::Record* record_;
    bool in_the_open_;
    bool on_a_cluster_;
};

void add_all(Errors& errors, std::vector<FieldError> more) {
    for (auto& error : more) add(errors, std::move(error));
}

// One place lies in the other, or both are the same.
bool is_same_place(std::string_view one, std::string_view other) {
    const auto length = std::min(one.size(), other.size());
    return one.substr(0, length) == other.substr(0, length) && (one.size() == other.size() || (one.size() > length ? one : other)[length] == '/');
}

// Rules say nothing of a place that could not be read: there they saw only what was left of it.
std::vector<FieldError> together(std::vector<FieldError> unread, std::vector<FieldError> ruled) {
    std::erase_if(ruled, [&unread](const FieldError& rule) {
        return std::ranges::any_of(unread, [&rule](const FieldError& error) { return is_same_place(rule.pointer, error.pointer); });
    });
    std::ranges::move(ruled, std::back_inserter(unread));
    return unread;
}

}  // namespace

std::string package_of(const CreateOrder& order) {
    if (order.resources) return {};
    return order.package.empty() ? std::string(catalog::Catalog::usual_package) : order.package;
}

std::optional<server::Exposure> usual_exposure(const Exposures& exposures, const catalog::Catalog& games, std::string_view game,
                                               std::string_view package) {
    if (exposures.empty()) return std::nullopt;
    const auto kind = games.exposure_for(games.game(game), package).value_or(exposures.front());
    return server::Exposure{.kind = kind, .address = {}, .dns_label = {}, .static_address = {}};
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 50 && std::ranges::all_of(text, is_name_character) && text.front() != '-' && text.back() != '-';
}

std::vector<FieldError> check(const CreateOrder& order, const catalog::Catalog& games, const Exposures& exposures, bool pods_may_be_root) {
    Errors errors;
    check_name(errors, "id", order.id);
    check_name(errors, "namespace", order.space);
    const auto* game = games.game(order.game);
    if (game == nullptr) add(errors, games.unknown_game(order.game));
    else {
        add_all(errors, catalog::validate_settings(*game, order.settings));
        SecretRules(*game, nullptr, order.in_the_open, !exposures.empty()).check(errors, order.settings);
    }
    const auto resources = games.resources_for(game, order.package, order.resources);
    if (!resources) add(errors, resources.error());
    else if (game != nullptr) add_all(errors, catalog::validate_resources(*game, *resources));
    check_labels(errors, order.labels);
    check_schedules(errors, order.schedules);
    check_interval(errors, order.backup_every);
    if (game != nullptr) check_launch(errors, *game, order.launch, exposures);
    const bool is_locked_down = !exposures.empty() && !pods_may_be_root;
    if (game != nullptr && is_locked_down && catalog::needs_root(*game)) errors.add("/game", "not_allowed", std::string(catalog::runs_as_root));
    if (order.exposure) check_exposure(errors, *order.exposure, exposures);
    else check_usual_exposure(errors, games, order.game, package_of(order), exposures);
    return together(order.unread, errors.take());
}

std::vector<FieldError> check(const PatchOrder& order, const server::Record& record, const catalog::Catalog& games, const Exposures& exposures) {
    Errors errors;
    if (order.settings) {
        const auto* game = games.game(record.game);
        if (game == nullptr) add(errors, games.unknown_game(record.game));
        else {
            add_all(errors, catalog::validate_settings(*game, merged(record.settings, *order.settings)));
            SecretRules(*game, &record, order.in_the_open, !exposures.empty()).check(errors, *order.settings);
        }
    }
    if (order.labels) check_labels(errors, merged(record.labels, *order.labels));
    if (order.schedules) check_schedules(errors, *order.schedules);
    check_interval(errors, order.backup_every.value_or(std::nullopt));
    const auto* game = games.game(record.game);
    if (order.launch && game != nullptr) check_launch(errors, *game, *order.launch, exposures);
    if (order.exposure && *order.exposure) check_exposure(errors, **order.exposure, exposures);
    else if (order.exposure) check_usual_exposure(errors, games, record.game, record.package, exposures);
    return together(order.unread, errors.take());
}

std::map<std::string, Value> merged(std::map<std::string, Value> settings, const std::map<std::string, Value>& changes) {
    for (const auto& [name, value] : changes) {
        if (value.is_null()) settings.erase(name);
        else settings.insert_or_assign(name, value);
    }
    return settings;
}

std::map<std::string, std::string> merged(std::map<std::string, std::string> labels,
                                          const std::map<std::string, std::optional<std::string>>& changes) {
    for (const auto& [name, text] : changes) {
        if (text) labels.insert_or_assign(name, *text);
        else labels.erase(name);
    }
    return labels;
}

}  // namespace gk::app
