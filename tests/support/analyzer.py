# SPDX-License-Identifier: GPL-2.0-or-later
"""The analyzer, asked for its lines of JSON."""

import json
import subprocess

from support import paths

TIMEOUT = 300


def connections(captures, options=()):
    """{capture: [connection line, ...]} for capture files; the analyzer's own order."""
    captures = [str(capture) for capture in captures]
    answer = {capture: [] for capture in captures}
    if not captures:
        return answer
    command = [str(paths.built(paths.ANALYZER)), "--format", "ndjson", "--fail-on", "never", *options, *captures]
    result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    # 3: a capture was damaged; what could be read of it has been reported.
    if result.returncode not in (0, 3):
        raise RuntimeError(f"the analyzer ended with {result.returncode}: {result.stderr.decode(errors='replace')}")
    for line in result.stdout.splitlines():
        entry = json.loads(line)
        if entry["type"] == "connection":
            answer[entry["file"]].append(entry)
    return answer
