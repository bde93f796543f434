#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "ports/carrier.hpp"
#include "ports/clock.hpp"
#include "ports/incident_store.hpp"
#include "ports/random.hpp"

namespace gk::app {

// What people ask about their notices. Any process may answer; who keeps delivers (app/watch/notices.hpp).
class Post {
public:
    struct Parts {
        IncidentStore& incidents;
        Random& random;
        Clock& clock;
        Carrier* mail = nullptr;          // Null: no mail server is set up.
        std::vector<std::string> people;  // Whom mails go to.
    };
    explicit Post(Parts parts) : parts_(std::move(parts)) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    // Newest first. Those about no server of a tenant are the installation's own.
    Answer<watch::Incidents> incidents(Caller caller);

    struct Tried {
        std::string to;
        bool delivered = false;
        std::string answer;  // The mail server's words, or why it said none.
    };
    // One mail to `to`, or to each of those who get mails, tried once. `no_mail` when no mail server is set up.
    Answer<std::vector<Tried>> test_mail(Caller caller, std::optional<std::string> to);

private:
    Parts parts_;
};

}  // namespace gk::app
