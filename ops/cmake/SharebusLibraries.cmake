# sb_uses(TARGET MODULE VERSION NAME LICENCE [OPTIONAL]): finds a library by its pkg-config module, as
# PkgConfig::TARGET, and notes it for the bill of materials under its own NAME. sb_uses_header(): the
# same for a header that is compiled in, whose version is what follows MACRO in it.
set_property(GLOBAL PROPERTY sb_components "")

function(sb_note name version licence module)
  set_property(GLOBAL APPEND PROPERTY sb_components "${name}|${version}|${licence}|${module}")
endfunction()

macro(sb_uses target module version name licence)
  if("${ARGN}" STREQUAL "OPTIONAL")
    pkg_check_modules(${target} IMPORTED_TARGET GLOBAL "${module}${version}")
  else()
    pkg_check_modules(${target} REQUIRED IMPORTED_TARGET GLOBAL "${module}${version}")
  endif()
  if(${target}_FOUND)
    sb_note(${name} "${${target}_VERSION}" ${licence} ${module})
  endif()
endmacro()

function(sb_uses_header name macro licence)
  find_file(${name}_header ${name}.h REQUIRED)
  file(STRINGS "${${name}_header}" line REGEX "^#define ${macro} ")
  string(REGEX REPLACE "^#define ${macro} +" "" version "${line}")
  sb_note(${name} "${version}" ${licence} "")
endfunction()

# Writes OUT, the bill of materials in CycloneDX's form. It has no time and no serial number, so that
# the same sources and libraries give the same bytes.
function(sb_write_bill out)
  get_property(components GLOBAL PROPERTY sb_components)
  set(list "")
  set(refs "")
  foreach(component IN LISTS components)
    string(REGEX MATCH "^(.*)[|](.*)[|](.*)[|](.*)$" _ "${component}")
    set(ref "${CMAKE_MATCH_1}@${CMAKE_MATCH_2}")
    set(json "{\"type\": \"library\", \"bom-ref\": \"${ref}\", \"name\": \"${CMAKE_MATCH_1}\"")
    string(APPEND json ", \"version\": \"${CMAKE_MATCH_2}\", \"purl\": \"pkg:generic/${ref}\"")
    string(APPEND json ", \"licenses\": [{\"license\": {\"id\": \"${CMAKE_MATCH_3}\"}}]")
    if(CMAKE_MATCH_4)
      string(APPEND json ", \"properties\": [{\"name\": \"pkg-config\", \"value\": \"${CMAKE_MATCH_4}\"}]")
    endif()
    list(APPEND list "    ${json}}")
    list(APPEND refs "\"${ref}\"")
  endforeach()
  list(JOIN list ",\n" list)
  list(JOIN refs ", " refs)
  set(self "${PROJECT_NAME}@${PROJECT_VERSION}")
  file(CONFIGURE OUTPUT "${out}" @ONLY CONTENT "{
  \"bomFormat\": \"CycloneDX\",
  \"specVersion\": \"1.5\",
  \"version\": 1,
  \"metadata\": {\"component\": {\"type\": \"application\", \"bom-ref\": \"@self@\", \"name\": \"@PROJECT_NAME@\",
    \"version\": \"@PROJECT_VERSION@\", \"licenses\": [{\"license\": {\"id\": \"Apache-2.0\"}}]}},
  \"components\": [
@list@
  ],
  \"dependencies\": [{\"ref\": \"@self@\", \"dependsOn\": [@refs@]}]
}
")
endfunction()
