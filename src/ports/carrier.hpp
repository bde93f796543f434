#pragma once

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"

namespace gk {

// What one address is told of an incident. All texts are UTF-8 of anybody's making: a carrier lets none of them become more than text.
struct Letter {
    std::string id;  // The same for every try: who gets it twice can tell.
    std::string to;
    std::string kind;
    std::string server;  // As people call it; empty: it is about none.
    std::string subject;
    std::string text;
    bool says_over = false;
    Time at{};
};

struct CarrierError {
    bool is_final = false;  // The receiver will never take this letter: trying again is of no use.
    std::string detail;     // With the receiver's own words, where it said any.
};

// One way to reach people: mail, webhooks. One letter at a time.
class Carrier {
public:
    virtual ~Carrier() = default;
    // One try, bounded in time. What the receiver answered.
    virtual Task<Result<std::string, CarrierError>> carry(Letter letter) = 0;
};

}  // namespace gk
