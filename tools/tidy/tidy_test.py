#!/usr/bin/python3
"""One test for each rule of tidy: what it catches, and the innocent look-alikes that it leaves alone."""

import pathlib
import sys
import textwrap
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cxx  # noqa: E402
import functions  # noqa: E402
import layers  # noqa: E402
import rules  # noqa: E402
import tree  # noqa: E402
from source import Problem, Source, blank_cxx  # noqa: E402

TABLE = {
    "base": set(),
    "domain": {"base"},
    "ports": {"base", "domain"},
    "net": {"base"},
    "adapters": {"base", "domain", "ports", "net"},
    "app": {"ports"},
}
OPEN = {"base", "domain", "app"}


def cpp(text, path="src/app/keeper.cpp"):
    return Source(path, textwrap.dedent(text))


class Blanking(unittest.TestCase):
    def test_comments_and_literals_vanish_and_nothing_moves(self):
        text = 'a("x{") // {\n/* { */ b(\'{\') 1\'000 R"({)" {'
        blanked = blank_cxx(text)
        self.assertEqual(len(blanked), len(text))
        self.assertEqual(blanked.count("{"), 1)
        self.assertIn("1'000", blanked)

    def test_the_path_of_an_include_stays(self):
        self.assertIn("base/id.hpp", blank_cxx('#include "base/id.hpp"\n'))


class Layers(unittest.TestCase):
    def check(self, path, include):
        return list(layers.check(Source(path, f"#include {include}\n"), TABLE, OPEN))

    def test_the_table_is_read_from_cmake(self):
        cmake = 'set(GK_LAYER_base "")\nset(GK_LAYER_a "base")\nset(GK_LAYER_t "${GK_LAYER_a};a")\nset(GK_LAYERS_OPEN_WITHIN base t)'
        table, within = layers.read_table(cmake)
        self.assertEqual(table, {"base": set(), "a": {"base"}, "t": {"a", "base"}})
        self.assertEqual(within, {"base", "t"})

    def test_a_wrong_edge_names_what_is_allowed(self):
        (problem,) = self.check("src/domain/server/plan.cpp", '"ports/clock.hpp"')
        self.assertIn("'domain' may not use layer 'ports'", problem.text)
        self.assertIn("it may use: base", problem.text)

    def test_a_right_edge_and_the_own_layer_pass(self):
        self.assertEqual(self.check("src/ports/vault.hpp", '"base/id.hpp"'), [])
        self.assertEqual(self.check("src/domain/server/plan.cpp", '"domain/vault/snapshot.hpp"'), [])

    def test_adapters_use_themselves_but_not_each_other(self):
        self.assertEqual(self.check("src/adapters/sqlite/store.cpp", '"adapters/sqlite/store.hpp"'), [])
        self.assertEqual(len(self.check("src/adapters/sqlite/store.cpp", '"adapters/memory/store.hpp"')), 1)

    def test_tests_may_use_doubles_of_any_layer(self):
        self.assertEqual(self.check("src/app/keeper_test.cpp", '"adapters/memory/store.hpp"'), [])

    def test_boost_stays_out_of_the_pure_layers(self):
        self.assertEqual(len(self.check("src/domain/server/plan.cpp", "<boost/json.hpp>")), 1)
        self.assertEqual(self.check("src/net/http.cpp", "<boost/beast.hpp>"), [])
        self.assertEqual(self.check("src/ports/task.hpp", "<boost/asio/awaitable.hpp>"), [])


class OutsideWorld(unittest.TestCase):
    def check(self, text, path="src/app/keeper.cpp"):
        return [p.detail for p in cxx.outside_world(cpp(text, path))]

    def test_clocks_timers_and_randomness_are_named(self):
        self.assertEqual(self.check("auto t = std::chrono::system_clock::now();"), ["system_clock::now"])
        self.assertEqual(self.check("asio::steady_timer timer(io);"), ["steady_timer"])
        self.assertEqual(self.check("std::random_device d;"), ["random_device"])
        self.assertEqual(self.check("std::this_thread::sleep_for(1s);"), ["sleep_for"])
        self.assertEqual(self.check("std::this_thread::sleep_until(t);"), ["sleep_until"])

    def test_the_port_and_words_in_comments_pass(self):
        self.assertEqual(self.check("co_await clock.sleep_until(t);  // not system_clock::now"), [])
        self.assertEqual(self.check("operand(1); brand(2);"), [])

    def test_the_system_adapter_and_the_programs_below_all_ports_may(self):
        for path in ("src/adapters/system/clock.cpp", "src/shim/loop.cpp", "src/launcher/program.cpp"):
            self.assertEqual(self.check("std::chrono::steady_clock::now();", path), [])

    def test_a_seeded_generator_belongs_into_tests_only(self):
        self.assertEqual(self.check("std::mt19937_64 random(seed);"), ["mt19937_64"])
        self.assertEqual(self.check("std::mt19937_64 random(7);", "src/app/keeper_test.cpp"), [])


class TestSleeps(unittest.TestCase):
    def check(self, path, text):
        return len(list(cxx.test_sleeps(Source(path, text))))

    def test_every_kind_of_nap_is_found(self):
        self.assertEqual(self.check("src/a/b_test.cpp", "usleep(10);"), 1)
        self.assertEqual(self.check("src/a/b_test.cpp", "::sleep(1);"), 1)
        self.assertEqual(self.check("tests/e2e/x.py", "time." + "sleep(1)"), 1)
        self.assertEqual(self.check("tests/e2e/x.sh", "sleep" + " 5\n"), 1)

    def test_virtual_time_and_other_files_pass(self):
        self.assertEqual(self.check("src/a/b_test.cpp", "co_await clock.sleep(5s); // sleep_for(1)"), 0)
        self.assertEqual(self.check("src/a/b.cpp", "usleep(10);"), 0)


class Tests(unittest.TestCase):
    def found(self, rule, text, path="src/app/keeper_test.cpp"):
        return [problem.text for problem in rule(cpp(text, path))]

    def test_a_name_is_a_sentence_in_pascal_case(self):
        (text,) = self.found(cxx.test_names, "TEST_F(Keeper, a_stop_frees_the_disk) {")
        self.assertIn("AStopFreesTheDisk", text)
        self.assertEqual(self.found(cxx.test_names, "TEST(Keeper, FreesTheDisk) {\n// TEST(Keeper, a_b)\n"), [])
        self.assertEqual(self.found(cxx.test_names, "TEST(Keeper, a_b) {", "src/app/keeper.cpp"), [])

    def test_a_directory_is_not_made_by_hand(self):
        self.assertEqual(len(self.found(cxx.own_directories, "root = ::mkdtemp(name.data());")), 1)
        self.assertEqual(self.found(cxx.own_directories, "return ::mkdtemp(name.data());", "tests/support/temporary_directory.hpp"), [])
        self.assertEqual(self.found(cxx.own_directories, "return ::mkdtemp(name.data());", "src/adapters/process/plain_host.cpp"), [])

    def test_an_include_says_its_folder(self):
        self.assertEqual(len(self.found(cxx.include_paths, '#include "keeper.hpp"\n')), 1)
        self.assertEqual(self.found(cxx.include_paths, '#include "app/keeper.hpp"\n#include <map>\n'), [])


class Coroutines(unittest.TestCase):
    def hazards(self, text):
        return len(list(cxx.co_await_temporaries(cpp(text))))

    def test_detached_is_refused_where_it_means_asio(self):
        self.assertEqual(len(list(cxx.detached(cpp("co_spawn(io, run(), asio::detached);")))), 1)
        self.assertEqual(len(list(cxx.detached(cpp("bool detached = true;")))), 0)

    def test_braces_and_captures_behind_co_await_are_refused(self):
        self.assertEqual(self.hazards("co_await f(Agg{1});"), 1)
        self.assertEqual(self.hazards("co_await f({1, 2});"), 1)
        self.assertEqual(self.hazards("co_await f([x] { return x; });"), 1)
        self.assertEqual(self.hazards("CO_TRY(a, co_await store.put(Record{.id = 1}));"), 1)

    def test_names_calls_indexes_and_captureless_lambdas_pass(self):
        self.assertEqual(self.hazards("if (co_await f(std::move(a))) { g(); }"), 0)
        self.assertEqual(self.hazards("for (auto& x : co_await list()) { g(); }"), 0)
        self.assertEqual(self.hazards("co_await f([](int a) { return a; }, list[i]);"), 0)
        self.assertEqual(self.hazards("CO_TRY(a, co_await f(b)); Agg c{1};"), 0)


class Shape(unittest.TestCase):
    def test_a_header_begins_with_pragma_once(self):
        self.assertEqual(len(list(cxx.pragma_once(Source("src/a/b.hpp", "#include <map>\n")))), 1)
        self.assertEqual(len(list(cxx.pragma_once(Source("src/a/b.hpp", "// Why.\n#pragma once\n")))), 0)

    def test_lines_have_an_end(self):
        self.assertEqual([p.line for p in cxx.columns(cpp("a\n" + "x" * 151 + "\n" + "y" * 150))], [2])

    def test_a_long_function_is_named_and_measured(self):
        body = "\n".join("    f();" for _ in range(70))
        (problem,) = cxx.function_lengths(cpp("namespace gk {\nvoid Keeper::run(int a) const {\n" + body + "\n}\n}\n"))
        self.assertEqual((problem.detail, problem.line), ("Keeper::run", 2))
        self.assertIn("72 lines", problem.text)

    def test_functions_are_told_from_types_and_initialisers(self):
        code = """\
            struct A {
                int x = 0;
                A() : x{1}, y{2} { go(); }
                bool operator==(const A&) const = default;
            };
            constexpr std::array table = {1, 2};
            enum class E : int { a, b };
            TEST(Plan, Holds) {
                if (a) { b(); }
            }
            template <class T>
                requires(!std::same_as<T, bool>)
            bool decode(T& out) {
                return true;
            }
        """
        self.assertEqual([name for name, _, _ in functions.spans(blank_cxx(textwrap.dedent(code)))], ["A", "Plan.Holds", "decode"])

    def test_a_long_file_is_told_to_split(self):
        self.assertEqual(len(list(cxx.file_lengths(cpp("\n" * 501)))), 1)
        self.assertEqual(len(list(cxx.file_lengths(cpp("\n" * 500)))), 0)


class Text(unittest.TestCase):
    def test_leftovers_need_an_issue(self):
        found = list(tree.leftovers(cpp(f"// {tree.FIX} later\n// {tree.LATER} tidy\n// {tree.LATER}(#12): when it is there.\n")))
        self.assertEqual([p.line for p in found], [1, 2])

    def test_paths_and_hosts_of_one_machine_are_found(self):
        for text in ("cd /wo" + "rk/main", '"/ro' + 'ot/x"', "http" + "://mirror.internal/simple", "pip --index" + "-url x"):
            self.assertEqual(len(list(tree.machine_traces(cpp(text)))), 1, text)

    def test_ordinary_paths_and_public_hosts_pass(self):
        for text in ("src/work/x", "GET /v1/root/x", "https://example.org/x", "http://127.0.0.1:8080/", "$HOME/work/x"):
            self.assertEqual(list(tree.machine_traces(cpp(text))), [], text)


class Tree(unittest.TestCase):
    def test_sources_that_nothing_builds_and_headers_that_nobody_includes(self):
        sources = [
            Source("src/a/CMakeLists.txt", "gk_library(a SOURCES used.cpp sub/deep.cpp) # gone.cpp"),
            Source("src/a/used.cpp", '#include "a/used.hpp"\n'),
            Source("src/a/used.hpp", ""),
            Source("cmake/fuzz.cmake", "add_executable(${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.cpp)"),
            Source("tests/fuzz/replay.cpp", ""),
            Source("src/a/sub/deep.cpp", ""),
            Source("src/a/gone.cpp", ""),
            Source("src/a/gone.hpp", ""),
        ]
        self.assertEqual([p.path for p in tree.dead_files(sources)], ["src/a/gone.cpp", "src/a/gone.hpp"])

    def test_links_lead_somewhere(self):
        sources = [
            Source("docs/a.md", "[b](b.md) [up](../README.md#x) [web](https://example.org) `[no](code.md)` [folder](adr) [lost](c.md)"),
            Source("docs/b.md", ""),
            Source("README.md", ""),
            Source("docs/adr/0001.md", ""),
        ]
        self.assertEqual([p.text.split("'")[1] for p in tree.markdown_links(sources)], ["c.md"])


class AllowList(unittest.TestCase):
    def test_an_entry_permits_and_an_idle_entry_is_a_problem(self):
        allowed = rules.read_allowed("# why\ncolumns src/a.cpp  # a table\nfunction-length src/b.cpp run\n")
        found = [Problem("columns", "src/a.cpp", 3, ""), Problem("columns", "src/c.cpp", 1, "")]
        left = list(rules.judged(found, allowed))
        self.assertEqual([(p.rule, p.path) for p in left], [("columns", "src/c.cpp"), ("allow-list", "tools/tidy/allowed.txt")])
        self.assertEqual(left[1].line, 3)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    broken = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - broken} passed, {broken} failed")
    sys.exit(1 if broken else 0)
