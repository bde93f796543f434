#include "net/s3/signature.hpp"

#include <gtest/gtest.h>

namespace gk::net::s3 {
namespace {

// The examples of Amazon's S3 API reference ("Signature Calculations for the Authorization Header").
struct Example {
    const char* name;
    Unsigned request;
    const char* target;
    const char* signature;
};

Unsigned request(std::string method, std::string path, Pairs query, Pairs headers, std::string_view body) {
    return {.method = std::move(method),
            .host = "examplebucket.s3.amazonaws.com",
            .path = std::move(path),
            .query = std::move(query),
            .headers = std::move(headers),
            .body = body};
}

std::vector<Example> examples() {
    return {
        {"get", request("GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, ""), "/test.txt",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {"put",
         request("PUT", "/test$file.text", {}, {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                 "Welcome to Amazon S3."),
         "/test%24file.text", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"lifecycle", request("GET", "/", {{"lifecycle", ""}}, {}, ""),
         "/?lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {"list", request("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, ""), "/?max-keys=2&prefix=J",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
}

TEST(Signature, IsAmazonsOwnForItsPublishedExamples) {
    const Credentials credentials{.key_id = "AKIAIOSFODNN7EXAMPLE", .secret = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};
    const auto at = parse_rfc3339("2013-05-24T00:00:00Z").value();
    for (const auto& example : examples()) {
        const auto added = sign(example.request, credentials, "us-east-1", at);

        ASSERT_EQ(added.size(), 3U);
        EXPECT_EQ(added[1].second, "20130524T000000Z");
        EXPECT_TRUE(added[2].second.ends_with(std::string("Signature=") + example.signature)) << example.name << ": " << added[2].second;
        EXPECT_TRUE(added[2].second.starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"));
        EXPECT_EQ(target_of(example.request), example.target);
    }
}

}  // namespace
}  // namespace gk::net::s3
