# Writes OUT, a C source with the text of every .avsc file in DIR as it stands.
# Called as a script: cmake -D DIR=… -D OUT=… -P EmbedSchemas.cmake
file(GLOB _files "${DIR}/*.avsc")
set(_entries "")
foreach(_file IN LISTS _files)
  get_filename_component(_name "${_file}" NAME_WE)
  file(READ "${_file}" _hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1, " _bytes "${_hex}")
  string(APPEND _entries "static const uint8_t ${_name}_text[] = { ${_bytes} };\n")
  string(APPEND _table "\t{ \"${_name}\", { ${_name}_text, sizeof(${_name}_text) } },\n")
endforeach()
file(WRITE "${OUT}.new" "#include \"schemas/avsc.h\"\n\n${_entries}\n"
  "const struct avsc avsc_files[] = {\n${_table}\t{ NULL, { NULL, 0 } },\n};\n")
file(RENAME "${OUT}.new" "${OUT}")
