# gk_embed(TARGET target FILES path...)
# Compiles files into `target`: a generated source defines gk::embedded_files(), declared in programs/assets/embedded.hpp. Rebuilt when a file
# changes. Files are text; raw string literals hold them in pieces below the length that every compiler must take.
function(gk_embed)
  cmake_parse_arguments(ARG "" "TARGET" "FILES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/embedded_${ARG_TARGET}.cpp)
  set(inputs)
  foreach(file IN LISTS ARG_FILES)
    list(APPEND inputs ${CMAKE_SOURCE_DIR}/${file})
  endforeach()
  string(REPLACE ";" "," joined "${ARG_FILES}")
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DFILES=${joined} -DOUT=${out} -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "Embedding ${ARG_FILES}"
    VERBATIM)
  target_sources(${ARG_TARGET} PRIVATE ${out})
endfunction()
