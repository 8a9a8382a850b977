# SPDX-License-Identifier: GPL-2.0-or-later
#
# Embed.cmake - makes a C file of files, so that a program carries them: cmake -D OUTPUT=... -D PREFIX=... -D FILES=...
#
# Each becomes an array PREFIX_name, ended by a NUL, and PREFIX_name_size without it; name is the file's with _ for
# what C does not take in names.

set(text "/* Made by Embed.cmake: do not edit. */\n#include \"html.h\"\n")
foreach(file IN LISTS FILES)
	get_filename_component(name "${file}" NAME)
	string(MAKE_C_IDENTIFIER "${PREFIX}_${name}" name)
	file(READ "${file}" octets HEX)
	string(LENGTH "${octets}" length)
	math(EXPR length "${length} / 2")
	string(REGEX REPLACE "(................................)" "\\1\n" octets "${octets}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${octets}")
	string(APPEND text "\nconst char ${name}[] = {\n${octets}0};\nconst size_t ${name}_size = ${length};\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
