# sb_library(NAME SOURCES a.c... HEADERS a.h... DEPS tgt... USES third-party...)
# DEPS are the parts whose headers ours include; USES stay inside the sources.
function(sb_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;DEPS;USES")
  add_library(sb_${name} STATIC ${arg_SOURCES})
  add_library(sb::${name} ALIAS sb_${name})
  target_sources(sb_${name} PUBLIC FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${arg_HEADERS})
  target_link_libraries(sb_${name} PUBLIC ${arg_DEPS} PRIVATE sb_options ${arg_USES})
  set_target_properties(sb_${name} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON
    VERIFY_INTERFACE_HEADER_SETS ON)   # each header compiles alone
endfunction()

# Programs land in one place, build/<preset>/bin.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

# sb_program(NAME SOURCES main.c DEPS tgt...)
function(sb_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sb_options ${arg_DEPS})
  set_target_properties(${name} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
endfunction()

# sb_test(NAME LABEL unit|integration SOURCES t.c DEPS tgt... [FIXTURES f...])
# Exit 77 means "skipped" (the automake convention): a missing broker is not a pass.
function(sb_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "SOURCES;DEPS;FIXTURES")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sb_options ${arg_DEPS})
  set_target_properties(${name} PROPERTIES C_STANDARD 11 C_EXTENSIONS OFF)
  add_test(NAME ${arg_LABEL}.${name} COMMAND ${name})
  set_tests_properties(${arg_LABEL}.${name} PROPERTIES
    LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
    FIXTURES_REQUIRED "${arg_FIXTURES}")
endfunction()
