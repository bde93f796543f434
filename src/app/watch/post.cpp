#include "app/watch/post.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gk::app {
namespace {

constexpr std::string_view installation = "default";  // Whoever installed Gamekeeper.

std::string_view tenant_of(const watch::Incident& incident) { return incident.tenant.empty() ? installation : std::string_view(incident.tenant); }

Error no_mail() {
    return {
        .kind = Error::Kind::unprocessable, .code = "no_mail", .message = "no mail server is set up: give serve mail.server, mail.from and mail.to"};
}

}  // namespace

Post::Answer<watch::Incidents> Post::incidents(Caller caller) {
    CO_TRY_OK(may(caller, Action::read, caller.tenant));
    auto all = co_await parts_.incidents.load();
    if (!all) co_return std::unexpected(from(all.error()));
    std::erase_if(*all, [&](const watch::Incident& it) { return tenant_of(it) != caller.tenant; });
    std::ranges::reverse(*all);
    co_return std::move(*all);
}

Post::Answer<std::vector<Post::Tried>> Post::test_mail(Caller caller, std::optional<std::string> to) {
    CO_TRY_OK(may(caller, Action::administer, installation));
    if (parts_.mail == nullptr) co_return std::unexpected(no_mail());
    auto people = to ? std::vector<std::string>{*to} : parts_.people;
    std::vector<Tried> tried;
    for (auto& person : people) {
        Letter letter{.id = parts_.random.id<OperationId>().text(),
                      .to = person,
                      .kind = {},
                      .server = {},
                      .subject = "A test of Gamekeeper's mails",
                      .text = fmt::format("{} asked for this mail. Nothing is wrong: notices of your servers reach you like this.", caller.name),
                      .says_over = false,
                      .at = parts_.clock.now()};
        const auto answer = co_await parts_.mail->carry(std::move(letter));
        tried.push_back({.to = std::move(person), .delivered = answer.has_value(), .answer = answer ? *answer : answer.error().detail});
    }
    co_return tried;
}

}  // namespace gk::app
