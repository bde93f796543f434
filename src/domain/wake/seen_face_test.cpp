#include "domain/wake/seen_face.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gk::wake {
namespace {

const std::string picture = "data:image/png;base64,iVBORw0KGgo=";

Route route_to(std::string server, GameProtocol protocol) { return {.server = std::move(server), .protocol = protocol}; }

TEST(SeenFace, IsOfAServerAndTheWordsThatItIsAskedIn) {
    EXPECT_EQ(face_key(route_to("castle", GameProtocol::quake3)), "castle quake3");
    EXPECT_EQ(face_key("town/castle", StreamProtocol::minecraft), "town/castle minecraft");
    for (const auto protocol : {GameProtocol::generic, GameProtocol::minetest, GameProtocol::minecraft_query}) {
        EXPECT_EQ(face_key(route_to("castle", protocol)), "");
    }
    EXPECT_EQ(face_key("castle", StreamProtocol::tls), "");
}

TEST(SeenFace, IsShownInsteadOfWhatIsTold) {
    const Face told{.title = "castle (sleeping, join to start)", .map = "dm1", .game_type = "Arena", .players_max = 8, .trouble = "it crashed"};
    EXPECT_EQ(with_seen(told, "castle", {}), told) << "nothing was seen";
    const Face seen{.title = "Ann's place",
                    .map = "dm7",
                    .game_type = "DM",
                    .version = "0.7.5",
                    .protocol = 71,
                    .players_max = 16,
                    .game_name = "Q",
                    .icon = picture};
    auto shown = seen;
    shown.title = "Ann's place (sleeping, join to start)";
    shown.trouble = told.trouble;
    EXPECT_EQ(with_seen(told, "castle", seen), shown);
    EXPECT_EQ(with_seen(told, "town/castle", seen), shown) << "titles say nothing of namespaces";
    EXPECT_EQ(with_seen(told, "tower", seen).title, told.title) << "a title that somebody has written stays";
}

TEST(SeenFace, IsOfOneLineOfWholeCharactersAndBounded) {
    const auto line = [](std::string text) { return bounded({.title = std::move(text)}).title; };
    EXPECT_EQ(line("  Castle\n\x01Tower\x7f "), "Castle  Tower");
    EXPECT_EQ(line(std::string(127, 'x') + "\u00e4"), std::string(127, 'x')) << "no half character";
    EXPECT_EQ(line(std::string(10'000, 'x')).size(), face_text_max);
    EXPECT_EQ(line("Schlo\xdf"), "Schlo?") << "of a game older than UTF-8";
    const auto of_all =
        bounded({.map = "a\nb", .game_type = "a\nb", .version = "a\nb", .protocol = -1, .players_max = -1, .game_name = "a\nb", .trouble = "x"});
    EXPECT_EQ(of_all, (Face{.map = "a b", .game_type = "a b", .version = "a b", .game_name = "a b"}));
}

TEST(SeenFace, APictureIsOneAndBounded) {
    const auto icon = [](std::string text) { return bounded({.icon = std::move(text)}).icon; };
    EXPECT_EQ(icon(picture), picture);
    EXPECT_EQ(icon("data:image/png;base64,\"><script>"), "");
    EXPECT_EQ(icon("https://example.org/a.png"), "");
    const std::string head = "data:image/png;base64,";
    EXPECT_NE(icon(head + std::string(face_icon_max - head.size(), 'A')), "");
    EXPECT_EQ(icon(head + std::string(face_icon_max - head.size() + 1, 'A')), "");
    SeenFaces many;
    for (std::size_t i = 0; i <= face_icons_max / face_icon_max; ++i) many[fmt::format("{:04} minecraft", i)].icon = std::string(face_icon_max, 'A');
    bound_icons(many);
    EXPECT_EQ(std::prev(many.end())->second.icon, "") << "there is no room for it";
    EXPECT_NE(std::prev(many.end(), 2)->second.icon, "");
}

TEST(SeenFace, OfWhoHasNoRouteAnyMoreIsForgotten) {
    RouteTable table;
    table.datagrams = {route_to("arena", GameProtocol::quake3), route_to("cave", GameProtocol::minetest)};
    table.streams = {{.listen = {}, .protocol = StreamProtocol::minecraft, .routes = {route_to("castle", GameProtocol::generic)}}};
    SeenFaces seen{{"arena quake3", {.version = "1"}}, {"castle minecraft", {.version = "2"}}, {"tower quake3", {}}, {"castle quake3", {}}};
    keep_only_routed(seen, table);
    ASSERT_EQ(seen.size(), 2U);
    const auto shown = with_seen(table, seen);
    EXPECT_EQ(shown.datagrams[0].face.version, "1");
    EXPECT_EQ(shown.datagrams[1].face.version, "");
    EXPECT_EQ(shown.streams[0].routes[0].face.version, "2");
}

TEST(SeenFace, IsADocumentAndIsNotBelievedWhenItIsReadBack) {
    const SeenFaces seen{{"castle minecraft", {.title = "Castle", .version = "1.21", .protocol = 767, .players_max = 20, .icon = picture}}};
    Errors errors;
    SeenFaces read;
    ASSERT_TRUE(decode(document_of(seen), "", errors, read));
    EXPECT_EQ(read, seen);
    const SeenFaces wrong{{"castle minecraft", {.title = "Castle\n", .icon = "x"}}};
    ASSERT_TRUE(decode(document_of(wrong), "", errors, read));
    EXPECT_EQ(read["castle minecraft"], (Face{.title = "Castle"}));
    EXPECT_FALSE(decode(Value("x"), "", errors, read));
}

}  // namespace
}  // namespace gk::wake
