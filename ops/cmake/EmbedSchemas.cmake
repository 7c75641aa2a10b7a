# Writes OUT, a C source with the text of every .avsc file in DIR, and in DIR/earlier, as it stands.
# Called as a script: cmake -D DIR=… -D OUT=… -P EmbedSchemas.cmake
set(_text "#include \"schemas/avsc.h\"\n\n")

# Appends an array of the schemas that the pattern matches.
function(embed_schemas array pattern)
  file(GLOB _files "${pattern}")
  set(_table "")
  foreach(_file IN LISTS _files)
    get_filename_component(_record "${_file}" NAME_WE) # ShareWorkspace.1.avsc is one of ShareWorkspace
    get_filename_component(_name "${_file}" NAME)
    string(MAKE_C_IDENTIFIER "${_name}" _name)
    file(READ "${_file}" _hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1, " _bytes "${_hex}")
    string(APPEND _text "static const uint8_t ${_name}[] = { ${_bytes} };\n")
    string(APPEND _table "\t{ \"${_record}\", { ${_name}, sizeof(${_name}) } },\n")
  endforeach()
  string(APPEND _text "\nconst struct avsc ${array}[] = {\n${_table}\t{ NULL, { NULL, 0 } },\n};\n")
  set(_text "${_text}" PARENT_SCOPE)
endfunction()

embed_schemas(avsc_files "${DIR}/*.avsc")
embed_schemas(avsc_earlier_files "${DIR}/earlier/*.avsc")
file(WRITE "${OUT}.new" "${_text}")
file(RENAME "${OUT}.new" "${OUT}")
