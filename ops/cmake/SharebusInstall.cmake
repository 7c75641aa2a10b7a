# What is installed beside programs, library and header. Below /usr/local, man, shells and systemd find
# their parts there, too; ops/deb makes packages of the same.
set(SB_ZSH_DIR "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" CACHE STRING "Where zsh looks for completions")
set(SB_UNIT_DIR "lib/systemd/system" CACHE STRING "Where systemd looks for units")

sb_write_bill("${PROJECT_BINARY_DIR}/sharebus.cdx.json")
install(FILES README.md ARCHITECTURE.md CHANGELOG.md SECURITY.md LICENSE ops/SETTINGS.md ops/packaging/sharebus.conf
  ops/packaging/debian/copyright "${PROJECT_BINARY_DIR}/sharebus.cdx.json"
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(DIRECTORY schemas/avro/ DESTINATION ${CMAKE_INSTALL_DATADIR}/sharebus/schemas COMPONENT runtime
  FILES_MATCHING PATTERN "*.avsc")

# sb_print(FILE DESTINATION WORD...): installs what `sharebus WORD...` prints.
function(sb_print name destination)
  set(out "${PROJECT_BINARY_DIR}/printed/${destination}/${name}")
  cmake_path(GET out PARENT_PATH folder)
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${out}" DEPENDS sharebus VERBATIM
    COMMAND sharebus ${ARGN} > "${out}.part"
    COMMAND "${CMAKE_COMMAND}" -E rename "${out}.part" "${out}")
  set_property(GLOBAL APPEND PROPERTY sb_printed "${out}")
  install(FILES "${out}" DESTINATION "${destination}" COMPONENT runtime)
endfunction()

if(NOT SB_SANITIZE) # of what may not run without settings of its own, nothing is installed
  sb_print(sharebus.1 ${CMAKE_INSTALL_MANDIR}/man1 manual sharebus)
  sb_print(sharebus.conf.5 ${CMAKE_INSTALL_MANDIR}/man5 manual sharebus.conf)
  sb_print(sharebus-consumer.8 ${CMAKE_INSTALL_MANDIR}/man8 manual sharebus-consumer)
  sb_print(sharebus-notifier.8 ${CMAKE_INSTALL_MANDIR}/man8 manual sharebus-notifier)
  sb_print(sharebus ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
  sb_print(_sharebus ${SB_ZSH_DIR} completion zsh)
  sb_print(sharebus.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d completion fish)
  get_property(printed GLOBAL PROPERTY sb_printed)
  add_custom_target(printed ALL DEPENDS ${printed})
endif()

# One unit for the only consumer of a host, and a template for more of them.
foreach(unit "" "@")
  if(unit)
    set(SB_WHICH " %i")
    set(SB_NAME "\n# The host's name, because no two consumers of a group may have the same.\nEnvironment=SHAREBUS_INSTANCE=%H-%i")
  else()
    set(SB_WHICH "")
    set(SB_NAME "")
  endif()
  configure_file(ops/packaging/sharebus-consumer.service.in "sharebus-consumer${unit}.service" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/sharebus-consumer${unit}.service" DESTINATION ${SB_UNIT_DIR}
    COMPONENT runtime)
endforeach()
configure_file(ops/packaging/sharebus-notifier.service.in sharebus-notifier.service @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/sharebus-notifier.service" DESTINATION ${SB_UNIT_DIR} COMPONENT runtime)
install(FILES ops/packaging/sharebus.sysusers RENAME sharebus.conf DESTINATION lib/sysusers.d COMPONENT runtime)
