// Precompiled for the tests of the layers that use Asio. Sources still include what they use.
#include "pch_asio.hpp"

#include <gtest/gtest.h>
