# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_join.py - --join: the files of a ring buffer, and others, as one capture in order of time."""

import gzip
import os
import random
import resource
import subprocess
import threading

from cli_captures import Talk, complete, flood, pcap, pcapng, refused
from test_cli_archives import tar
from test_cli_inputs import ndjson, only


def connections(done):
    """All that is said of connections, but of which file."""
    return [{**line, "file": None} for line in done.lines() if line["type"] == "connection"]


def merged(tmp_path, names):
    """What mergecap makes of them, as a file's name."""
    subprocess.run(["mergecap", "-w", "merged.pcapng", *names], cwd=tmp_path, check=True)
    return "merged.pcapng"


def split(frames, sizes):
    """The frames in pieces."""
    pieces = []
    for size in sizes:
        pieces.append(frames[:size])
        frames = frames[size:]
    return pieces + [frames]


def test_handshake_across_files(tcphs, write, tmp_path):
    """As a ring buffer cuts it: each file alone cannot tell."""
    write("whole.pcap", Talk().handshake().shutdown().end().pcap())
    subprocess.run(["editcap", "-F", "nsecpcap", "-c", "2", "whole.pcap", "ring.pcap"], cwd=tmp_path, check=True)
    ring = sorted(name for name in os.listdir(tmp_path) if name.startswith("ring"))
    assert len(ring) == 5
    alone = ndjson(tcphs, *ring)
    assert "three_way" not in [line["reason"] for line in connections(alone)]
    whole = ndjson(tcphs, "whole.pcap")
    for order in (ring, ring[::-1]):
        done = ndjson(tcphs, "--join", *order)
        assert done.status == 0 and done.err == ""
        assert connections(done) == connections(whole)
        line = only(done.lines(), "file")
        assert line["joined"] == ring
        assert line["frames"] == 9


def test_frames_are_numbered_as_mergecap_orders_them(tcphs, write, tmp_path):
    """Overlapping files, times that go back, several formats. No two times are equal: see below."""
    random.seed(7)
    frames = flood(300, refuse=True)
    names = []
    for number in range(7):
        own = [(round(time, 2) + number / 1e6, octets) for time, octets in frames if random.random() < 0.4]
        for _ in range(5):
            a, b = random.randrange(len(own)), random.randrange(len(own))
            own[a], own[b] = own[b], own[a]
        names.append(write(f"{number}", (pcap if number % 2 else pcapng)(own)))
    done = ndjson(tcphs, "--join", *names)
    assert connections(done) == connections(ndjson(tcphs, merged(tmp_path, names)))
    assert len(connections(done)) > 200
    assert done.err == ""


def test_equal_times_stay_in_order(tcphs, write):
    """A coarse clock: the ring's files end and begin at the same time, and the SYN-ACK is not before the SYN."""
    frames = [(1.0, octets) for _, octets in Talk().handshake().shutdown().frames]
    names = [write(name, pcap(piece)) for name, piece in zip("abc", split(frames, [1, 1]))]
    done = ndjson(tcphs, "--join", *names)
    assert only(done.lines(), "connection")["steps"] == [1, 2, 3]


def test_folder_in_any_order(tcphs, write):
    pieces = split(Talk().handshake().shutdown().end().frames, [1, 1, 4])
    for name, piece in zip("zyxw", pieces):
        write(f"d/{name}", pcap(piece))
    done = ndjson(tcphs, "--join", "d")
    assert only(done.lines(), "file")["joined"] == ["d/z", "d/y", "d/x", "d/w"]
    assert only(done.lines(), "connection")["verdict"] == "complete"
    assert only(done.lines(), "connection")["file"] == "d/w + 3 more"


def test_more_files_than_descriptors(tcphs, write):
    talk = Talk()
    for number in range(200):
        talk.handshake(number).shutdown(number + 0.1)
        talk.sport += 1
    for number in range(400):
        write(f"d/{number:03}", pcap(talk.frames[4 * number:4 * number + 4]))
    done = ndjson(tcphs, "--join", "d", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
    assert done.status == 0 and done.err == ""
    assert [line["reason"] for line in connections(done)] == ["three_way"] * 200


def test_packed_pieces(tcphs, write):
    """Of an archive only one member can be read at a time, and these overlap."""
    frames = Talk().handshake().shutdown().end().frames
    write("1.tar.gz", gzip.compress(tar([("odd", pcap(frames[::2])), ("even", pcap(frames[1::2]))])))
    write("whole", pcap(frames))
    done = ndjson(tcphs, "--join", "1.tar.gz")
    assert connections(done) == connections(ndjson(tcphs, "whole"))
    assert only(done.lines(), "file")["joined"] == ["1.tar.gz/odd", "1.tar.gz/even"]


def test_with_pipes(tcphs, write, tmp_path):
    pieces = split(Talk().handshake().shutdown().end().frames, [2, 3])
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(pcap(pieces[1])))
    writer.start()
    done = ndjson(tcphs, "--join", write("3", pcap(pieces[2])), "pipe", "-", input=pcap(pieces[0]))
    writer.join()
    assert done.status == 0
    assert only(done.lines(), "connection")["frames"] == 8
    assert only(done.lines(), "file")["joined"] == ["-", "pipe", "3"]


def test_damaged_pieces_are_named_and_the_others_read(tcphs, write):
    pieces = split(Talk().handshake().shutdown().end().frames, [2, 3])
    names = [write("1", pcap(pieces[0])), write("2", pcap(pieces[1])[:-5]), write("3", pcap(pieces[2])),
             write("4.txt", b"no capture"), "missing"]
    done = ndjson(tcphs, "--join", *names)
    assert done.status == 3
    for words in ("2 is cut short in frame 3", "4.txt is no pcap", "missing cannot be opened"):
        assert words in done.complaint()
    line = only(done.lines(), "connection")
    assert (line["reason"], line["frames"]) == ("three_way", 7)
    assert only(done.lines(), "file")["joined"] == ["1", "2", "3"]


def test_different_link_types(tcphs, write):
    """A frame is decoded as its own file says."""
    talk = Talk().handshake().shutdown().end()
    raw = bytearray(pcap([(time, octets[14:]) for time, octets in talk.frames[1::2]]))
    raw[20:24] = (101).to_bytes(4, "little")
    done = ndjson(tcphs, "--join", write("eth", pcap(talk.frames[::2])), write("raw", bytes(raw)))
    assert only(done.lines(), "connection")["steps"] == [1, 2, 3]


def test_nothing_to_join(tcphs, write):
    done = tcphs("--join", write("a", b"text\n"))
    assert done.status == 3
    assert "a is no" in done.complaint() or "a: is no" in done.complaint() or "no pcap" in done.complaint()
    write("d/x.gz", gzip.compress(b"text"))
    done = tcphs("--join", "d")
    assert done.status == 3
    assert "no capture" in done.complaint()


def test_one_input_is_as_without(tcphs, write):
    name = write("a", complete())
    assert connections(ndjson(tcphs, "--join", name)) == connections(ndjson(tcphs, name))
    assert tcphs("--join", write("b", refused())).status == 1
