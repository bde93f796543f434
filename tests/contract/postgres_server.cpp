#include "tests/contract/postgres_server.hpp"

#include <fstream>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <tuple>
#include <unistd.h>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "tests/contract/server_process.hpp"

namespace gk::contract {
namespace {

namespace fs = std::filesystem;

// Debian keeps the server's programs out of the path, by version.
std::string program(const std::string& name) {
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql")) {
        const auto path = version.path() / "bin" / name;
        if (fs::exists(path)) return path;
    }
    ASSERT(false, "PostgreSQL's server is installed (tools/setup)");
    return {};
}

// PostgreSQL refuses to run as root.
const passwd* unprivileged() { return geteuid() == 0 ? getpwnam("nobody") : nullptr; }

}  // namespace

PostgresServer::PostgresServer() {
    if (const auto* user = unprivileged()) {
        const bool given = chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) == 0;
        ASSERT(given, "root can give its directory away");
    }
    const auto made = launch_server({program("initdb"), "--pgdata", directory_.path() / "data", "--auth", "trust", "--username", "gamekeeper",
                                     "--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions"},
                                    unprivileged());
    std::ignore = read_until(made.output, "no such word");
    close(made.output);
    ASSERT(wait_for(made.pid) == 0, "initdb makes a cluster");
    std::ofstream(directory_.path() / "data" / "pg_hba.conf") << "local all guarded scram-sha-256\nlocal all all trust\n";
    start();
}

PostgresServer::~PostgresServer() {
    if (pid_ > 0) crash();
}

void PostgresServer::start() {
    // Log lines, but no errors: tests make many, and nobody reads the pipe any more.
    const auto started =
        launch_server({program("postgres"), "-D", directory_.path() / "data", "-k", directory_.path(), "-c", "listen_addresses=", "-c", "fsync=off",
                       "-c", "log_min_messages=log", "-c", "max_connections=60", "-c", "shared_buffers=16MB", "-c", "autovacuum=off"},
                      unprivileged());
    pid_ = started.pid;
    log_ = started.output;
    const auto said = read_until(log_, "ready to accept connections");
    ASSERT(said.find("ready to accept connections") != std::string::npos, "PostgreSQL starts");
}

void PostgresServer::crash() {
    kill(pid_, SIGQUIT);
    wait_for(pid_);
    close(log_);
    pid_ = -1;
}

postgres::Options PostgresServer::new_database() {
    const auto url = [&](const std::string& name) { return fmt::format("host={} user=gamekeeper dbname={}", directory_.path().string(), name); };
    const auto name = fmt::format("test_{}", ++databases_);
    PGconn* conn = PQconnectdb(url("postgres").c_str());
    PGresult* result = PQexec(conn, fmt::format("CREATE DATABASE {}", name).c_str());
    const bool made = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    PQfinish(conn);
    ASSERT(made, "a database can be made");
    postgres::Options options;
    options.url = url(name);
    return options;
}

PostgresServer& shared_postgres() {
    static PostgresServer server;
    return server;
}

}  // namespace gk::contract
