#include <gtest/gtest.h>

#include "domain/catalog/game.hpp"
#include "tests/games/read_file.hpp"

namespace gk::catalog {
namespace {

// A definition with nothing that could be left out, line by line, so that a test can replace or add some.
const std::string base = R"(name: castle
title: Castle
sources: [{debian: {packages: [castle-server], program: /usr/games/castle}}]
command: [/usr/games/castle]
ports: [{role: game, protocol: udp}]
ready: {log: 'ready'}
stop: [{signal: SIGTERM}]
)";

// The base without the lines that define the keys of `more`, and with those.
std::string with(const std::string& more) {
    std::string out;
    std::istringstream lines(base);
    for (std::string line; std::getline(lines, line);) {
        const auto key = line.substr(0, line.find(':') + 1);
        if (!more.starts_with(key) && more.find("\n" + key) == std::string::npos) out += line + "\n";
    }
    return out + more;
}

std::vector<FieldError> errors_of(const std::string& text) {
    auto document = wire::parse_yaml(text);
    if (!document) {
        ADD_FAILURE() << document.error().line << ": " << document.error().message << "\n" << text;
        return {};
    }
    auto game = decode_game(*document);
    return game ? std::vector<FieldError>() : std::move(game.error());
}

TEST(Definition, IsReadWhenNothingButTheNecessaryIsThere) { EXPECT_TRUE(errors_of(base).empty()) << errors_of(base).front().detail; }

TEST(Definition, NamesEverythingThatIsMissing) {
    std::string pointers;
    for (const auto& error : errors_of("{}")) pointers += error.pointer + " ";

    EXPECT_EQ(pointers, "/name /title /sources /command /ports /ready /stop ");
}

const std::string integrity = "sha512-" + std::string(86, 'A') + "==";

// One mistake each, what it replaces or adds, and what is said about it.
struct Mistake {
    std::string more;
    std::string_view pointer;
    std::string_view says;
};
const Mistake mistakes[] = {
    {"name: Castle\n", "/name", "lower-case"},
    {"naem: x\n", "/naem", "did you mean 'name'"},
    {"sources: []\n", "/sources", "at least one source"},
    {"wake: {protocol: minecraft, port: game}\n", "/wake/port", "spoken by tcp"},
    {"wake: {port: voice}\n", "/wake/port", "no port 'voice'"},
    {"wake: {protocol: gopher}\n", "/wake/protocol", "gopher"},
    {"wake: {patience: 10ms}\n", "/wake/patience", "between 1s and 1h"},
    {"sources: [{}]\n", "/sources/0", "exactly one of"},
    {"sources: [{image: {name: a}, npm: {name: a, version: 1.0.0, integrity: " + integrity + "}}]\n", "/sources/0", "exactly one of"},
    {"sources: [{npm: {name: a, version: ^1.0, integrity: " + integrity + "}}]\n", "/sources/0/npm/version", "exact version"},
    {"sources: [{npm: {name: a, version: 1.x, integrity: " + integrity + "}}]\n", "/sources/0/npm/version", "exact version"},
    {"sources: [{npm: {name: a, version: 1.0.0 || 2.0.0, integrity: " + integrity + "}}]\n", "/sources/0/npm/version", "exact version"},
    {"sources: [{npm: {name: --global, version: 1.0.0, integrity: " + integrity + "}}]\n", "/sources/0/npm/name", "npm package"},
    {"sources: [{npm: {name: ../x, version: 1.0.0, integrity: " + integrity + "}}]\n", "/sources/0/npm/name", "npm package"},
    {"sources: [{npm: {name: \"git+ssh://host/x\", version: 1.0.0, integrity: " + integrity + "}}]\n", "/sources/0/npm/name", "npm package"},
    {"sources: [{fetch: {url: 'http://x/y', sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}]\n", "/sources/0/fetch/url",
     "https://"},
    {"sources: [{fetch: {url: 'https://x/y', sha256: abc}}]\n", "/sources/0/fetch/sha256", "64 hexadecimal"},
    {"sources: [{fetch: {url: 'https://x/y', sha256: abc, unpack: rar}}]\n", "/sources/0/fetch/unpack", "one of: none, tar, zip"},
    {"sources: [{npm: {name: a, version: 1.0.0, integrity: sha1-abc}}]\n", "/sources/0/npm/integrity", "dist.integrity"},
    {"sources: [{fetch: {url: 'https://x/y/', sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}]\n", "/sources/0/fetch/file",
     "does not end in a name"},
    {"sources: [{fetch: {url: 'https://x', sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}}]\n", "/sources/0/fetch/file",
     "does not end in a name"},
    {"sources: [{fetch: {url: 'https://x/y', sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, file: ../y}}]\n",
     "/sources/0/fetch/file", "does not end in a name"},
    {"sources: [{fetch: {url: 'https://x/y', sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, unpack: zip, file: y}}]\n",
     "/sources/0/fetch/file", "names already"},
    {"sources: [{fetch: {url: 'https://x/y', sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, size_max_mib: 0}}]\n",
     "/sources/0/fetch/size_max_mib", "between 1 and"},
    {"sources: [{directory: {path: /srv/castle}, needs: {packages: [], program: /usr/bin/java}}]\n", "/sources/0/needs/packages", "at least one"},
    {"sources: [{directory: {path: /srv/castle}, version: '1'}]\n", "/sources/0/version", "add a setting 'version'"},
    {"sources: [{directory: {path: /a}, version: '1'}, {directory: {path: /b}}]\nsettings: {version: {type: choice, choices: ['2']}}\n",
     "/sources/0/version", "no choice '1'"},
    {"sources: [{directory: {path: /srv/castle}, version: '1'}]\nsettings: {version: {type: choice, choices: ['1', '2'], default: '1'}}\n",
     "/settings/version/choices", "brings version '2'"},
    {"sources: [{debian: {packages: [castle], program: castle}}]\n", "/sources/0/debian/program", "absolute"},
    {"sources: [{directory: {path: /srv/../etc}}]\n", "/sources/0/directory/path", "absolute"},
    {"command: []\n", "/command", "the program"},
    {"command: [castle]\n", "/command", "absolute path"},
    {"command: [/bin/x, '{{settings.nam}}']\n", "/command/1", "{{settings.nam}} stands for nothing"},
    {"command: [/bin/x, '{{prots.game}}']\n", "/command/1", "stands for nothing"},
    {"command: [/bin/x, '{{ports.query}}']\n", "/command/1", "stands for nothing"},
    {"command: [/bin/x, '{{settings}}']\n", "/command/1", "stands for nothing"},
    {"command: [/bin/x, '{{ports.game']\n", "/command/1", "has no '}}'"},
    {"command: [/bin/x, {when: fast, argv: [-f]}]\n", "/command/1/when", "no setting 'fast'"},
    {"secrets: [rcon]\ncommand: [/bin/x, '{{secrets.rcon}}']\n", "/command/1", "everybody on the machine"},
    {"settings: {pw: {type: string, secret: true}}\ncommand: [/bin/x, '{{settings.pw}}']\n", "/command/1", "everybody on the machine"},
    {"env: {LD_PRELOAD: x}\n", "/env", "LD_PRELOAD"},
    {"env: {A: '{{secrets.rcon}}'}\n", "/env/A", "stands for nothing"},
    {"working_directory: ../other\n", "/working_directory", "within the world"},
    {"ports: [{role: game, protocol: sctp}]\n", "/ports/0/protocol", "tcp, udp, both"},
    {"ports: [{role: Game, protocol: tcp}]\n", "/ports/0/role", "lower-case"},
    {"ports: [{role: game, protocol: tcp}, {role: game, protocol: udp}]\n", "/ports/1/role", "taken already"},
    {"ports: [{role: game, protocol: tcp, offset: 1}]\n", "/ports/0/offset", "relative_to"},
    {"ports: [{role: game, protocol: tcp, relative_to: web}]\n", "/ports/0/relative_to", "no port 'web'"},
    {"ports: [{role: a, protocol: tcp}, {role: b, protocol: tcp, relative_to: a}, {role: c, protocol: tcp, relative_to: b}]\n",
     "/ports/2/relative_to", "count from that one"},
    {"secrets: [Rcon]\n", "/secrets", "lower-case"},
    {"settings: {Name: {type: string}}\n", "/settings/Name", "lower-case"},
    {"settings: {a: {type: text}}\n", "/settings/a/type", "string, integer"},
    {"settings: {a: {type: integer, default: x}}\n", "/settings/a/default", "whole number"},
    {"settings: {a: {type: integer, default: 5, max: 4}}\n", "/settings/a/default", "at most 4"},
    {"settings: {a: {type: integer, min: 5, max: 4}}\n", "/settings/a/min", "above"},
    {"settings: {a: {type: boolean, min: 5}}\n", "/settings/a/min", "is for settings of type"},
    {"settings: {a: {type: choice}}\n", "/settings/a/choices", "lists its choices"},
    {"settings: {a: {type: string, pattern: '('}}\n", "/settings/a/pattern", "regular expression"},
    {"settings: {a: {type: string, required: true, default: x}}\n", "/settings/a/default", "no default"},
    {"settings: {a: {type: string, max_length: 100000}}\n", "/settings/a/max_length", "put larger texts into files"},
    {"files: [{path: /etc/passwd}]\n", "/files/0/path", "within the world"},
    {"files: [{path: a/../../b}]\n", "/files/0/path", "within the world"},
    {"files: [{path: a, set: {x: 1}}]\n", "/files/0/set", "format"},
    {"files: [{path: a, format: ini, lines: []}]\n", "/files/0/lines", "'set'"},
    {"files: [{path: a, format: ini, content: 'x={{ports.game}}'}]\n", "/files/0/content", "belong under 'set'"},
    {"files: [{path: a, format: ini, set: {a: {b: {c: 1}}}}]\n", "/files/0/set/a/b/c", "at most 2 deep"},
    {"files: [{path: a, format: json, set: {a: [1]}}]\n", "/files/0/set/a", "not lists"},
    {"files: [{path: a, format: json, set: {a: '{{settings.x}}'}}]\n", "/files/0/set/a", "stands for nothing"},
    {"files: [{path: a, format: ini, set: {a: null}}]\n", "/files/0/set/a", "no null"},
    {"files: [{path: a, lines: [{starts_with: 'port ', line: 'Port 5'}]}]\n", "/files/0/lines/0/line", "begin with"},
    {"memory: {heap_percent: 101}\n", "/memory/heap_percent", "between 1 and 100"},
    {"minimum: {memory_mib: -1}\n", "/minimum/memory_mib", "negative"},
    {"ready: {}\n", "/ready", "players can join"},
    {"ready: {log: '['}\n", "/ready/log", "regular expression"},
    {"ready: {protocol: quake}\n", "/ready/protocol", "teeworlds"},
    {"ready: {protocol: tcp, port: web}\n", "/ready/port", "no port 'web'"},
    {"ready: {log: x, timeout: 2h}\n", "/ready/timeout", "between 1s and 1h"},
    {"ready: {log: x, timeout: 60}\n", "/ready/timeout", "\"90s\""},
    {"stop: []\n", "/stop", "list of steps"},
    {"stop: [{wait: 5s}]\n", "/stop/0", "either a 'command' or a 'signal'"},
    {"stop: [{signal: SIGKILL}]\n", "/stop/0/signal", "by itself"},
    {"stop: [{signal: TERM}]\n", "/stop/0/signal", "SIGINT, SIGTERM"},
    {"stop: [{command: quit}]\n", "/stop", "no 'console'"},
    {"stop: [{command: \"a\\nb\"}]\nconsole: {kind: stdin}\n", "/stop/0/command", "one line"},
    {"console: {kind: rcon}\n", "/console", "needs the 'port'"},
    {"console: {kind: stdin, port: game}\n", "/console", "neither"},
    {"console: {kind: rcon, port: game, secret: pw}\nsecrets: [pw]\n", "/console/port", "internal: true"},
    {"console: {kind: rcon, port: rcon, secret: pw}\nports: [{role: rcon, protocol: tcp, internal: true}]\n", "/console/secret", "no secret 'pw'"},
    {"quiesce: {before: [save]}\n", "/quiesce", "no 'console'"},
    {"announce: {command: say}\n", "/announce", "no 'console'"},
    {"announce: {before: 9s}\nconsole: {kind: stdin}\n", "/announce/command", "'command' is missing"},
    {"announce: {command: say, before: 2h}\nconsole: {kind: stdin}\n", "/announce/before", "between 1s and 1h"},
    {"players: {join: '([a-z]+) joins'}\n", "/players", "give both"},
    {"players: {join: 'joins', leave: '(x)'}\n", "/players/join", "group in parentheses"},
    {"players: {protocol: minetest}\n", "/players/protocol", "not who plays"},
    {"players: {limit: slots}\n", "/players/limit", "no setting 'slots'"},
    {"players: {limit: a}\nsettings: {a: {type: string}}\n", "/players/limit", "no integer"},
    {"save: {exclude: [../x]}\n", "/save/exclude", "within the world"},
};

TEST(Definition, IsRefusedWithThePlaceAndTheCure) {
    for (const auto& it : mistakes) {
        const auto text = with(it.more);
        const auto errors = errors_of(text);
        EXPECT_EQ(errors.size(), 1u) << text << (errors.size() > 1 ? errors[1].pointer + ": " + errors[1].detail : "");
        if (errors.empty()) continue;
        EXPECT_EQ(errors.front().pointer, it.pointer) << it.more << errors.front().detail;
        EXPECT_NE(errors.front().detail.find(it.says), std::string::npos) << it.more << errors.front().detail;
        EXPECT_GT(errors.front().mark.line, 0) << it.more;
    }
}

TEST(Definition, ErrorsNameFileLineAndColumn) {
    const auto errors = errors_of(with("command:\n  - /bin/x\n  - --name\n  - '{{settings.nam}}'\n"));

    ASSERT_EQ(errors.size(), 1u);
    EXPECT_TRUE(
        error_line("castle.yaml", errors.front()).starts_with("castle.yaml:10:5: /command/2: {{settings.nam}} stands for nothing; known are "))
        << error_line("castle.yaml", errors.front());
}

TEST(Definition, OfTheGuideIsRight) {
    const auto guide = games_test::read_file(std::string(GK_SOURCE_DIR) + "/docs/formats/game.md");
    constexpr std::string_view fence = "```yaml\n";
    const auto begin = guide.find(fence);
    ASSERT_NE(begin, std::string::npos);
    const auto text = guide.substr(begin + fence.size(), guide.find("\n```", begin) - begin - fence.size());

    const auto errors = errors_of(text);

    EXPECT_TRUE(errors.empty()) << error_line("game.md", errors.front());
}

TEST(Definition, KeepsWhatItSays) {
    const auto game = decode_game(*wire::parse_yaml(with(R"(sources:
  - fetch: {url: 'https://example.org/castle.tar', sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, unpack: tar}
  - image: {name: 'example.org/castle:1', shim: copied}
console: {kind: stdin}
stop: [{command: stop, wait: 5s}, {signal: SIGINT, wait: 1m}]
quiesce: {before: [save-off, save-all], confirm: '^Saved', after: [save-on], timeout: 9s}
announce: {command: say, before: 1m}
memory: {heap_percent: 60, overhead_mib: 300}
terminal: true
save: {exclude: [logs, 'cache/*.tmp']}
)")));

    ASSERT_TRUE(game) << error_line("", game.error().front());
    EXPECT_EQ(std::get<FetchSource>(game->sources[0].from).unpack, Unpack::tar);
    EXPECT_EQ(std::get<ImageSource>(game->sources[1].from), (ImageSource{.name = "example.org/castle:1", .shim = ImageSource::Shim::copied}));
    EXPECT_EQ(game->stop[0].command, "stop");
    EXPECT_EQ(game->stop[0].kind, server::StopRung::Kind::command);
    EXPECT_EQ(game->stop[1].signal, 2);
    EXPECT_EQ(game->stop[1].wait, std::chrono::minutes(1));
    EXPECT_EQ(game->quiesce.confirm_pattern, "^Saved");
    EXPECT_EQ(game->quiesce.after, (std::vector<std::string>{"save-on"}));
    EXPECT_EQ(game->announce, (server::Announcement{.command = "say", .before = std::chrono::minutes(1)}));
    EXPECT_EQ(game->memory.overhead.count, 300);
    EXPECT_TRUE(game->terminal);
    EXPECT_EQ(game->save_exclude, (std::vector<std::string>{"logs", "cache/*.tmp"}));
    EXPECT_EQ(game->document.find("name")->as_string()[0], "castle");
}

}  // namespace
}  // namespace gk::catalog
