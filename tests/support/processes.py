# SPDX-License-Identifier: GPL-2.0-or-later
"""What a process that runs is at, so that a test waits for that and not for a time."""

import os
import platform
import re
import signal
import time
from pathlib import Path

# A guard against hanging, however busy the machine: nothing needs nearly as long.
PATIENCE = 300

# Numbers of system calls, as /proc has them.
READ, FUTEX = ("0", "202") if platform.machine() == "x86_64" else ("63", "98")


def waiting(process):
    """{thread: what it waits in, and how often it has waited} if one waits for standard input and all wait, or {}."""
    found, reads = {}, False
    try:
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            call = (thread / "syscall").read_text().split()[:2]
            times = re.findall(r"ctxt_switches:\s*(\d+)", (thread / "status").read_text())
            if call != [READ, "0x0"] and call[0] != FUTEX:
                return {}
            reads = reads or call[0] == READ
            found[thread.name] = (call, times)
    except (FileNotFoundError, ProcessLookupError):
        return {}   # a thread has ended meanwhile
    return found if reads else {}


def wait_for_input(process):
    """Until the process has read all that came by standard input, and does nothing but wait for more."""
    end, before = time.monotonic() + PATIENCE, {}
    while True:
        # What has not run since the last look still waits for the same.
        now = waiting(process)
        if now and now == before:
            return
        assert process.poll() is None, f"it ended with {process.returncode} instead of waiting for its input"
        assert time.monotonic() < end, "it does not come to wait for its input"
        before = now
        time.sleep(0.01)


def offset_of(process):
    """How far the file is read that is read farthest; 0 if the process has ended."""
    far = 0
    try:
        for info in Path(f"/proc/{process.pid}/fdinfo").iterdir():
            try:
                far = max(far, int(info.read_text().split()[1]))
            except FileNotFoundError:
                pass   # it was closed meanwhile
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return far


def stopped_between(start, least, most):
    """A process that start() began and that now stands still, some file of its being read so far; and how far it is.

    One that had read more before it could be stopped is killed, and another one started: it happens where a machine is
    busy, and says nothing of the process.
    """
    for _ in range(50):
        process = start()
        while offset_of(process) < least and process.poll() is None:
            pass
        process.send_signal(signal.SIGSTOP)
        if process.poll() is None:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        at = offset_of(process)
        if least <= at <= most:
            return process, at
        process.kill()
        process.wait()
    raise AssertionError(f"it has always read {most} octets before it can be stopped")
