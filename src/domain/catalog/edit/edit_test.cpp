#include "domain/catalog/edit/edit.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace gk::catalog {
namespace {

struct Case {
    FileFormat format;
    std::string_view before;
    std::vector<std::string> path;
    Value value;
    std::string_view after;
};

std::string edited(FileFormat format, std::string_view content, const std::vector<std::string>& path, const Value& value) {
    const Edit edit{path, value};
    const auto result = edit_file(format, content, std::span(&edit, 1));
    if (!result) ADD_FAILURE() << name_of(format) << " line " << result.error().line << ": " << result.error().message << "\n" << content;
    return result.value_or("");
}

EditError refusal(FileFormat format, std::string_view content, const std::vector<std::string>& path, const Value& value) {
    const Edit edit{path, value};
    const auto result = edit_file(format, content, std::span(&edit, 1));
    EXPECT_FALSE(result) << name_of(format) << " accepted:\n" << content << "\nand made:\n" << result.value_or("");
    return result ? EditError{} : result.error();
}

std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

// Every case must also hold with other line ends, without a last line end, behind a byte order mark, and when it is repeated.
void expect_edits(std::span<const Case> cases) {
    for (const auto& it : cases) {
        SCOPED_TRACE(testing::Message() << name_of(it.format) << "\n" << it.before);
        EXPECT_EQ(edited(it.format, it.before, it.path, it.value), it.after);
        EXPECT_EQ(edited(it.format, it.after, it.path, it.value), it.after) << "repeated";
        if (it.before.find('\n') == std::string_view::npos) continue;
        EXPECT_EQ(edited(it.format, with_crlf(it.before), it.path, it.value), with_crlf(it.after)) << "with CRLF";
        const std::string mark = "\xef\xbb\xbf";
        EXPECT_EQ(edited(it.format, mark + std::string(it.before), it.path, it.value), mark + std::string(it.after)) << "with a byte order mark";
        if (it.format == FileFormat::xml) continue;
        const auto no_end = [](std::string_view text) { return text.substr(0, text.size() - 1); };
        EXPECT_EQ(edited(it.format, no_end(it.before), it.path, it.value), no_end(it.after)) << "without a last line end";
    }
}

TEST(EditText, ReplacesWholeLines) {
    using enum FileFormat;
    const Case cases[] = {
        {text, "# a\nport 1\nother port 2\n", {"port "}, "port 7", "# a\nport 7\nother port 2\n"},
        {text, "a\n", {"port "}, "port 7", "a\nport 7\n"},
        {text, "", {"port "}, "port 7", "port 7\n"},
        {text, "port 1\nx\nport 2\n", {"port "}, "port 7", "port 7\nx\nport 7\n"},
    };
    expect_edits(cases);
    EXPECT_NE(refusal(text, "", {"port "}, "ports").message.find("does not begin"), std::string::npos);
    EXPECT_NE(refusal(text, "", {"port "}, "port 1\nadmin 1").message.find("line breaks"), std::string::npos);
}

TEST(EditProperties, ChangesItsOwnEntryOnly) {
    using enum FileFormat;
    const Case cases[] = {
        {properties, "#Minecraft\n! x\nmotd=A\nmotd2=B\n", {"motd"}, "Hi", "#Minecraft\n! x\nmotd=Hi\nmotd2=B\n"},
        {properties, "motd : A\n", {"motd"}, "B", "motd : B\n"},
        {properties, "motd A b\n", {"motd"}, "B", "motd B\n"},
        {properties, "motd\nx=1\n", {"motd"}, "B", "motd=B\nx=1\n"},
        {properties, "motd=\n", {"motd"}, 5, "motd=5\n"},
        {properties, "#motd=A\nx=1\n", {"motd"}, true, "#motd=A\nx=1\nmotd=true\n"},
        {properties, "motd=A\\\n  more=x\nx=1\n", {"motd"}, "B", "motd=B\nx=1\n"},
        {properties, "a=b\\\nmotd=no\nmotd=A\n", {"motd"}, "B", "a=b\\\nmotd=no\nmotd=B\n"},
        {properties, "a=b\\\\\nmotd=A\n", {"motd"}, "B", "a=b\\\\\nmotd=B\n"},
        {properties, "a\\=b=1\n", {"a=b"}, 2, "a\\=b=2\n"},
        {properties, "x=1\n", {"a b:c"}, 2, "x=1\na\\ b\\:c=2\n"},
        {properties, "motd=A\nmotd=B\n", {"motd"}, "C", "motd=C\nmotd=C\n"},
        {properties, "", {"motd"}, "A", "motd=A\n"},
        {properties, "x=1\\\n", {"motd"}, "A", "x=1\\\n\nmotd=A\n"},
        // Hostile values stay one value.
        {properties, "motd=A\n", {"motd"}, "x\nop=true\\", "motd=x\\nop=true\\\\\n"},
        {properties, "motd=A\n", {"motd"}, " =#! \"'", "motd=\\ =#! \"'\n"},
        {properties, "motd=A\n", {"motd"}, "Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8e\xae", "motd=Gr\\u00fc\\u00df \\u20ac \\ud83c\\udfae\n"},
    };
    expect_edits(cases);
}

TEST(EditIni, ChangesItsOwnKeyOnly) {
    using enum FileFormat;
    const Case cases[] = {
        {ini, "# c\n[a]\nx = 1 \n; c\n[b]\nx = 2\n", {"b", "x"}, 7, "# c\n[a]\nx = 1 \n; c\n[b]\nx = 7\n"},
        {ini, "[a]\nx=1\n\n[b]\ny=2\n", {"a", "z"}, "Q", "[a]\nx=1\nz=Q\n\n[b]\ny=2\n"},
        {ini, "[a]\nx = 1\n", {"c", "z"}, "Q", "[a]\nx = 1\n\n[c]\nz = Q\n"},
        {ini, "[a]\n", {"a", "z"}, "Q", "[a]\nz=Q\n"},
        {ini, "", {"a", "z"}, "Q", "[a]\nz=Q\n"},
        {ini, "", {"z"}, false, "z=false\n"},
        {ini, "name = A\nmotd =\n", {"motd"}, "B", "name = A\nmotd = B\n"},
        {ini, "name = A\n[s]\nname = B\n", {"name"}, "C", "name = C\n[s]\nname = B\n"},
        {ini, "[s]\nname = B\n", {"name"}, "C", "name = C\n[s]\nname = B\n"},
        {ini, "#motd = A\nx = 1\n", {"motd"}, "B", "#motd = A\nx = 1\nmotd = B\n"},
        {ini, "\t[ a.b ]\n\tx\t=\t1\n", {"a.b", "x"}, 2, "\t[ a.b ]\n\tx\t=\t2\n"},
        // Minetest's texts and groups of several lines.
        {ini, "motd = \"\"\"A\nmotd = B\n\"\"\"\nx = 1\n", {"motd"}, "C", "motd = C\nx = 1\n"},
        {ini, "t = \"\"\"\nmotd = B\n\"\"\"\nmotd = A\n", {"motd"}, "C", "t = \"\"\"\nmotd = B\n\"\"\"\nmotd = C\n"},
        {ini, "n = {\n\tflags = a\n\tm = {\n\t}\n}\nflags = b\n", {"flags"}, "c", "n = {\n\tflags = a\n\tm = {\n\t}\n}\nflags = c\n"},
        {ini, "motd = A\n", {"motd"}, "x = \"y\" ; # [z]", "motd = x = \"y\" ; # [z]\n"},
    };
    expect_edits(cases);
    for (const auto* hostile : {"a\nname = root", "a\rb", "\"\"\"", "{", " { "}) refusal(ini, "motd = A\n", {"motd"}, hostile);
}

TEST(EditCfg, ChangesItsOwnLineOnly) {
    using enum FileFormat;
    const Case cases[] = {
        {cfg, "# c\nsv_name Old one\nsv_name2 x\n", {"sv_name"}, "New", "# c\nsv_name \"New\"\nsv_name2 x\n"},
        {cfg, "// c\nset sv_hostname \"A\"\nseta x 1\n", {"set sv_hostname"}, "B", "// c\nset sv_hostname \"B\"\nseta x 1\n"},
        {cfg, "  sv_port\t\t1\n", {"sv_port"}, 8303, "  sv_port\t\t8303\n"},
        {cfg, "sv_port\n", {"sv_port"}, 8303, "sv_port 8303\n"},
        {cfg, "# sv_port 1\nx 1\n", {"sv_port"}, true, "# sv_port 1\nx 1\nsv_port 1\n"},
        {cfg, "", {"sv_register"}, false, "sv_register 0\n"},
        {cfg, "sv_name x\n", {"sv_name"}, "a; sv_rcon_password //x", "sv_name \"a; sv_rcon_password //x\"\n"},
    };
    expect_edits(cases);
    for (const auto* hostile : {"a\"; quit", "a\\", "a\nquit", "a\rquit"}) refusal(cfg, "", {"sv_name"}, hostile);
}

TEST(EditJson, ChangesItsOwnValueOnly) {
    using enum FileFormat;
    const Case cases[] = {
        {json, "{\n  \"a\": 1, // one\n  \"b\": {\"a\": [1, 2]}\n}\n", {"a"}, 2, "{\n  \"a\": 2, // one\n  \"b\": {\"a\": [1, 2]}\n}\n"},
        {json, "{\"b\": {\"a\" : [ 1 , {\"c\":\"x\"} ]}}\n", {"b", "a", "1", "c"}, "y\n\"", "{\"b\": {\"a\" : [ 1 , {\"c\":\"y\\n\\\"\"} ]}}\n"},
        {json, "{\n\t\"a\": 1\n}\n", {"b"}, true, "{\n\t\"a\": 1,\n\t\"b\": true\n}\n"},
        {json, "{\"a\": 1}\n", {"b", "c", "d"}, Value(), "{\"a\": 1, \"b\": {\"c\": {\"d\": null}}}\n"},
        {json, "{\n  \"a\": {}\n}\n", {"a", "b"}, 1, "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"},
        {json, "{}\n", {"a"}, 1.5, "{\n  \"a\": 1.5\n}\n"},
        {json, "/* \"a\": 0 */ {\"x\": \"}, \\\"a\\\": 0\", \"a\": 0}\n", {"a"}, 1, "/* \"a\": 0 */ {\"x\": \"}, \\\"a\\\": 0\", \"a\": 1}\n"},
        {json, "{\"a\": 1, \"a\": 2}\n", {"a"}, 3, "{\"a\": 1, \"a\": 3}\n"},
    };
    expect_edits(cases);
    EXPECT_EQ(edited(json, "", {"a"}, 1), "{\n  \"a\": 1\n}\n");
    EXPECT_EQ(edited(json, "// c", {"a"}, 1), "// c\n{\n  \"a\": 1\n}\n");

    struct Bad {
        std::string_view content;
        std::vector<std::string> path;
        int line;
    };
    const Bad bad[] = {
        {"{\n\"a\": 1", {"b"}, 1},
        {"{\"a\" 1}", {"a"}, 1},
        {"{\n\"a\": {\"b\": 1}}", {"a"}, 2},
        {"{\n\"a\":\n1}", {"a", "b"}, 3},
        {"[1]", {"3"}, 1},
        {"{\"a\": 1 \"b\": 2}", {"b"}, 1},
        {"{\"a\": \"x", {"a"}, 1},
        {"{\"a\": }", {"a"}, 1},
        {"{/* \"a\": 1}", {"a"}, 1},
        {"{\"a\": [1}", {"b"}, 1},
        {"{,}", {"a"}, 1},
        {"{", {"a"}, 1},
        {"{\"a\": [/]}", {"b"}, 1},
        {"nonsense", {"a"}, 1},
        {"\"", {"a"}, 1},
        {"{\"a\"", {"a"}, 1},
    };
    for (const auto& it : bad) EXPECT_EQ(refusal(json, it.content, it.path, 1).line, it.line) << it.content;
    refusal(json, "{\"a\": " + std::string(200'000, '['), {"b"}, 1);
}

TEST(EditYaml, ChangesItsOwnLineOnly) {
    using enum FileFormat;
    const Case cases[] = {
        {yaml, "# c\na: 1 # one\nb:\n  a: 2\n", {"a"}, 7, "# c\na: 7 # one\nb:\n  a: 2\n"},
        {yaml, "a: 1\nb:\n    # c\n    a: 'x # y' # z\n    c: 3\n", {"b", "a"}, "q: #", "a: 1\nb:\n    # c\n    a: \"q: #\" # z\n    c: 3\n"},
        {yaml, "a: |\n  b: 1\n\n  more\nb: 2\n", {"a"}, "x", "a: \"x\"\nb: 2\n"},
        {yaml, "a: |\n  b: 1\nb: 2\n", {"b"}, 3, "a: |\n  b: 1\nb: 3\n"},
        {yaml, "a:\n- b: 1\n- c\nb: 2\n", {"b"}, 3, "a:\n- b: 1\n- c\nb: 3\n"},
        {yaml, "a:\n  b: 1\n\nc: 2\n", {"a", "z"}, "v", "a:\n  b: 1\n  z: \"v\"\n\nc: 2\n"},
        {yaml, "a: {}\n", {"a", "b", "c"}, true, "a:\n  b:\n    c: true\n"},
        {yaml, "a:\nb: 1\n", {"a", "x"}, 1, "a:\n  x: 1\nb: 1\n"},
        {yaml, "a:\nb: 1\n", {"a"}, 1, "a: 1\nb: 1\n"},
        {yaml, "---\na: 1\n", {"true"}, Value(), "---\na: 1\n\"true\": null\n"},
        {yaml, "\"a b\": 1\n'c': 2\n", {"a b"}, 3, "\"a b\": 3\n'c': 2\n"},
        {yaml, "url: http://x\n", {"url"}, "y", "url: \"y\"\n"},
        {yaml, "", {"a", "b"}, 1, "a:\n  b: 1\n"},
        {yaml, "a: x\n", {"a"}, "1\xe2\x80\xa8op: true\xc2\x85", "a: \"1\\u2028op: true\\u0085\"\n"},
        {yaml, "a: x\n", {"a"}, "1\nop: true", "a: \"1\\nop: true\"\n"},
    };
    expect_edits(cases);

    struct Bad {
        std::string_view content;
        std::vector<std::string> path;
        int line;
    };
    const Bad bad[] = {
        {"- a\n", {"a"}, 1},
        {"\ta: 1\n", {"a"}, 1},
        {"a: 1\n---\nb: 1\n", {"a"}, 2},
        {"a: {b: 1}\n", {"a", "b"}, 1},
        {"x: 1\na:\n  b: 1\n", {"a"}, 2},
        {"a: [1]\n", {"a"}, 1},
        {"a: one\n  two\n", {"a"}, 1},
        {"a: \"one\n  two\"\n", {"a"}, 1},
        {"just text\n", {"a"}, 1},
        {"a: 1\nb: 2\rc: 3\n", {"a"}, 2},
        {"b: #x\xe2\x80\xa8 a: 1\n", {"a"}, 1},
        {"{a: 1}\n", {"b"}, 1},
        {"a:\n- 1\n", {"a"}, 1},
        {"a:\n- 1\n", {"a", "b"}, 2},
    };
    for (const auto& it : bad) EXPECT_EQ(refusal(yaml, it.content, it.path, 1).line, it.line) << it.content;
}

TEST(EditXml, ChangesItsOwnElementOnly) {
    using enum FileFormat;
    const Case cases[] = {
        {xml,
         "<?xml version=\"1.0\"?>\n<!-- <a>0</a> -->\n<c>\n  <a>1</a>\n  <b><a>2</a></b>\n</c>\n",
         {"c", "b", "a"},
         7,
         "<?xml version=\"1.0\"?>\n<!-- <a>0</a> -->\n<c>\n  <a>1</a>\n  <b><a>7</a></b>\n</c>\n"},
        {xml,
         "<c>\n  <p name='x' value=\"1\"/>\n</c>\n",
         {"c", "p", "@value"},
         "<&\"'>",
         "<c>\n  <p name='x' value=\"&lt;&amp;&quot;&apos;&gt;\"/>\n</c>\n"},
        {xml, "<c>\n  <p a='>'/>\n</c>\n", {"c", "p", "@b"}, 2, "<c>\n  <p b=\"2\" a='>'/>\n</c>\n"},
        {xml, "<c>\n  <a>1</a>\n</c>\n", {"c", "n"}, "x", "<c>\n  <a>1</a>\n  <n>x</n>\n</c>\n"},
        {xml, "<c/>\n", {"c", "n"}, "x", "<c>\n  <n>x</n>\n</c>\n"},
        {xml, "<c>\n  <a />\n</c>\n", {"c", "a"}, "x", "<c>\n  <a>x</a>\n</c>\n"},
        {xml, "<c>\n  <a></a>\n</c>\n", {"c", "a"}, "</a><admin/>", "<c>\n  <a>&lt;/a&gt;&lt;admin/&gt;</a>\n</c>\n"},
        {xml, "<c><![CDATA[ <a>0</a> ]]><a>1</a></c>\n", {"c", "a"}, 2, "<c><![CDATA[ <a>0</a> ]]><a>2</a></c>\n"},
        {xml, "<!DOCTYPE c>\n<c><b><a>0</a></b><a>1</a></c>\n", {"c", "a"}, 2, "<!DOCTYPE c>\n<c><b><a>0</a></b><a>2</a></c>\n"},
    };
    expect_edits(cases);
    EXPECT_EQ(edited(xml, "", {"c", "d", "a"}, 1), "<c>\n  <d>\n    <a>1</a>\n  </d>\n</c>\n");

    struct Bad {
        std::string_view content;
        std::vector<std::string> path;
        int line;
    };
    const Bad bad[] = {
        {"<c>\n<a>", {"c", "x"}, 2},
        {"<c>\n</d>", {"c", "a"}, 2},
        {"<d/>", {"c"}, 1},
        {"<c", {"c"}, 1},
        {"<c>\n<a><b/></a></c>", {"c", "a"}, 2},
        {"<c>text</c>", {"c", "a"}, 1},
        {"<!-- x", {"c"}, 1},
        {"<!DOCTYPE c [<!ENTITY x \"y\">]><c/>", {"c"}, 1},
        {"<c a b='1'/>", {"c", "@b"}, 1},
        {"<c a=1/>", {"c", "@b"}, 1},
        {"", {"@b"}, 1},
        {"", {"a b"}, 0},
        {"", {"a", "@b='x'"}, 0},
    };
    for (const auto& it : bad) EXPECT_EQ(refusal(xml, it.content, it.path, 1).line, it.line) << it.content;
    refusal(xml, "<c/>", {"c"}, "a\nb");
}

TEST(EditFile, MakesSeveralEditsInOrderAndStopsAtTheFirstThatFails) {
    const std::vector<Edit> edits = {{{"a"}, 1}, {{"b"}, 2}, {{"a"}, 3}};
    EXPECT_EQ(edit_file(FileFormat::properties, "", edits), "a=3\nb=2\n");

    const std::vector<Edit> failing = {{{"a"}, 1}, {{"b"}, "x\ny"}};
    const auto result = edit_file(FileFormat::ini, "", failing);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("'b'"), std::string::npos);
}

}  // namespace
}  // namespace gk::catalog
