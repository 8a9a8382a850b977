# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_signals.py - a reader that goes away, a user who has seen enough, and memory that is out."""

import json
import os
import resource
import select
import signal
import subprocess

import pytest

from cli_captures import Talk, complete, flood, pcap, refused
from support.processes import PATIENCE, stopped_between, wait_for_input


@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_a_reader_that_goes_away_ends_it_quietly(start, write, form):
    name = write("a.pcap", pcap(flood(20000)))
    process = start("--format", form, name)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 128 + signal.SIGPIPE
    assert process.stderr.read() == b""


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("form", ["table", "ndjson"])
def test_a_signal_ends_reading_and_what_was_read_is_reported(start, write, number, status, form):
    """Standard input stays open, as that of a live capture does."""
    name = write("later.pcap", complete())
    process = start("--format", form, "--jobs", "1", "-", name, stdin=subprocess.PIPE)
    process.stdin.write(refused())
    process.stdin.flush()
    wait_for_input(process)
    process.send_signal(number)
    process.wait(timeout=PATIENCE)
    out, err = process.stdout.read().decode(), process.stderr.read().decode()
    assert process.returncode == status
    assert err.startswith(f"tcphs: stopped by {number.name}; ") and err.count("\n") == 1
    assert "frame 3" in err and "1 more file not at all" in err
    assert "refused" in out and "three_way" not in out
    if form == "ndjson":
        lines = [json.loads(line) for line in out.splitlines()]
        assert lines[0]["reason"] == "refused"
        assert lines[1]["type"] == "file" and "frame 3" in lines[1]["damaged"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_reading_on_any_thread(start, write, number):
    """A file that another thread has read to its end by then is reported whole, after the one that was stopped."""
    name = write("later.pcap", complete())
    process = start("--format", "ndjson", "--jobs", "2", "-", name, stdin=subprocess.PIPE)
    process.stdin.write(refused())
    process.stdin.flush()
    wait_for_input(process)
    process.send_signal(number)
    assert process.wait(timeout=PATIENCE) == 128 + number
    err = process.stderr.read().decode()
    assert err == f"tcphs: stopped by {number.name}; standard input was read up to frame 3\n"
    lines = [json.loads(line) for line in process.stdout.read().decode().splitlines()]
    assert [line["file"] for line in lines if line["type"] == "file"] == ["-", "later.pcap"]
    assert [line["reason"] for line in lines if line["type"] == "connection"] == ["refused", "three_way"]


def test_a_signal_ends_reading_ahead_and_what_was_read_is_counted(start, write):
    """What another thread had read by then is not lost: every frame that was counted was looked at."""
    header, frames = pcap([]), pcap(flood(2000))
    name = write("a.pcap", header + 300 * frames[len(header):])
    process, _ = stopped_between(lambda: start("--format", "ndjson", "--jobs", "2", name), 4 << 20, 20 << 20)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    out, err = (octets.decode() for octets in process.communicate(timeout=PATIENCE))
    assert process.returncode == 130
    last = next(line for line in map(json.loads, out.splitlines()) if line["type"] == "file")
    assert 20000 < last["frames"] < 600000 and last["tcp_segments"] == last["frames"]
    assert f"read up to frame {last['frames']}\n" in err


@pytest.mark.parametrize("form", ["table", "ndjson", "csv", "zeek"])
def test_lines_of_a_live_capture_come_at_once(start, form):
    """A connection that is over is printed while the capture goes on."""
    process = start("--format", form, "--linger", "1", "-", stdin=subprocess.PIPE)
    talk = Talk().handshake().shutdown()
    for second in range(100):
        talk.end(10 + second)
    process.stdin.write(talk.pcap())
    process.stdin.flush()
    printed = b""
    while b"192.0.2.9" not in printed:
        assert select.select([process.stdout], [], [], PATIENCE)[0], "nothing was printed while the capture went on"
        printed += os.read(process.stdout.fileno(), 65536)
    assert printed.endswith(b"\n")
    if form == "ndjson":
        assert json.loads(printed)["reason"] == "three_way"
    process.stdin.close()
    assert process.wait(timeout=PATIENCE) == 0


@pytest.fixture(scope="module", name="endless")
def fixture_endless(sanitized, tmp_path_factory):
    """A folder with a flood that no memory holds; making it takes longer than reading it."""
    if sanitized:
        pytest.skip("the address sanitizer needs more address space than any limit would leave")
    folder = tmp_path_factory.mktemp("endless")
    (folder / "a.pcap").write_bytes(pcap(flood(700000)))
    yield folder
    (folder / "a.pcap").unlink()


@pytest.mark.parametrize("form", ["table", "ndjson", "summary"])
@pytest.mark.parametrize("megabytes", [56, 64, 72, 88])
def test_memory_that_is_out_is_an_error_and_no_crash(tcphs, endless, form, megabytes):
    """What could be read is reported, and said to be a part."""
    limit = (megabytes << 20, megabytes << 20)
    done = tcphs("--format", form, "a.pcap", cwd=endless,
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))
    assert done.status == 3
    assert done.complaint().startswith("tcphs: a.pcap: memory is out")
    assert {"table": "1 file could not be read to the end", "ndjson": '"damaged":"memory is out',
            "summary": "not read to the end: memory is out"}[form] in done.out
    assert {"table": "unknown", "ndjson": '"type":"connection"', "summary": "unknown"}[form] in done.out
