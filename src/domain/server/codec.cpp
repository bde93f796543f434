#include "domain/server/record.hpp"
