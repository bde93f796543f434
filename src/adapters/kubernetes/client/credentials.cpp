#include "adapters/kubernetes/client/credentials.hpp"

#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapters/kubernetes/client/text_file.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "net/json/json.hpp"
#include "tls/digest.hpp"

namespace gk::kubernetes {
namespace {

using namespace std::chrono_literals;
using wire::kubernetes::ExecCredential;
using wire::kubernetes::Failure;
using wire::kubernetes::PemSource;

constexpr auto plugin_limit = 60s;  // Some of them ask a provider over the internet.
constexpr std::size_t shown_max = 400;
constexpr auto pem_lifetime = 1min;

Result<std::string, std::string> pem_of(const PemSource& source) {
    if (!source.text.empty() || source.file.empty()) return source.text.reveal();
    return read_text_file(source.file);
}

// Marks a run as under way for as long as it lives, whichever way it ends.
class Running {
public:
    Running(bool& flag, async::WaitQueue& waiting) : flag_(flag), waiting_(waiting) { flag_ = true; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        flag_ = false;
        waiting_.wake_all();
    }

private:
    bool& flag_;
    async::WaitQueue& waiting_;
};

}  // namespace

Result<std::unique_ptr<Credentials>, std::string> Credentials::make(Clock& clock, wire::kubernetes::Target target, Programs* programs) {
    if (target.user.exec && programs == nullptr) return std::unexpected("this user's exec plug-in may not be run here");
    std::unique_ptr<Credentials> made(new Credentials(clock, std::move(target), programs));
    made->access_.token = made->target_.user.token;
    TRY(pem, made->read_pem());
    TRY_OK(made->secure(pem));
    made->pem_ = std::move(pem);
    made->pem_read_ = clock.now();
    return made;
}

Result<Credentials::Pem, std::string> Credentials::read_pem() const {
    TRY(authorities, pem_of(target_.cluster.authorities));
    TRY(certificate, pem_of(target_.user.certificate));
    TRY(key, pem_of(target_.user.key));
    return Pem{.authorities = std::move(authorities), .certificate = std::move(certificate), .key = Secret(std::move(key))};
}

Result<Success, std::string> Credentials::secure(Pem pem) {
    if (!target_.cluster.server.starts_with("https://")) return Success{};
    const tls::ClientTrust trust{.authorities = std::move(pem.authorities), .trust_anybody = target_.cluster.trusts_anybody};
    const tls::Identity identity{.certificates = std::move(pem.certificate), .key = std::move(pem.key)};
    TRY(context, tls::Context::for_client(trust, identity));
    access_.secured = std::move(context);
    ++access_.certificate;
    return Success{};
}

// Files that are being written anew may not fit together for a moment; what was read before goes on until they do.
void Credentials::read_pem_again() {
    const auto now = clock_.now();
    if (now < pem_read_ + pem_lifetime) return;
    pem_read_ = now;
    auto pem = read_pem();
    if (pem && *pem == pem_) {
        pem_told_ = false;
        return;
    }
    auto next = pem ? *pem : Pem();
    if (plugin_pem_) next = {.authorities = next.authorities, .certificate = plugin_pem_->certificate, .key = plugin_pem_->key};
    const auto secured = pem ? secure(std::move(next)) : Result<Success, std::string>(std::unexpected(pem.error()));
    if (!secured) {
        if (!std::exchange(pem_told_, true))
            log::warning("kubernetes", "certificates were not read again; the last ones go on", {{"reason", secured.error()}});
        return;
    }
    pem_told_ = false;
    pem_ = std::move(*pem);
    ++access_.serial;
}

Task<Result<Access, Failure>> Credentials::access() {
    read_pem_again();
    if (!target_.user.token_file.empty()) {
        const auto read = read_token_file();
        if (!read) co_return std::unexpected(Failure{.kind = Failure::Kind::unauthorized, .detail = read.error()});
    }
    if (target_.user.exec && wants_run()) {
        const auto ran = co_await run_plugin();
        if (!ran) co_return std::unexpected(Failure{.kind = Failure::Kind::unauthorized, .detail = ran.error()});
    }
    co_return access_;
}

void Credentials::refused(std::uint64_t serial) {
    if (serial != access_.serial) return;
    token_file_.refused();
    has_run_ = false;
}

// The file is local and small: reading it does not hold the loop up. A file that cannot be read is an error only when no token was read before.
Result<Success, std::string> Credentials::read_token_file() {
    const auto now = clock_.now();
    if (!token_file_.wants_read(now)) return Success{};
    auto text = read_text_file(target_.user.token_file);
    if (text && trimmed(*text).empty()) text = std::unexpected(target_.user.token_file + " is empty");
    if (!text) {
        if (!token_file_.token()) return std::unexpected(text.error());
        if (!std::exchange(told_, true)) log::warning("kubernetes", "token was not read again; the last one goes on", {{"reason", text.error()}});
        return Success{};
    }
    told_ = false;
    Secret token{std::string(trimmed(*text))};
    if (token != access_.token) ++access_.serial;
    access_.token = token;
    token_file_.read(std::move(token), now);
    return Success{};
}

bool Credentials::wants_run() const { return !has_run_ || (expires_ && clock_.calendar() >= *expires_); }

Task<Result<Success, std::string>> Credentials::run_plugin() {
    while (is_running_) co_await ran_.wait();
    if (!wants_run()) co_return Success{};
    const Running running(is_running_, ran_);
    const auto ran = co_await run_plugin_once();
    if (ran) co_return Success{};
    const auto& plugin = *target_.user.exec;
    const auto* hint = plugin.install_hint.empty() ? "" : "\n";
    co_return std::unexpected(fmt::format("the exec plug-in '{}': {}{}{}", plugin.command, ran.error(), hint, plugin.install_hint));
}

Task<Result<Success, std::string>> Credentials::run_plugin_once() {
    const auto& plugin = *target_.user.exec;
    std::vector<std::string> argv{plugin.command};
    argv.insert(argv.end(), plugin.args.begin(), plugin.args.end());
    auto env = plugin.env;
    const auto authorities = tls::base64(std::as_bytes(std::span(pem_.authorities)));
    env.emplace_back("KUBERNETES_EXEC_INFO", wire::kubernetes::exec_info(plugin, target_.cluster, authorities));
    CO_TRY(ended, co_await programs_->run(std::move(argv), std::move(env), plugin_limit));
    if (ended.code != 0) {
        const auto said = trimmed(ended.errors);
        co_return std::unexpected(fmt::format("it ended with {}: {}", ended.code, said.substr(0, shown_max)));
    }
    // What it printed is secret: where the JSON is wrong says enough.
    const auto printed = net::parse_json(ended.output);
    if (!printed) co_return std::unexpected("it printed no JSON");
    CO_TRY(credential, wire::kubernetes::exec_credential_of(*printed, plugin.api_version));
    co_return take(credential);
}

Result<Success, std::string> Credentials::take(const ExecCredential& credential) {
    Pem pem{.authorities = pem_.authorities, .certificate = credential.certificate, .key = credential.key};
    if (!credential.certificate.empty() && plugin_pem_ != pem) {
        TRY_OK(secure(pem));
        plugin_pem_ = std::move(pem);
    }
    access_.token = credential.token;
    ++access_.serial;
    expires_ = credential.expires;
    has_run_ = true;
    return Success{};
}

}  // namespace gk::kubernetes
