#include "programs/edge/edge_keys.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace gk::programs {
namespace {

Result<std::string, std::string> text_in(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::unexpected(fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

struct Read {
    tls::Identity own;
    std::string authority;
};

Result<Read, std::string> read(const std::string& certificate, const std::string& key, const std::string& authority) {
    TRY(shown, text_in(certificate));
    TRY(secret, text_in(key));
    TRY(signer, text_in(authority));
    if (signer.empty()) return std::unexpected(fmt::format("{} is empty: it must say who signed what we are shown", authority));
    return Read{.own = {.certificates = std::move(shown), .key = Secret(std::move(secret))}, .authority = std::move(signer)};
}

Result<tls::Context, std::string> named(Result<tls::Context, std::string> made, const std::string& certificate) {
    if (!made) return std::unexpected(fmt::format("{}: {}", certificate, made.error()));
    return made;
}

}  // namespace

Result<tls::Context, std::string> client_context(const std::string& certificate, const std::string& key, const std::string& authority) {
    TRY(files, read(certificate, key, authority));
    return named(tls::Context::for_client({.authorities = files.authority}, files.own), certificate);
}

Result<tls::Context, std::string> server_context(const std::string& certificate, const std::string& key, const std::string& authority) {
    TRY(files, read(certificate, key, authority));
    return named(tls::Context::for_server(files.own, files.authority), certificate);
}

}  // namespace gk::programs
