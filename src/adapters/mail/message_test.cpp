#include "adapters/mail/message.hpp"

#include <gtest/gtest.h>

namespace gk::mail {
namespace {

using namespace std::chrono_literals;

constexpr Time noon{1'795'348'800s};  // 2026-11-22 12:00:00

Letter letter() {
    return {.id = "0f3c",
            .to = "anna@castle.example",
            .kind = "crash_loop",
            .server = "castle",
            .subject = "Server 'castle': crash_loop",
            .text = "It crashed.\n",
            .says_over = false,
            .at = noon};
}

std::string header(const std::string& mail, const std::string& name) {
    const auto head = "\r\n" + mail.substr(0, mail.find("\r\n\r\n")) + "\r\n";
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "(none)";
    auto from = at + name.size() + 4;
    auto end = head.find("\r\n", from);
    while (head.size() > end + 2 && head[end + 2] == ' ') end = head.find("\r\n", end + 2);
    return head.substr(from, end - from);
}

TEST(MailMessage, SaysWhoToldWhomOfWhatAndWhen) {
    const auto mail = compose(letter(), "keeper@castle.example", noon);

    EXPECT_EQ(header(mail, "From"), "Gamekeeper <keeper@castle.example>");
    EXPECT_EQ(header(mail, "To"), "<anna@castle.example>");
    EXPECT_EQ(header(mail, "Subject"), "Server 'castle': crash_loop");
    EXPECT_EQ(header(mail, "Date"), "Sun, 22 Nov 2026 12:00:00 +0000");
    EXPECT_EQ(header(mail, "Auto-Submitted"), "auto-generated");
    EXPECT_TRUE(mail.ends_with("\r\n"));
}

TEST(MailMessage, ASecondTryIsTheSameMailAndAnotherPersonsIsNot) {
    const auto first = header(compose(letter(), "keeper@castle.example", noon), "Message-ID");
    const auto again = header(compose(letter(), "keeper@castle.example", noon + 1h), "Message-ID");
    auto for_ben = letter();
    for_ben.to = "ben@castle.example";

    EXPECT_EQ(first, again);
    EXPECT_TRUE(first.starts_with("<0f3c.") && first.ends_with("@castle.example>")) << first;
    EXPECT_NE(first, header(compose(for_ben, "keeper@castle.example", noon), "Message-ID"));
}

TEST(MailMessage, NoTextBecomesAHeader) {
    auto bad = letter();
    bad.subject = "all is well\r\nBcc: everybody@castle.example\r\n\r\nHello";
    bad.text = "one\r\n.\r\nMAIL FROM:<eve@castle.example>\r\n";
    bad.id = "0f\r\nBcc: everybody@castle.example";
    const auto mail = compose(bad, "keeper@castle.example", noon);

    EXPECT_EQ(header(mail, "Bcc"), "(none)");
    EXPECT_EQ(header(mail, "Subject"), "all is well  Bcc: everybody@castle.example    Hello");
    EXPECT_EQ(mail.find("\r\n.\r\n"), std::string::npos);
    EXPECT_EQ(mail.find("eve@"), std::string::npos) << "the text is base64";
}

TEST(MailMessage, LettersOfAllTonguesAreEncodedInWholeCharacters) {
    auto foreign = letter();
    foreign.subject = "Server 'größe': ";
    for (int i = 0; i < 20; ++i) foreign.subject += "Übermut ";
    const auto subject = header(compose(foreign, "keeper@castle.example", noon), "Subject");

    EXPECT_TRUE(subject.starts_with("=?UTF-8?B?U2VydmVyICdncsO2w59lJzog")) << subject;
    for (std::size_t at = 0; at < subject.size();) {
        const auto end = std::min(subject.find("\r\n", at), subject.size());
        EXPECT_LE(end - at, 76u);
        at = end + 2;
    }
}

}  // namespace
}  // namespace gk::mail
