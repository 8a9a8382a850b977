#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""endless.py FRAMES [SECONDS] - what the analyzer's memory does while a pipe brings it so many frames.

The traffic is connections and a flood at once, made by tests/bench/traffic; the analyzer forgets what was idle for
SECONDS of the capture (default 60). Its resident memory is looked at all the time and printed ten times. Once a tenth
of the frames went by nothing may be added: status 1 if more than a twentieth was.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"


def resident(process):
    """Octets in memory, or 0 once the process has ended."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:")), 0)


def feed(source, process, tenth_size):
    """Hands the traffic on; yields (tenths that went by, most memory in the last one)."""
    sent, most, tenth = 0, 0, 1
    while chunk := source.read(1 << 20):
        process.stdin.write(chunk)
        sent += len(chunk)
        most = max(most, resident(process))
        if sent >= tenth * tenth_size:
            yield tenth, most
            most, tenth = 0, tenth + 1
    process.stdin.close()


def octets_per_frame(sample=200000):
    """As the traffic has them on average, in a sample of so many frames."""
    made = subprocess.run([BUILD / "tests/bench/traffic", "endless", str(sample)], stdout=subprocess.PIPE,
                          check=True).stdout
    return len(made) / sample


def main():
    """Prints the memory, and says whether it grew."""
    frames, seconds = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "60"
    with subprocess.Popen([BUILD / "tests/bench/traffic", "endless", str(frames)], stdout=subprocess.PIPE) as traffic, \
            subprocess.Popen([BUILD / "analyzer/tcphs", "--forget", seconds, "--format", "ndjson", "-"],
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        tenths = {}
        for tenth, most in feed(traffic.stdout, process, frames * octets_per_frame() / 10 * 0.999):
            tenths[tenth] = most
            print(f"{tenth * frames // 10:>12,} frames: {most / 1e6:.1f} MB", flush=True)
    if traffic.returncode or process.returncode not in (0, 1):
        print(f"it ended with status {process.returncode}, the traffic with {traffic.returncode}")
        return 1
    grown = max(most for tenth, most in tenths.items() if tenth > 1) / tenths[1]
    print(f"after the first tenth: at most {grown:.3f} of what it was then")
    return grown > 1.05


if __name__ == "__main__":
    sys.exit(main())
