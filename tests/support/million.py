#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""million.py [CONNECTIONS] - a capture of so many connections (default 1,000,000) opens in tshark with the plugin.

Each connection is a SYN that nobody answers, which is the most connections that so many frames can hold. Prints time
and memory with the plugin and without, in one pass and in two; the exit code is 1 if tshark did not come to the end.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import paths, shark  # noqa: E402  pylint: disable=wrong-import-position


def opened(tshark, options, capture):
    """(lines printed, seconds of CPU, MB resident at most, exit code)."""
    with subprocess.Popen(tshark.command("tshark", "-n", *options, "-r", capture), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=tshark.environment(),
                          cwd=tshark.home) as process:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: process.stdout.read(1 << 20), b""))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return lines, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode


def main(connections):
    """A line for each of four runs."""
    ours, plain = shark.Shark(), shark.Shark(plugin=None)
    capture = ours.folder / "flood.pcap"
    with open(capture, "wb") as file:
        subprocess.run([paths.built(paths.BUILD / "tests/bench/traffic"), "flood", str(connections)], stdout=file,
                       check=True)
    capture.chmod(0o644)
    complete = True
    for options in ([], ["-2"]):
        for words, tshark in (("without the plugin", plain), ("with it", ours)):
            lines, seconds, memory, code = opened(tshark, options, capture)
            complete &= code == 0 and lines == connections
            print(f"tshark {' '.join(options):3}{words:19} {lines} frames, {seconds:.1f} s of CPU, {memory:.0f} MB at "
                  f"most, exit code {code}", flush=True)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
