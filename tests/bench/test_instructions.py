#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions the analyzer takes for a frame, against what is written down in instructions.txt.

    tests/bench/test_instructions.py --renew     writes down what it takes now; say in the commit why that is more

valgrind's callgrind counts, so the figures are the same on a busy machine; starting the analyzer is taken off. Only the
secret of the hash tables differs from run to run, which makes less than a thousandth. Counts depend on the compiler and
on the C library, too, so there is something to compare only where those are what instructions.txt says.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import callgrind, paths  # noqa: E402  pylint: disable=wrong-import-position

WRITTEN = Path(__file__).with_name("instructions.txt")
TOLERANCE = 0.05

# Traffic as tests/bench/traffic.c makes it. The first is for starting alone.
NOTHING = ("bulk", "1")
TRAFFIC = {"mix": ("mix", "300"), "flood": ("flood", "5000"), "bulk": ("bulk", "5000")}
FORMATS = ("summary", "ndjson")
TOOLS = ("gcc-12", "libc6", "libglib2.0-0", "libpcap0.8", "valgrind")


def versions():
    """{package of Debian: its version}, of what counts depend on; None for those that are not installed."""
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *TOOLS]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        told = ""
    return {tool: dict(line.split(" ", 1) for line in told.splitlines()).get(tool) or None for tool in TOOLS}


def written():
    """What instructions.txt says: ({package: version}, {(traffic, format): instructions a frame})."""
    tools, counts = {}, {}
    for line in WRITTEN.read_text().splitlines():
        words = line.split()
        if len(words) == 2 and not line.startswith("#"):
            tools[words[0]] = words[1]
        elif len(words) == 3 and not line.startswith("#"):
            counts[words[0], words[1]] = int(words[2])
    return tools, counts


def reason_to_skip():
    """Why counts of this build on this machine say nothing; None if they do."""
    cache = paths.BUILD / "CMakeCache.txt"
    settings = cache.read_text() if cache.exists() else ""
    for setting in ("CMAKE_BUILD_TYPE:STRING=RelWithDebInfo", "TCPHS_SANITIZE:BOOL=OFF", "TCPHS_FUZZ:BOOL=OFF"):
        if setting not in settings:
            return f"counts are of the release preset, and {paths.BUILD} is not built with {setting.split(':')[0]}=" \
                   f"{setting.split('=')[1]}"
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", settings, re.MULTILINE)
    if not compiler or "gcc" not in os.path.realpath(compiler.group(1)):
        return "counts are of gcc's code, and this build is another compiler's"
    if os.uname().machine != "x86_64":
        return f"counts are of x86_64, and this is {os.uname().machine}"
    here, there = versions(), written()[0]
    different = [f"{tool} {version} (here: {here.get(tool) or 'none'})" for tool, version in there.items()
                 if here.get(tool) != version]
    return f"counts are of {', '.join(different)}" if different else None


def capture(folder, arguments):
    """(capture, its number of frames)."""
    path = folder / ("-".join(arguments) + ".pcap")
    with open(path, "wb") as file:
        subprocess.run([paths.built(paths.BUILD / "tests/bench/traffic"), *arguments], stdout=file, check=True)
    count = subprocess.run([paths.built(paths.BUILD / "tests/bench/loop"), path], capture_output=True, text=True,
                           check=True).stdout
    return path, int(count.split()[0])


def instructions(form, path):
    """How many the whole run takes. The capture's name is printed with each line, so the folder is left out of it."""
    return callgrind.collected([*callgrind.COMMAND, paths.built(paths.ANALYZER), "--no-sandbox", "--fail-on", "never",
                                "--format", form, path.name], cwd=path.parent)


def count(folder):
    """{(traffic, format): instructions a frame}"""
    nothing = capture(folder, NOTHING)[0]
    captures = {name: capture(folder, arguments) for name, arguments in TRAFFIC.items()}
    runs = [(name, form) for name in captures for form in FORMATS]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        start = pool.submit(instructions, FORMATS[0], nothing)
        totals = list(pool.map(lambda run: instructions(run[1], captures[run[0]][0]), runs))
    return {run: round((total - start.result()) / captures[run[0]][1]) for run, total in zip(runs, totals)}


def test_instructions_a_frame(tmp_path):
    """No more than 5 % above what is written down; no less either, else that would hide the next rise."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)
    expected = written()[1]
    found = count(tmp_path)
    assert found.keys() == expected.keys()
    off = [f"{name} --format {form}: {found[name, form]} instructions a frame, not {expected[name, form]}"
           for name, form in found if abs(found[name, form] - expected[name, form]) > TOLERANCE * expected[name, form]]
    assert not off, f"{off}; if that is meant, tests/bench/test_instructions.py --renew writes it down"


def renew(folder):
    """Writes instructions.txt."""
    counts = count(folder)
    lines = ["# Instructions a frame; test_instructions.py --renew writes this. Counted with:"]
    lines += [f"{tool} {version}" for tool, version in versions().items()]
    lines += ["# traffic, format, instructions"]
    lines += [f"{name} {form} {counts[name, form]}" for name, form in counts]
    WRITTEN.write_text("\n".join(lines) + "\n")
    print(WRITTEN.read_text(), end="")


if __name__ == "__main__":
    if sys.argv[1:] != ["--renew"]:
        sys.exit("test_instructions.py: pytest runs it; --renew writes instructions.txt anew")
    import tempfile
    with tempfile.TemporaryDirectory() as temporary:
        renew(Path(temporary))
