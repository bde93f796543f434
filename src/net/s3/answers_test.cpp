#include "net/s3/answers.hpp"

#include <gtest/gtest.h>

namespace gk::net::s3 {
namespace {

using Kind = StoreError::Kind;

constexpr std::string_view two_objects = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>worlds</Name><Prefix>a&amp;b/</Prefix><IsTruncated>false</IsTruncated>
<Contents><Key>a&amp;b/config</Key><LastModified>2026-11-21T10:00:00.123Z</LastModified><ETag>&quot;x&quot;</ETag><Size>155</Size></Contents>
<Contents><Key>a&amp;b/&#x7a;</Key><LastModified>2026-11-21T10:00:01Z</LastModified><Size>0</Size></Contents>
<CommonPrefixes><Prefix>a&amp;b/data/</Prefix></CommonPrefixes></ListBucketResult>)";

TEST(Answers, AListIsRead) {
    const auto listing = parse_listing(two_objects);
    ASSERT_TRUE(listing) << listing.error().detail;
    ASSERT_EQ(listing->objects.size(), 2U);
    EXPECT_EQ(listing->objects[0].key, "a&b/config");
    EXPECT_EQ(listing->objects[0].size, 155U);
    EXPECT_EQ(listing->objects[0].changed_at, parse_rfc3339("2026-11-21T10:00:00.123Z"));
    EXPECT_EQ(listing->objects[1].key, "a&b/z");
    EXPECT_EQ(listing->folders, std::vector<std::string>{"a&b/data/"});
    EXPECT_TRUE(listing->more.empty());
}

TEST(Answers, NothingIsConcludedFromHalfAList) {
    for (std::size_t size = 0; size < two_objects.size(); ++size) {
        const auto listing = parse_listing(two_objects.substr(0, size));
        ASSERT_FALSE(listing) << size;
        EXPECT_EQ(listing.error().kind, Kind::unavailable);
    }
    EXPECT_FALSE(parse_listing("<ListBucketResult></ListBucketResult>")) << "nor from one that does not say whether it is all";
    EXPECT_FALSE(parse_listing("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"));
    EXPECT_FALSE(parse_listing("<Other><IsTruncated>false</IsTruncated></Other>"));
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "<a>";
    EXPECT_FALSE(parse_listing(deep));
    EXPECT_FALSE(parse_listing("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"));
}

ClientResponse answer(int status, std::string body) { return {.status = status, .headers = {}, .body = std::move(body)}; }

TEST(Answers, AreJudgedByStatusAndBody) {
    struct Case {
        int status;
        std::string body;
        Kind kind;
        std::string_view says;
    };
    const std::vector<Case> cases = {
        {403, "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>", Kind::denied, "secret"},
        {403, "<Error><Code>InvalidAccessKeyId</Code></Error>", Kind::denied, "key_id"},
        {403, "", Kind::denied, "403"},
        {301, "<Error><Code>PermanentRedirect</Code></Error>", Kind::denied, "region"},
        {404, "<Error><Code>NoSuchBucket</Code></Error>", Kind::denied, "bucket"},
        {404, "<Error><Code>NoSuchKey</Code></Error>", Kind::not_found, "object"},
        {404, "", Kind::not_found, "404"},
        {503, "<Error><Code>SlowDown</Code></Error>", Kind::unavailable, "fewer"},
        {500, "oops", Kind::unavailable, "oops"},
        {429, "", Kind::unavailable, "429"},
        {200, "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>late</Message></Error>", Kind::unavailable, "late"},
    };
    for (const auto& [status, body, kind, says] : cases) {
        const auto judged = judge(answer(status, body));
        ASSERT_FALSE(judged) << status << body;
        EXPECT_EQ(judged.error().kind, kind) << status << body;
        EXPECT_TRUE(judged.error().detail.contains(says)) << judged.error().detail;
    }
    EXPECT_TRUE(judge(answer(200, "")));
    EXPECT_TRUE(judge(answer(204, "")));
    EXPECT_TRUE(judge(answer(200, "<html>an object</html>")));
}

}  // namespace
}  // namespace gk::net::s3
