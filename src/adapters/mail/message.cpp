#include "adapters/mail/message.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include <fmt/format.h>

#include "tls/digest.hpp"

namespace gk::mail {
namespace {

constexpr std::size_t subject_most = 200;     // Bytes; people read the beginning.
constexpr std::size_t encoded_word_most = 45; // Bytes of text, which make 60 of base64 in a line of at most 76.
constexpr std::size_t base64_line = 76;
constexpr std::string_view line_end = "\r\n";

std::string base64_of(std::string_view text) { return tls::base64(std::as_bytes(std::span(text))); }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// At most so many bytes, and no half character.
std::string_view front_of(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && continues_character(text[most])) --most;
    return text.substr(0, most);
}

std::string one_line(std::string_view text) {
    std::string out(front_of(text, subject_most));
    std::ranges::replace_if(out, is_control, ' ');
    return out;
}

// RFC 2047, one word in each line.
std::string encoded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        auto part = front_of(text, encoded_word_most);
        if (part.empty()) part = text.substr(0, encoded_word_most);  // It was no UTF-8.
        out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", base64_of(part));
        text.remove_prefix(part.size());
    }
    return out;
}

std::string subject_of(std::string_view text) {
    const auto line = one_line(text);
    const bool is_readable = std::ranges::all_of(line, is_plain) && !line.contains("=?");
    return is_readable ? line : encoded(line);
}

std::string date_of(Time time) {
    static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                       months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

std::string body_of(const Letter& letter) {
    auto text = letter.text;
    text += fmt::format("\n\n{}{}since {}\nincident {}\n", letter.server.empty() ? "" : "server " + letter.server + ", ",
                        letter.kind.empty() ? "" : letter.kind + ", ", rfc3339(letter.at), letter.id);
    const auto bytes = base64_of(text);
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += base64_line) out.append(bytes, at, base64_line).append(line_end);
    return out;
}

// Ids are ours, and of letters, digits and dashes: what else there may be is left out rather than trusted.
std::string id_of(const Letter& letter, std::string_view from) {
    std::string id;
    for (const char c : letter.id) {
        if (std::string_view("0123456789abcdefghijklmnopqrstuvwxyz-").contains(c)) id += c;
    }
    const auto whom = tls::hex(tls::sha256(std::as_bytes(std::span(letter.to)))).substr(0, 12);
    return fmt::format("<{}.{}@{}>", id, whom, from.substr(from.find('@') + 1));
}

}  // namespace

std::string compose(const Letter& letter, std::string_view from, Time now) {
    std::string out;
    const auto header = [&](std::string_view name, std::string_view text) { out += fmt::format("{}: {}{}", name, text, line_end); };
    header("From", fmt::format("Gamekeeper <{}>", from));
    header("To", fmt::format("<{}>", letter.to));
    header("Subject", subject_of(letter.subject));
    header("Date", date_of(now));
    header("Message-ID", id_of(letter, from));
    header("Auto-Submitted", "auto-generated");
    header("MIME-Version", "1.0");
    header("Content-Type", "text/plain; charset=utf-8");
    header("Content-Transfer-Encoding", "base64");
    out += line_end;
    return out + body_of(letter);
}

}  // namespace gk::mail
