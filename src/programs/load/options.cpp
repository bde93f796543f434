#include "programs/load/options.hpp"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace gk::programs {
namespace {

constexpr double clients_most = 100'000;
constexpr double rounds_most = 1'000'000;
constexpr double match_seconds_most = 86'400;
constexpr double rate_most = 1'000'000;

struct Bounds {
    double least;
    double most;
};

// Text that is no number, and numbers out of bounds, are told apart from none: a run with other numbers than were asked for proves nothing.
Result<Success, std::string> read_number(const std::string& text, std::string_view name, Bounds bounds, double& out) {
    if (text.empty()) return Success{};
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    const bool is_number = end == text.c_str() + text.size() && std::isfinite(number);
    if (!is_number || number < bounds.least || number > bounds.most) {
        return std::unexpected(fmt::format("{} '{}' is no number between {} and {}", name, text, bounds.least, bounds.most));
    }
    out = number;
    return Success{};
}

Result<Success, std::string> read_count(const std::string& text, std::string_view name, double most, std::size_t& out) {
    auto number = static_cast<double>(out);
    TRY_OK(read_number(text, name, {.least = 1, .most = most}, number));
    if (number != std::floor(number)) return std::unexpected(fmt::format("{} '{}' is no whole number", name, text));
    out = static_cast<std::size_t>(number);
    return Success{};
}

Result<Success, std::string> read_duration(const std::string& text, std::string_view name, Milliseconds& out) {
    if (text.empty()) return Success{};
    const auto duration = parse_duration(text);
    if (!duration) return std::unexpected(fmt::format("{} '{}' is no duration; write for example 100ms or 60s", name, text));
    out = *duration;
    return Success{};
}

Result<Success, std::string> read_limit(const std::string& text, std::string_view name, std::optional<Milliseconds>& out) {
    if (text.empty()) return Success{};
    return read_duration(text, name, out.emplace());
}

template <class E>
Result<Success, std::string> read_word(const std::string& text, std::string_view name, E& out) {
    if (text.empty()) return Success{};
    const auto word = from_name<E>(text);
    if (!word) return std::unexpected(fmt::format("{} '{}' is none of {}", name, text, fmt::join(names_of(E{}), ", ")));
    out = *word;
    return Success{};
}

// "30.0" as in the original, or "30s".
Result<Success, std::string> read_match_seconds(const std::string& text, double& out) {
    constexpr std::string_view name = "MATCH_DURATION (--match-duration)";
    if (const auto duration = parse_duration(text); !text.empty() && duration) {
        return read_number(fmt::format("{}", static_cast<double>(duration->count()) / 1000), name, {.least = 0.001, .most = match_seconds_most}, out);
    }
    return read_number(text, name, {.least = 0.001, .most = match_seconds_most}, out);
}

Result<Success, std::string> read_errors_max(std::string text, LoadLimits& out) {
    if (text.ends_with('%')) {
        out.errors_are_percent = true;
        text.pop_back();
    }
    return read_number(text, "--max-errors", {.least = 0, .most = out.errors_are_percent ? 100 : clients_most * rounds_most}, out.errors_max);
}

Result<Success, std::string> read_limits(const LoadWish& wish, LoadOptions& out) {
    TRY_OK(read_duration(wish.match_limit, "--match-limit", out.match_limit));
    TRY_OK(read_duration(wish.connect_limit, "--connect-limit", out.connect_limit));
    TRY_OK(read_errors_max(wish.errors_max, out.limits));
    TRY_OK(read_limit(wish.p99_join, "--p99-join", out.limits.p99_join));
    TRY_OK(read_limit(wish.p99_match, "--p99-match", out.limits.p99_match));
    return read_limit(wish.p99_connected, "--p99-connected", out.limits.p99_connected);
}

}  // namespace

Result<LoadOptions, std::string> load_options(const LoadWish& wish) {
    LoadOptions out;
    const auto remote = net::parse_remote(wish.url.empty() ? "http://localhost:8080" : wish.url);
    if (!remote) return std::unexpected(fmt::format("TARGET_URL (--url): {}", remote.error()));
    out.target = *remote;
    TRY_OK(read_count(wish.clients, "CLIENTS", clients_most, out.clients));
    TRY_OK(read_count(wish.rounds, "--rounds", rounds_most, out.rounds));
    TRY_OK(read_match_seconds(wish.match_duration, out.match_seconds));
    TRY_OK(read_number(wish.spawn_rate, "SPAWN_RATE (--spawn-rate)", {.least = 0, .most = rate_most}, out.spawn_rate));
    out.host_override = wish.host_override;
    TRY_OK(read_word(wish.api, "--api", out.api));
    if (out.api == LoadApi::v1) out.wait = LoadWait::hold;
    TRY_OK(read_word(wish.wait, "--wait", out.wait));
    if (!wish.queue.empty()) out.queue = wish.queue;
    // An answer that is held back takes a connection for as long.
    if (out.wait == LoadWait::hold) out.connections = out.clients;
    TRY_OK(read_count(wish.connections, "--connections", clients_most, out.connections));
    TRY_OK(read_limits(wish, out));
    out.key = Secret(wish.key);
    out.many = wish.many;
    out.verbose = wish.verbose;
    return out;
}

}  // namespace gk::programs
