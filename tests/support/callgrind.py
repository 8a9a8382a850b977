# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions a command takes, as valgrind's callgrind counts them, whatever else the machine does."""

import re
import shutil
import subprocess

COMMAND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")


def why_not():
    """Why nothing can be counted here; None if it can."""
    return None if shutil.which("valgrind") else "valgrind is not installed: script/bootstrap test"


def collected(command, **where):
    """The instructions of |command|, which begins with COMMAND; it has to succeed."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True, check=False, **where)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode != 0 or not found or found.group(1) == "0":
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {result.returncode}: {result.stderr}")
    return int(found.group(1))
