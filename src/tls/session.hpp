#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "tls/context.hpp"

struct ssl_st;

namespace gk::tls {

// One TLS connection without any input or output of its own: bytes of the peer go in by feed(), bytes for the peer come out by take_output().
// After every other call there may be output, also after a failed one (the alert that says why).
class Session {
public:
    // To the server of this name or address, which its certificate must carry.
    static Result<Session, std::string> client(const Context& context, const std::string& server);
    static Result<Session, std::string> server(const Context& context);

    void feed(std::string_view encrypted);
    std::string take_output();

    // wants_input: nothing more can be done before the peer has sent more. ended: the peer has said that nothing more comes.
    enum class State : std::uint8_t { done, wants_input, ended };
    // The errors are sentences for people; the session is of no use after one.
    Result<State, std::string> handshake();
    struct Read {
        State state;
        std::size_t bytes = 0;  // More than none exactly when done.
    };
    Result<Read, std::string> read(std::span<char> into);
    Result<Success, std::string> write(std::string_view plain);
    // Says that nothing more comes from us.
    void end();

private:
    struct Free {
        void operator()(ssl_st* session) const;
    };

    explicit Session(std::unique_ptr<ssl_st, Free> session) : session_(std::move(session)) {}
    static Result<Session, std::string> make(const Context& context);
    std::string why(std::string_view what) const;

    std::unique_ptr<ssl_st, Free> session_;
};

}  // namespace gk::tls
