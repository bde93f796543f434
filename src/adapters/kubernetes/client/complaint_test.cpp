#include "adapters/kubernetes/client/complaint.hpp"

#include <gtest/gtest.h>

namespace gk::kubernetes {
namespace {

using wire::kubernetes::Failure;

const Failure passing{.kind = Failure::Kind::refused, .detail = "nobody listens"};
const Failure for_a_person{.kind = Failure::Kind::forbidden, .detail = "cannot list pods"};

TEST(Complaint, IsMadeAtOnceOfWhatOnlyAPersonCanMend) {
    Complaint complaint;

    EXPECT_TRUE(complaint.is_due(for_a_person));
}

TEST(Complaint, WaitsForTheThirdFailureInARowOfWhatMayPass) {
    Complaint complaint;

    EXPECT_FALSE(complaint.is_due(passing));
    EXPECT_FALSE(complaint.is_due(passing));
    EXPECT_FALSE(complaint.is_over()) << "nothing was told";
    EXPECT_FALSE(complaint.is_due(passing));
    EXPECT_FALSE(complaint.is_due(passing));
    EXPECT_TRUE(complaint.is_due(passing));
}

TEST(Complaint, IsMadeOnceAndTakenBackOnce) {
    Complaint complaint;
    ASSERT_TRUE(complaint.is_due(for_a_person));

    EXPECT_FALSE(complaint.is_due(for_a_person));
    EXPECT_TRUE(complaint.is_over());
    EXPECT_FALSE(complaint.is_over());
    EXPECT_TRUE(complaint.is_due(for_a_person));
}

}  // namespace
}  // namespace gk::kubernetes
