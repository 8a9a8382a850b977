# SPDX-License-Identifier: GPL-2.0-or-later
"""The analyzer, asked for its lines of JSON."""

import json
import subprocess

from support import paths

TIMEOUT = 300


def lines(captures, options=()):
    """{capture: [line, ...]} for capture files: what the analyzer says of each, in its own order."""
    captures = [str(capture) for capture in captures]
    answer = {capture: [] for capture in captures}
    if not captures:
        return answer
    command = [str(paths.built(paths.ANALYZER)), "--format", "ndjson", "--fail-on", "never", *options, *captures]
    result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    # 3: a capture was damaged; what could be read of it has been reported.
    if result.returncode not in (0, 3):
        raise RuntimeError(f"the analyzer ended with {result.returncode}: {result.stderr.decode(errors='replace')}")
    for text in result.stdout.splitlines():
        line = json.loads(text)
        if "file" in line:
            answer[line["file"]].append(line)
    return answer


def connections(captures, options=()):
    """As lines(), but only those about connections."""
    return {capture: [line for line in told if line["type"] == "connection"]
            for capture, told in lines(captures, options).items()}
