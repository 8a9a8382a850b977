# SPDX-License-Identifier: GPL-2.0-or-later
#
# TcphsOptions.cmake - language, warnings, hardening and sanitizers, the same for every folder.
#
# The warnings are a set that gcc 12 and clang 14 both know; they are errors unless TCPHS_WERROR is off (for people who
# build with a newer compiler than ours). Falling through a case is left to gcc, which reads comments; a table's last
# row { NULL } is GLib's idiom and not worth a warning. Captures are hostile input, so what the compiler offers against
# overflows is on. TCPHS_SANITIZE builds everything with AddressSanitizer and UndefinedBehaviorSanitizer, the first
# report being the last: a program that went wrong exits, so that no test can overlook it.

include(CheckCCompilerFlag)
include(CheckPIESupported)

option(TCPHS_WERROR "Warnings are errors" ON)
option(TCPHS_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(TCPHS_FUZZ "Build tests/fuzz for libFuzzer (clang; implies TCPHS_SANITIZE)" OFF)

option(TCPHS_COVERAGE "Count which lines are reached (gcc; for gcovr)" OFF)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_pie_supported(LANGUAGES C)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
	set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

add_compile_definitions("TCPHS_VERSION=\"${PROJECT_VERSION}\"")

add_compile_options(
	-Wall
	-Wextra
	-Wshadow
	-Wstrict-prototypes
	-Wmissing-prototypes
	-Wold-style-definition
	-Wpointer-arith
	-Wwrite-strings
	-Wvla
	-Wundef
	-Wformat=2
	-Wno-missing-field-initializers
	-Wdate-time
	$<$<BOOL:${TCPHS_WERROR}>:-Werror>)

# The frame pointer keeps profiles and crash reports readable; it costs less than can be measured here.
add_compile_options(-fno-common -fno-omit-frame-pointer)
# Paths of the machine that built it say nothing to the machine that runs it.
add_compile_options("-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=")

if(TCPHS_COVERAGE)
	# Counts are written at the end of each process, where the objects lie: the analyzer may have no sandbox.
	add_compile_options(--coverage -fprofile-update=atomic)
	add_link_options(--coverage)
	add_compile_definitions(TCPHS_UNCONFINED)
endif()
if(TCPHS_FUZZ)
	set(TCPHS_SANITIZE ON)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(TCPHS_SANITIZE)
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
	add_link_options(-fsanitize=address,undefined)
else()
	add_compile_options(-fstack-protector-strong "$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
	foreach(flag -fstack-clash-protection -fcf-protection=full)
		string(MAKE_C_IDENTIFIER "TCPHS_HAVE${flag}" known)
		check_c_compiler_flag(${flag} ${known})
		if(${known})
			add_compile_options(${flag})
		endif()
	endforeach()
	add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
endif()

# What ships is optimised across files: with TCPHS_LINK_TIME it is compiled and linked. Libraries are compiled with
# TCPHS_LINK_TIME_OBJECTS, which hold both forms, for tests link them, too. clang has no such objects before 17.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT TCPHS_SANITIZE)
	set(TCPHS_LINK_TIME -flto=auto)
	set(TCPHS_LINK_TIME_OBJECTS -flto=auto -ffat-lto-objects)
endif()
