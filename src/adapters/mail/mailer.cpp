#include "adapters/mail/mailer.hpp"

#include <algorithm>
#include <cstring>
#include <curl/curl.h>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "adapters/mail/message.hpp"
#include "async/off_loop.hpp"
#include "domain/server/recipients.hpp"

namespace gk::mail {
namespace {

constexpr long connect_most_s = 20;
constexpr long try_most_s = 60;
constexpr std::size_t answer_most = 500;  // Bytes of a server's words that are kept.

struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What is still to be sent.
std::size_t give(char* to, std::size_t size, std::size_t count, void* from) {
    auto& left = *static_cast<std::string_view*>(from);
    const auto bytes = std::min(left.size(), size * count);
    std::memcpy(to, left.data(), bytes);
    left.remove_prefix(bytes);
    return bytes;
}

// What the server said: its last line, and the last one that refused something, which its farewell must not hide.
struct Heard {
    std::string last;
    std::string refusal;
};

// Nothing but printable ASCII is kept.
std::size_t hear(char* from, std::size_t size, std::size_t count, void* to) {
    auto& heard = *static_cast<Heard*>(to);
    std::string line(from, std::min(size * count, answer_most));
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
    std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f; }, '?');
    if (line.starts_with('4') || line.starts_with('5')) heard.refusal = line;
    heard.last = std::move(line);
    return size * count;
}

int go_on(void* stopped, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return *static_cast<const std::atomic<bool>*>(stopped) ? 1 : 0; }

std::string url_of(const Account& account) {
    const bool is_address = account.host.contains(':');  // IPv6
    return fmt::format("{}://{}:{}/", account.security == Security::implicit ? "smtps" : "smtp", is_address ? "[" + account.host + "]" : account.host,
                       account.port);
}

bool begin_curl() {
    static const bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return is_ready;
}

// RFC 4954: what is wrong is the login, or that there is none. That is mended by whoever runs us, not by the person who waits for the letter.
bool wants_login(long status) { return status == 530 || status == 534 || status == 535 || status == 538; }

std::unexpected<CarrierError> later(std::string detail) { return std::unexpected(CarrierError{.is_final = false, .detail = std::move(detail)}); }

}  // namespace

Mailer::Mailer(Account account, Clock& clock) : account_(std::move(account)), clock_(clock) { begin_curl(); }

Mailer::~Mailer() {
    stop();
    thread_.join();
}

Task<Result<std::string, CarrierError>> Mailer::carry(Letter letter) {
    if (!server::is_mail_address(letter.to)) {
        const CarrierError error{.is_final = true, .detail = "this is no mail address"};
        co_return std::unexpected(error);
    }
    auto work = [this, letter = std::move(letter)] { return send(letter); };
    co_return co_await async::off_loop(thread_, std::move(work));
}

Result<std::string, CarrierError> Mailer::send(const Letter& letter) const {
    const std::unique_ptr<CURL, FreeEasy> easy(begin_curl() ? curl_easy_init() : nullptr);
    if (!easy) return later("libcurl cannot be used");
    const std::unique_ptr<curl_slist, FreeList> to(curl_slist_append(nullptr, fmt::format("<{}>", letter.to).c_str()));
    const auto message = compose(letter, account_.from, clock_.calendar());
    std::string_view left = message;
    Heard heard;
    std::array<char, CURL_ERROR_SIZE> error{};
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy.get(), option, value); };
    set(CURLOPT_URL, url_of(account_).c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_PROXY, "");     // Whatever the environment says.
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_NOSIGNAL, 1L);  // Threads and alarms do not go together.
    set(CURLOPT_CONNECTTIMEOUT, connect_most_s);
    set(CURLOPT_TIMEOUT, try_most_s);
    set(CURLOPT_USE_SSL, static_cast<long>(account_.security == Security::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!account_.ca_file.empty()) set(CURLOPT_CAINFO, account_.ca_file.c_str());
    if (!account_.user.empty()) {
        set(CURLOPT_USERNAME, account_.user.c_str());
        set(CURLOPT_PASSWORD, account_.password.reveal().c_str());
    }
    set(CURLOPT_MAIL_FROM, fmt::format("<{}>", account_.from).c_str());
    set(CURLOPT_MAIL_RCPT, to.get());
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, give);
    set(CURLOPT_READDATA, static_cast<void*>(&left));
    set(CURLOPT_HEADERFUNCTION, hear);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&heard));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, go_on);
    set(CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<const void*>(&is_stopped_)));
    set(CURLOPT_ERRORBUFFER, error.data());
    const auto code = curl_easy_perform(easy.get());
    if (code == CURLE_OK) return heard.last;
    if (code == CURLE_ABORTED_BY_CALLBACK) return later("it was not tried to the end, because this process stops");
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    const auto* why = error[0] != '\0' ? error.data() : curl_easy_strerror(code);
    const bool is_refused = status >= 500 && status < 600 && !wants_login(status);
    auto detail = fmt::format("{}:{}: {}{}{}", account_.host, account_.port, why, heard.refusal.empty() ? "" : ": ", heard.refusal);
    return std::unexpected(CarrierError{.is_final = is_refused, .detail = std::move(detail)});
}

}  // namespace gk::mail
