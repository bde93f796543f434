#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "adapters/kubernetes/client/programs.hpp"
#include "async/wait_queue.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"
#include "wire/kubernetes/exec_credential.hpp"
#include "wire/kubernetes/failure.hpp"
#include "wire/kubernetes/kubeconfig.hpp"
#include "wire/kubernetes/token_file.hpp"

namespace gk::kubernetes {

// With what a call is made.
struct Access {
    Secret token;                         // Empty: the certificate says all.
    std::optional<tls::Context> secured;  // None for plain HTTP.
    std::uint64_t certificate = 0;        // Another number means another certificate: kept connections speak for the old one.
    std::uint64_t serial = 0;             // Another number means new credentials of any kind.
};

// Who we are to one cluster: a certificate, a token, a file with a token that is read again, or an exec plug-in that is run again when what it
// printed has expired or was refused. One run at a time; who asks meanwhile waits for it. Files with certificates are read again too, once a minute:
// an authority and a client's certificate are exchanged while we run.
class Credentials {
public:
    // `programs` is needed for a user with an exec plug-in. The error is a sentence.
    static Result<std::unique_ptr<Credentials>, std::string> make(Clock& clock, wire::kubernetes::Target target, Programs* programs);

    Task<Result<Access, wire::kubernetes::Failure>> access();
    // The server answered 401 to what access() gave with that serial. Nothing when others have noticed before.
    void refused(std::uint64_t serial);

private:
    Credentials(Clock& clock, wire::kubernetes::Target target, Programs* programs) : clock_(clock), target_(std::move(target)), programs_(programs) {}

    // The PEM texts that connections are made with.
    struct Pem {
        std::string authorities;
        std::string certificate;
        Secret key;
        bool operator==(const Pem&) const = default;
    };
    Result<Pem, std::string> read_pem() const;
    Result<Success, std::string> secure(Pem pem);
    void read_pem_again();
    Result<Success, std::string> read_token_file();
    bool wants_run() const;
    Task<Result<Success, std::string>> run_plugin();
    Task<Result<Success, std::string>> run_plugin_once();
    Result<Success, std::string> take(const wire::kubernetes::ExecCredential& credential);

    Clock& clock_;
    wire::kubernetes::Target target_;
    Programs* programs_;
    Pem pem_;         // Of the files.
    Time pem_read_;
    bool pem_told_ = false;  // That they cannot be used, once for each time.
    Access access_;
    wire::kubernetes::TokenFile token_file_;
    bool told_ = false;  // That the file cannot be read, once for each time.
    // Of the exec plug-in.
    bool has_run_ = false;
    bool is_running_ = false;
    std::optional<Time> expires_;     // On the calendar.
    std::optional<Pem> plugin_pem_;  // With the certificate that it printed.
    async::WaitQueue ran_;
};

}  // namespace gk::kubernetes
