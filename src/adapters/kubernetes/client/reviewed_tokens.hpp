#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kubernetes/client/client.hpp"
#include "domain/work/budget.hpp"
#include "ports/identities.hpp"

namespace gk::kubernetes {

// People and programs that the cluster knows, by the tokens that it has given them: each is shown to the API server (TokenReview), and what it says
// holds for ten seconds. Tokens are kept only as digests.
class ReviewedTokens final : public Identities {
public:
    // "NAME" is a group, "user:NAME" somebody.
    struct Rights {
        std::vector<std::string> admins;
        std::vector<std::string> readers;
    };
    ReviewedTokens(Client client, Rights rights);

    Task<Result<Identity, IdentityError>> identify(Secret token) override;

private:
    using Answer = Result<Identity, IdentityError>;
    struct Known {
        Answer answer;
        Time until{};
    };
    Identity with_role(const wire::kubernetes::TokenOwner& owner) const;
    void remember(std::string digest, const Answer& answer);

    Client client_;
    Rights rights_;
    work::Budget budget_;
    Time last_turn_{};
    std::map<std::string, Known, std::less<>> known_;
};

}  // namespace gk::kubernetes
