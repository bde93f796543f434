// Precompiled for the tests of base, domain, wire, shim and launcher. Sources still include what they use.
#include "pch_std.hpp"

#include <gtest/gtest.h>
