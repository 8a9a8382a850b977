# SPDX-License-Identifier: GPL-2.0-or-later
"""conftest.py - runs the analyzer that TCPHS names (default: the release build) for the tests of its command line."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.processes import PATIENCE  # noqa: E402  pylint: disable=wrong-import-position

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("TCPHS", str(ROOT / "build/release/analyzer/tcphs"))


class Outcome:
    """What a run left behind: its status, and out and err as text (they have to be UTF-8)."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = (done.stdout or b"").decode("utf-8", "strict")
        self.err = done.stderr.decode("utf-8", "strict")

    def lines(self):
        """The lines of ndjson, each parsed."""
        return [json.loads(line) for line in self.out.splitlines()]

    def complaint(self):
        """The one sentence on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("tcphs: "), self.err
        return lines[0]


@pytest.fixture(scope="session")
def program():
    assert os.access(PROGRAM, os.X_OK), f"{PROGRAM} is not there: build it, or name it in TCPHS"
    return PROGRAM


@pytest.fixture(scope="session")
def sanitized(program):
    return b"__asan_init" in Path(program).read_bytes()


@pytest.fixture
def tcphs(program, tmp_path):
    """Runs the analyzer in the test's folder; |before|, if given, is the command that takes its place."""

    def run(*arguments, **extra):
        environment = {**os.environ, "LC_ALL": "C.UTF-8", **extra.pop("env", {})}
        extra = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path, "timeout": PATIENCE, **extra}
        command = extra.pop("before", [program])
        done = subprocess.run([*command, *arguments], env=environment, check=False, **extra)
        return Outcome(done)

    return run


@pytest.fixture
def start(program, tmp_path):
    """Starts the analyzer in the test's folder; what still runs when the test is over is killed."""
    started = []

    def popen(*arguments, **extra):
        started.append(subprocess.Popen([program, *arguments], cwd=tmp_path, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"}, **extra))
        return started[-1]

    yield popen
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


@pytest.fixture
def write(tmp_path):
    """Writes a capture into the test's folder and gives its name back."""

    def put(name, octets):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        return name

    return put


@pytest.fixture
def on_terminal(program, tmp_path):
    """Runs the analyzer on a pseudo-terminal; gives back the status and what was drawn."""

    def run(columns, *arguments, env=None):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", **(env or {})}
        if not (env or {}).get("NO_COLOR"):
            environment.pop("NO_COLOR", None)
        process = subprocess.Popen([program, *arguments], stdout=slave, stderr=slave, cwd=tmp_path, env=environment)
        os.close(slave)
        drawn = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            drawn += part
        os.close(master)
        return process.wait(timeout=PATIENCE), drawn.decode().replace("\r\n", "\n")

    return run
