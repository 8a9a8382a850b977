# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults of what is read, while it is read: each is one sentence and status 3, and what could be read is reported."""

import ctypes
import json
import mmap
import os
import signal
import socket
import subprocess

import pytest

from cli_captures import complete, flood, pcap, refused
from support.processes import PATIENCE, stopped_between, wait_for_input


def result_of(process):
    """Its status, its lines of JSON, its one complaint."""
    out, err = process.communicate(timeout=PATIENCE)
    complaints = err.decode().splitlines()
    assert len(complaints) == 1, err
    return process.returncode, [json.loads(line) for line in out.decode().splitlines()], complaints[0]


def files(lines):
    return {line["file"]: line["damaged"] for line in lines if line["type"] == "file"}


def reasons(lines):
    return [line["reason"] for line in lines if line["type"] == "connection"]


def test_a_file_that_vanishes_before_its_turn(start, write, tmp_path):
    """It was there when the folder was listed; the others are read."""
    for name in ("d/1.pcap", "d/2.pcap", "d/3.pcap"):
        write(name, refused())
    process = start("--format", "ndjson", "--jobs", "1", "-", "d", stdin=subprocess.PIPE)
    process.stdin.write(complete())
    process.stdin.flush()
    wait_for_input(process)
    (tmp_path / "d/2.pcap").unlink()
    status, lines, complaint = result_of(process)
    assert status == 3
    assert complaint == ("tcphs: d/2.pcap: cannot be opened (No such file or directory): check the path and its "
                         "permissions")
    assert list(files(lines)) == ["-", "d/1.pcap", "d/2.pcap", "d/3.pcap"]
    assert reasons(lines) == ["three_way", "refused", "refused"]


def test_a_read_error_in_the_middle_of_a_stream(start):
    """The peer of a socket is gone before its time: what it had sent is reported."""
    ours, theirs = socket.socketpair()
    whole = refused()
    ours.sendall(whole + complete()[24:40])
    theirs.send(b"never read, so that closing is an error to the other end")
    ours.close()
    process = start("--format", "ndjson", "-", stdin=theirs)
    theirs.close()
    status, lines, complaint = result_of(process)
    assert status == 3 and reasons(lines) == ["refused"]
    assert "standard input: " in complaint and "Connection reset by peer" in complaint
    assert "Connection reset by peer" in files(lines)["-"]


@pytest.fixture
def failing_file():
    """Makes a regular file whose first page can be read, and nothing behind it: a process' memory from 0 on."""
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    children = []

    def make(octets):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            fixed = 0x10
            got = library.mmap(None, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_WRITE,
                               mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | fixed, -1, 0)
            if got is None:
                ctypes.memmove(0, octets, len(octets))
            os.write(writing, b"y" if got is None else b"n")
            signal.pause()
            os._exit(0)
        children.append(child)
        answer = os.read(reading, 1)
        os.close(reading)
        os.close(writing)
        if answer != b"y":
            pytest.skip("memory at address 0 takes root")
        return f"/proc/{child}/mem"

    yield make
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_read_error_in_the_middle_of_a_file(tcphs, failing_file):
    """As of a disk that fails: the frames before it are reported."""
    frames = pcap(flood(60))
    assert len(frames) > mmap.PAGESIZE
    name = failing_file(frames[:mmap.PAGESIZE])
    done = tcphs("--no-sandbox", "--format", "ndjson", name)
    assert done.status == 3
    assert "Input/output error" in done.complaint()
    assert len(reasons(done.lines())) > 20 and "Input/output error" in files(done.lines())[name]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_that_shrinks_while_it_is_read(start, write, tmp_path, jobs):
    header, frames = pcap([]), pcap(flood(2000))
    name = write("a.pcap", header + 200 * frames[len(header):])
    process, at = stopped_between(lambda: start("--format", "ndjson", "--jobs", jobs, name), 1 << 20, 20 << 20)
    os.truncate(tmp_path / name, at + 1001)
    process.send_signal(signal.SIGCONT)
    status, lines, complaint = result_of(process)
    assert status == 3 and complaint.startswith("tcphs: a.pcap: is cut short")
    told = next(line for line in lines if line["type"] == "file")
    assert told["frames"] == told["tcp_segments"] and 5_000 < told["frames"] < 400_000


def test_a_file_that_shrinks_before_it_is_written(start, write, tmp_path):
    """--write reads it once more, when its turn has come: it says that not all frames were written."""
    name = write("a.pcap", pcap(flood(200)))
    process = start("--format", "ndjson", "--write", "w.pcapng", "--select", "all", "--jobs", "2", "-", name,
                    stdin=subprocess.PIPE)
    process.stdin.write(refused())
    process.stdin.flush()
    wait_for_input(process)
    os.truncate(tmp_path / name, 1000)
    status, lines, complaint = result_of(process)
    assert status == 3 and len(reasons(lines)) == 201
    assert complaint == ("tcphs: a.pcap: changed while it was read, so not all of its frames were written: copy it "
                         "first")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pcap", "w.pcapng"]


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_whole_reports(start, tmp_path, number, status):
    """The reports get their names with what was decided, and say that it is not all; nothing else is left behind."""
    process = start("--format", "ndjson", "--output", "out.ndjson", "--report", "junit=out.xml", "--report",
                    "html=out.html", "-", stdin=subprocess.PIPE)
    process.stdin.write(refused())
    process.stdin.flush()
    wait_for_input(process)
    process.send_signal(number)
    process.wait(timeout=PATIENCE)
    assert process.returncode == status
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.html", "out.ndjson", "out.xml"]
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text().splitlines()]
    assert reasons(lines) == ["refused"] and "stopped after frame 3" in files(lines)["-"]
    assert (tmp_path / "out.xml").read_text().endswith("</testsuites>\n")
    assert (tmp_path / "out.html").read_text().endswith("</html>\n")
