# Compiler and linker flags, the same for every target, so that all of them can share one precompiled header.
option(GK_TESTS "Build the unit, contract and simulator tests" ON)
option(GK_FUZZ "Build the libFuzzer targets" OFF)
set(GK_SANITIZE "" CACHE STRING "Sanitizers for every target, as in -fsanitize=")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
                    -Wno-missing-designated-field-initializers -Werror -fno-strict-aliasing
                    -fstack-protector-strong -fpch-instantiate-templates)
add_link_options(-fuse-ld=mold)

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  # Line tables are enough for backtraces and sanitizer reports, and halve the size of the objects.
  add_compile_options(-g1)
endif()
if(GK_SANITIZE)
  # -O1: without it the simulator's coroutines take several times as long, and its seeds are what the time is for.
  add_compile_options(-fsanitize=${GK_SANITIZE} -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GK_SANITIZE})
  if(GK_SANITIZE MATCHES "thread")
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
if(GK_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
