#include "app/idempotency.hpp"

#include <fmt/format.h>

namespace gk::app {

Error idempotency_mismatch() {
    return {.kind = Error::Kind::unprocessable,
            .code = "idempotency_mismatch",
            .message = "this Idempotency-Key was used for another request; take a new key for a new request"};
}

Task<Result<Turn, Error>> take_turn(Ledger& ledger, Time now, Caller caller, Idempotency once, OperationId fresh) {
    if (once.key.empty()) co_return Turn{.operation = fresh, .is_first = true};
    IdempotentReply mine{.request_digest = once.digest, .operation = fresh};
    auto remembered = co_await ledger.remember(caller.tenant + "/" + caller.name, once.key, std::move(mine), now);
    if (!remembered) co_return std::unexpected(from(remembered.error()));
    const auto& earlier = *remembered;
    if (!earlier) co_return Turn{.operation = fresh, .is_first = true};
    if (earlier->request_digest == once.digest) co_return Turn{.operation = earlier->operation, .is_first = false};
    co_return std::unexpected(idempotency_mismatch());
}

Task<Result<Success, Error>> take_only_turn(Ledger& ledger, Time now, Caller caller, Idempotency once, OperationId fresh, std::string cure) {
    CO_TRY(turn, co_await take_turn(ledger, now, std::move(caller), std::move(once), fresh));
    if (turn.is_first) co_return Success{};
    co_return std::unexpected(Error{.kind = Error::Kind::conflict,
                                    .code = "done_already",
                                    .message = fmt::format("this request was carried out before, under the same Idempotency-Key; {}", cure)});
}

}  // namespace gk::app
