# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_progress.py - the line that says how far reading is: on a terminal, in long jobs, and gone after."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from cli_captures import complete, flood, pcap
from support.processes import PATIENCE

ERASE = "\r\x1b[K"
SHORT = 2   # seconds that a job takes at least of which something is shown


class Terminal:
    """A pseudo-terminal, and what was drawn on it."""

    def __init__(self, columns):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.drawn = ""

    def watch(self, until=lambda: False):
        """Reads until |until|(), or as long as somebody has the terminal."""
        end = time.monotonic() + PATIENCE
        while not until() and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.drawn += os.read(self.master, 65536).decode()
                except OSError:
                    break
        return until()


@pytest.fixture
def blocked(program, tmp_path):
    """A job whose report goes into a pipe that nobody reads: it stays where it is until finish() reads it."""
    started = []

    def start(columns, *arguments, env=None, stderr=None, stdin=subprocess.DEVNULL):
        terminal = Terminal(columns)
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", **(env or {})}
        process = subprocess.Popen([program, *arguments], stdin=stdin, stdout=subprocess.PIPE,
                                   stderr=stderr or terminal.slave, cwd=tmp_path, env=environment)
        os.close(terminal.slave)
        started.append(process)
        return process, terminal

    yield start
    for process in started:
        process.kill()
        process.communicate()


def finish(process, terminal):
    """Lets the job end; gives back its report. What is left on the terminal is in terminal.drawn."""
    out = process.communicate(timeout=PATIENCE)[0].decode()
    terminal.watch()
    return out


def lines_shown(drawn):
    """What stood in the line, from first to last."""
    return re.findall(r"\r(tcphs: [^\r\x1b]*)\x1b\[K", drawn)


def test_a_long_job_shows_octets_and_the_time_left(blocked, write):
    names = [write("a.pcap", complete()), write("b.pcap", pcap(flood(20000, refuse=True)))]
    process, terminal = blocked(80, "--format", "ndjson", "-j1", "--linger", "1", *names)
    wanted = re.compile(r"tcphs: 1 of 2 files, [\d.]+ [kM]B of 3\.2 MB \(\d+ %\), \d+ (s|min \d\d s) left")
    # Where a machine is busy, the job may not have come so far when the first line is drawn.
    assert terminal.watch(lambda: any(map(wanted.fullmatch, lines_shown(terminal.drawn)))), terminal.drawn
    assert finish(process, terminal).count('"type":"connection"') == 20001
    assert terminal.drawn.endswith(ERASE)


def test_a_pipe_has_no_end_that_is_known(blocked):
    begun = time.monotonic()
    process, terminal = blocked(80, "-", stdin=subprocess.PIPE)
    process.stdin.write(complete())
    process.stdin.flush()
    assert terminal.watch(lambda: lines_shown(terminal.drawn))
    took = time.monotonic() - begun
    told = re.fullmatch(r"tcphs: [\d.]+ (?:bytes|kB) read in (\d+) s", lines_shown(terminal.drawn)[0])
    assert SHORT <= int(told.group(1)) <= took
    assert "1 complete" in finish(process, terminal)
    assert terminal.drawn.endswith(ERASE)


def test_the_line_fits_the_terminal(blocked, write):
    process, terminal = blocked(30, "--format", "ndjson", write("b.pcap", pcap(flood(2000))))
    assert terminal.watch(lambda: lines_shown(terminal.drawn))
    assert all(len(line) < 30 for line in lines_shown(terminal.drawn))
    finish(process, terminal)


def test_a_complaint_stands_alone(blocked, write):
    """The first input ends in a complaint while the line is there: the line goes first."""
    process, terminal = blocked(80, "-", write("none.pcap", b"nothing of ours"), stdin=subprocess.PIPE)
    assert terminal.watch(lambda: lines_shown(terminal.drawn))
    finish(process, terminal)
    assert process.returncode == 3
    for complaint in ("standard input: is empty", "none.pcap: is no pcap"):
        assert re.search(r"(^|\x1b\[K|\n)tcphs: " + complaint, terminal.drawn), terminal.drawn
    shown = re.sub(r"[^\n]*\r\x1b\[K", "", terminal.drawn.replace("\r\n", "\n"))
    assert len(shown.splitlines()) == 2 and all(line.startswith("tcphs: ") for line in shown.splitlines())


def test_nothing_is_drawn_into_a_report(program, write, tmp_path):
    """Report and line on one terminal: a line of the report is never cut in two."""
    terminal = Terminal(120)
    process = subprocess.Popen([program, "--format", "zeek", "-", write("a.pcap", complete())], stdin=subprocess.PIPE,
                               stdout=terminal.slave, stderr=terminal.slave, cwd=tmp_path,
                               env={**os.environ, "TERM": "xterm"})
    os.close(terminal.slave)
    assert terminal.watch(lambda: lines_shown(terminal.drawn))
    process.stdin.write(complete())
    process.stdin.close()
    assert process.wait(timeout=PATIENCE) == 0
    terminal.watch()
    rest = re.sub(r"\rtcphs: [^\r\x1b]*\x1b\[K", "", terminal.drawn)
    assert rest.count(ERASE) >= 1
    rows = rest.replace(ERASE, "").replace("\r\n", "\n").splitlines()
    assert len(rows) == 9 and all(len(row.split("\t")) == 26 for row in rows[7:])


def test_not_where_it_cannot_be_taken_back_or_nobody_looks(blocked):
    """Three jobs that wait at the same time: two terminals that take nothing back, and a pipe."""
    dumb = [blocked(80, "-", env={"TERM": term}, stdin=subprocess.PIPE) for term in ("dumb", "")]
    piped, _ = blocked(80, "-", stderr=subprocess.PIPE, stdin=subprocess.PIPE)
    time.sleep(SHORT + 1.2)
    assert piped.communicate(complete(), timeout=PATIENCE)[1] == b""
    for process, terminal in dumb:
        finish(process, terminal)
        assert terminal.drawn.startswith("tcphs: standard input: is empty")   # the complaint alone
        assert "\x1b" not in terminal.drawn


def test_not_in_a_short_job(on_terminal, write):
    name, took = write("a.pcap", complete()), SHORT
    while took >= SHORT:   # where a machine is busy, it may be none
        begun = time.monotonic()
        status, drawn = on_terminal(80, name, env={"NO_COLOR": "1"})
        took = time.monotonic() - begun
    assert status == 0
    assert "\r" not in drawn and "\x1b" not in drawn
