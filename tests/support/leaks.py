#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""leaks.py [LOADS] - sharkd with the plugin under valgrind's memcheck, for captures loaded one after the other.

sharkd stands for Wireshark's window: one process, many files. Each is loaded, listed, and its first frames are asked
for with all details, the last of them first. What counts is an error or a leak with the plugin among the callers,
unless all that it did was to call the dissector that it stands before; those of Wireshark are counted and no more. The
exit code is 1 if there is one of ours. The plugin has to be built with -fno-optimize-sibling-calls: a function that
ends with a call of another one is else no caller any more.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import paths, shark  # noqa: E402  pylint: disable=wrong-import-position

FRAMES = 6  # asked for with all details, of each capture


class Watched(shark.Sharkd):
    """A sharkd that valgrind watches; its report is an XML file."""

    LOADS = 1 << 30

    def __init__(self, tshark, report):
        self.report = report
        super().__init__(tshark)

    def start(self):
        """Begins the one process."""
        command = self.shark.command("valgrind", "-q", "--tool=memcheck", "--leak-check=full", "--num-callers=40",
                                     "--keep-debuginfo=yes", "--xml=yes", f"--xml-file={self.report}", "sharkd", "-")
        # Pools would hide what is lost in them.
        environment = {**self.shark.environment(), "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment, cwd=self.shark.home)

    def look(self, capture):
        """Loads a capture and asks for what the window shows of it."""
        self.ask("load", file=str(self.shark.readable(capture)))
        for frame in reversed(self.ask("frames")[:FRAMES]):
            self.ask("frame", frame=frame["num"], proto=True)


def watch(tshark, captures):
    """What valgrind has to say in the end: [error]."""
    with tempfile.TemporaryDirectory(prefix="tcphs-leaks-") as folder:
        Path(folder).chmod(0o777)
        watched = Watched(tshark, Path(folder, "report.xml"))
        for capture in captures:
            watched.look(capture)
        watched.close()
        return ElementTree.parse(watched.report).findall("error")


def is_ours(error):
    """The innermost call of the plugin's led to it, and not by calling TCP, ICMP or ICMPv6."""
    inner = ""
    for frame in error.iter("frame"):
        if (frame.findtext("obj") or "").endswith("tcphs.so"):
            # call_dissector_only() ends with a call, too, of a function that has no name.
            passes_on = frame.findtext("fn") in ("hook_tcp", "remember_icmp")
            return not (passes_on and (inner.startswith("call_dissector") or not inner))
        inner = frame.findtext("fn") or ""
    return False


def main(loads):
    """Says what valgrind found, ours in full."""
    start = time.monotonic()
    all_captures = paths.captures(paths.RECORDED, paths.SYNTHETIC)
    captures = [all_captures[i * 7 % len(all_captures)] for i in range(loads)]
    errors = watch(shark.Shark(), captures)
    ours = [error for error in errors if is_ours(error)]
    for error in ours:
        print(ElementTree.tostring(error, encoding="unicode"))
    print(f"{loads} loads of {len(set(captures))} captures in one sharkd {shark.Shark.version()} by valgrind, "
          f"{time.monotonic() - start:.0f} s: {len(ours)} errors and leaks of the plugin, "
          f"{len(errors) - len(ours)} of Wireshark")
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
