# SPDX-License-Identifier: GPL-2.0-or-later
"""cli_processes.py - how far an analyzer is that runs."""

import fcntl
import struct
import termios
import time
from pathlib import Path


def wait_until_read(process):
    """Until nothing is left in the pipe to its standard input: what was written is being analyzed."""
    for _ in range(500):
        left = struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0" * 4))[0]
        if left == 0:
            break
        time.sleep(0.01)
    time.sleep(0.3)


def offset_of(process):
    """How far the file is read that is read farthest."""
    far = 0
    for info in Path(f"/proc/{process.pid}/fdinfo").iterdir():
        try:
            far = max(far, int(info.read_text().split()[1]))
        except FileNotFoundError:
            pass   # it was closed meanwhile
    return far


def wait_until_far(process, octets):
    """Until some file of the process was read so far."""
    while offset_of(process) < octets:
        assert process.poll() is None, "it had read all before it could be stopped"
