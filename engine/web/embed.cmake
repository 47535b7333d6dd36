# Turns the files of engine/web/static into one .cpp of byte arrays, so that the binary needs no files of its
# own at run time. Run as a script (-DOUT=... -DFROM=...) when a file changes; included by the build.
if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB files ${FROM}/*)
  list(SORT files)
  set(arrays "")
  set(entries "")
  set(number 0)
  foreach(file ${files})
    get_filename_component(name ${file} NAME)
    file(READ ${file} bytes HEX)
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "constexpr unsigned char kFile${number}[] = {${bytes}};\n")
    string(APPEND entries "    {\"${name}\", {reinterpret_cast<const char*>(kFile${number}), ${size}}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(WRITE ${OUT} "// Made from engine/web/static by embed.cmake.\n#include \"engine/web/pages.hpp\"\n\n"
    "namespace tocsin::web {\nnamespace {\n${arrays}}  // namespace\n\n"
    "std::vector<EmbeddedFile> embedded_files() {\n  return {\n${entries}  };\n}\n\n}  // namespace tocsin::web\n")
  return()
endif()

set(web_static ${PROJECT_SOURCE_DIR}/engine/web/static)
set(web_generated ${PROJECT_BINARY_DIR}/generated/web_files.cpp)
file(GLOB web_files CONFIGURE_DEPENDS ${web_static}/*)
add_custom_command(OUTPUT ${web_generated}
  COMMAND ${CMAKE_COMMAND} -DOUT=${web_generated} -DFROM=${web_static} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${web_files} ${CMAKE_CURRENT_LIST_FILE} VERBATIM)
target_sources(tocsin_web PRIVATE ${web_generated})
