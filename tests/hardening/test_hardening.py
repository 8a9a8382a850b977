# SPDX-License-Identifier: GPL-2.0-or-later
"""test_hardening.py - what the compiler and the linker can do against overflows is in what is shipped."""

import platform
import re
import subprocess

import pytest
from support import paths

pytestmark = pytest.mark.skipif(paths.sanitized(), reason="a build with sanitizers is not shipped")

ANALYZER = paths.ANALYZER
PLUGIN = paths.BUILD / "plugin/tcphs.so"
SHIPPED = pytest.mark.parametrize("binary", [ANALYZER, PLUGIN], ids=["tcphs", "tcphs.so"])


def readelf(binary, *options):
    return subprocess.run(["readelf", "-W", *options, paths.built(binary)], capture_output=True, text=True,
                          check=True).stdout


def test_the_analyzer_lies_at_another_address_each_time():
    """Position independent, and marked as a program that is."""
    assert "DYN (" in readelf(ANALYZER, "-h")
    assert re.search(r"FLAGS_1.*\bPIE\b", readelf(ANALYZER, "-d"))


@SHIPPED
def test_addresses_of_functions_are_read_only_once_it_runs(binary):
    assert "GNU_RELRO" in readelf(binary, "-l")
    assert re.search(r"FLAGS_1.*\bNOW\b", readelf(binary, "-d"))


@SHIPPED
def test_no_memory_is_written_and_executed(binary):
    segments = re.findall(r"^ +(\w+) +(?:0x[0-9a-f]+ +){5}([RWE ]{3})", readelf(binary, "-l"), re.M)
    assert ("GNU_STACK", "RW ") in segments
    assert not [kind for kind, flags in segments if "W" in flags and "E" in flags]


@SHIPPED
def test_the_stack_is_protected_and_copies_are_checked(binary):
    """By -fstack-protector-strong and _FORTIFY_SOURCE, which leave calls behind."""
    symbols = readelf(binary, "--dyn-syms")
    assert "__stack_chk_fail" in symbols
    assert re.search(r"\b__\w+(?<!stack)_chk\b", symbols)


@SHIPPED
def test_libraries_are_looked_for_where_the_system_has_them(binary):
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf(binary, "-d"))


@SHIPPED
@pytest.mark.skipif(platform.machine() != "x86_64", reason="a feature of x86 processors")
def test_jumps_and_returns_are_guarded(binary):
    """Control-flow enforcement, -fcf-protection=full: whatever can be called indirectly begins with a landing pad.

    The note that turns it on is the linker's, and only there if the C library's own parts have it, too.
    """
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", paths.built(binary)], capture_output=True, text=True,
                          check=True).stdout
    assert code.count("endbr64") > 100
