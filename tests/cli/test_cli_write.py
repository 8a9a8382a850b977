# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_write.py - --write: frames of chosen connections in a pcapng that Wireshark opens and we judge alike."""

import gzip
import json
import os
import struct
import subprocess

import pytest
from scapy.layers.inet import fragment
from scapy.layers.l2 import Ether

from cli_captures import START, Talk, complete, pcap, pcapng, refused
from test_cli_archives import tar
from test_cli_filter import mixed
from test_cli_inputs import ndjson, only
from support import paths


def several():
    """Three connections whose frames are mixed: complete, refused, unanswered; and a frame of UDP at the end."""
    frames = Talk().handshake().shutdown().frames + Talk(sport=49200).syn(0.2).refusal(0.21).frames
    frames += Talk(sport=49300).syn(0.3).syn(1.3).frames
    return sorted(frames) + Talk().end().frames


def tshark(tmp_path, *arguments):
    done = subprocess.run(["tshark", "-r", "out.pcapng", *arguments], cwd=tmp_path, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout.splitlines()


def capinfos(tmp_path, *arguments):
    return subprocess.run(["capinfos", *arguments, "out.pcapng"], cwd=tmp_path, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def judged(done):
    """What is said of each connection, but where its frames are."""
    found = []
    for line in done.lines():
        if line["type"] == "connection":
            found.append([line[key] for key in ("client", "server", "start", "verdict", "reason", "blame", "isn", "rtt",
                                                "frames", "late", "completeness")]
                         + [[finding["id"], finding["text"]] for finding in line["findings"]])
    return sorted(found, key=json.dumps)


@pytest.mark.parametrize("words, ports", [(None, {49200, 49300}), ("all", {49152, 49200, 49300}),
                                          ("refused", {49200}), ("complete,unanswered", {49152, 49300}),
                                          ("syn_again", {49300}), ("fast_open", set())])
def test_chosen_by_word(tcphs, write, tmp_path, words, ports):
    name = write("a", pcap(several()))
    select = ["--select", words] if words else []
    before = ndjson(tcphs, name)
    done = ndjson(tcphs, "--write", "out.pcapng", *select, name)
    assert done.status == 1 and done.err == ""
    assert done.out == before.out, "the report is as without"
    expected = [line for line in judged(before) if line[0]["port"] in ports]
    assert judged(ndjson(tcphs, "out.pcapng")) == expected
    seen = {int(line) for line in tshark(tmp_path, "-Y", "tcp.flags == 2", "-T", "fields", "-e", "tcp.srcport")}
    assert seen == ports


def test_frames_are_as_they_were(tcphs, write, tmp_path):
    """Octets, times to the nanosecond, lengths on the wire."""
    frames = several()
    octets = bytearray(pcap(frames))
    octets[24 + 12:24 + 16] = struct.pack("<I", 9000)
    octets[24 + 4:24 + 8] = struct.pack("<I", 123456789)
    tcphs("--write", "out.pcapng", "--select", "complete", write("a", bytes(octets)))
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "tcp.seq_raw"]
    written = [line.split("\t") for line in tshark(tmp_path, "-Y", "tcp", *fields)]
    assert written[0] == [f"{START}.123456789", "9000", str(len(frames[0][1])), "4321"]
    assert len(written) == 8
    assert [line[3] for line in written[1:3]] == ["7000", "4322"]


def test_comments_say_what_was_found(tcphs, write, tmp_path):
    tcphs("--write", "out.pcapng", "--select", "unanswered", write("a", pcap(several())))
    rows = [line.split("\t") for line in tshark(tmp_path, "-T", "fields", "-e", "frame.number", "-e", "frame.comment")]
    first = rows[0][1]
    assert "tcphs: incomplete, unanswered, blame: path; 192.0.2.1:49300 > 192.0.2.9:80, frames 6 to 11 of a" in first
    assert "syn_unanswered (warn): client sent SYN at 0, 1.0 s; no answer" in first
    assert "syn_again (note): " in rows[1][1]
    assert "the last frame of the capture, without its octets" in rows[2][1]
    assert len(rows) == 3


def test_file_is_sound(tcphs, write, tmp_path):
    tcphs("--write", "out.pcapng", "--select", "all", write("a", pcap(several())))
    text = capinfos(tmp_path)
    assert "Wireshark/... - pcapng" in text and "nanoseconds (9)" in text and "tcphs " in text
    assert "Strict time order:   True" in text


def test_nothing_chosen_is_still_a_file(tcphs, write, tmp_path):
    tcphs("--write", "out.pcapng", "--select", "malformed", write("a", complete()))
    assert tshark(tmp_path) == []
    assert only(ndjson(tcphs, "out.pcapng").lines(), "file")["damaged"] is None


def test_link_types_and_lengths_of_interfaces(tcphs, write, tmp_path):
    """Frames of two interfaces with link types of their own."""
    name = write("a", mixed(several(), [1, 101]))
    tcphs("--write", "out.pcapng", "--select", "all", name)
    assert judged(ndjson(tcphs, "out.pcapng")) == judged(ndjson(tcphs, name))
    text = capinfos(tmp_path, "-I")
    assert "Ethernet" in text and "Raw IP" in text and text.count("Capture length = 65535") == 2


def test_capture_end_is_kept(tcphs, write, tmp_path):
    """Without the end, the SYN would be one that may still be answered."""
    name = write("a", Talk().syn().end().pcap())
    tcphs("--write", "out.pcapng", name)
    assert only(ndjson(tcphs, "out.pcapng").lines(), "connection")["reason"] == "unanswered"
    assert len(tshark(tmp_path)) == 2


def test_fragments_of_a_segment_are_written(tcphs, write, tmp_path):
    """All of them, although only the last one's frame counts as the segment's."""
    talk = Talk().handshake()
    whole = Talk().segment(1.0, "PA", 4322, 7001, bytes(3000)).frames[0][1]
    pieces = [bytes(piece) for piece in fragment(Ether(whole), 1000)]
    talk.frames += [(1 + number / 100, octets) for number, octets in enumerate(pieces)]
    talk.segment(1.2, "A", 7001, 7322, back=True).end()
    name = write("a", pcap(talk.frames))
    assert judged(ndjson(tcphs, name))[0][8] == 5, "the pieces are one segment"
    tcphs("--write", "out.pcapng", "--select", "complete", name)
    assert len(tshark(tmp_path)) == 3 + len(pieces) + 1 + 1
    assert judged(ndjson(tcphs, "out.pcapng")) == judged(ndjson(tcphs, name))


def test_neighbours_on_the_same_ports_come_along(tcphs, write):
    """A connection that the peer has forgotten is judged by the attempt after it."""
    folder = paths.ROOT / "captures/synthetic/lost_state"
    for path in sorted(folder.glob("*.pcap*")):
        tcphs("--write", "out.pcapng", "--select", "peer_lost_state", str(path))
        wanted = [line for line in judged(ndjson(tcphs, str(path))) if line[4] == "peer_lost_state"]
        found = judged(ndjson(tcphs, "out.pcapng"))
        assert [line for line in wanted if line not in found] == [], path
    assert wanted


@pytest.mark.parametrize("how", ["pipe", "gzip", "tar", "join"])
def test_what_comes_only_once(tcphs, write, tmp_path, how):
    """A pipe, a compressed file, members of an archive, several files as one."""
    frames = several()
    if how == "pipe":
        arguments, extra = ["-"], {"input": pcap(frames)}
    elif how == "gzip":
        arguments, extra = [write("a.gz", gzip.compress(pcap(frames)))], {}
    elif how == "tar":
        arguments, extra = ["-"], {"input": tar([("m", pcap(frames)), ("n", complete())])}
    else:
        arguments, extra = ["--join", write("1", pcap(frames[::2])), write("2", pcapng(frames[1::2]))], {}
    before = set(os.listdir(tmp_path))
    done = ndjson(tcphs, "--write", "out.pcapng", *arguments, env={"TMPDIR": str(tmp_path)}, **extra)
    assert done.status == 1 and done.err == ""
    assert set(os.listdir(tmp_path)) - before == {"out.pcapng"}, "nothing is left behind"
    assert {(line[0]["port"], line[4]) for line in judged(ndjson(tcphs, "out.pcapng"))} == {
        (49200, "refused"), (49300, "unanswered")}


def test_several_inputs_are_sections_in_order(tcphs, write, tmp_path):
    names = [write(f"{number:02}", refused(sport=50000 + number) if number % 3 else complete()) for number in range(20)]
    ports = [str(50000 + number) for number in range(20) if number % 3]
    written = []
    for jobs in ("1", "4"):
        tcphs("-j", jobs, "--write", "out.pcapng", *names)
        written.append((tmp_path / "out.pcapng").read_bytes())
        syns = tshark(tmp_path, "-Y", "tcp.flags == 2", "-T", "fields", "-e", "tcp.srcport")
        assert syns == ports
    assert written[0] == written[1]


def test_filtered_frames_are_not_written(tcphs, write, tmp_path):
    tcphs("--filter", "not port 49300", "--write", "out.pcapng", "--select", "all", write("a", pcap(several())))
    ports = set(tshark(tmp_path, "-Y", "tcp.flags == 2", "-T", "fields", "-e", "tcp.srcport"))
    assert ports == {"49152", "49200"}


def test_damaged_input_is_written_as_far_as_it_was_read(tcphs, write):
    done = tcphs("--write", "out.pcapng", "--select", "all", write("a", complete()[:-3]))
    assert done.status == 3
    assert "cut short" in done.complaint()
    assert only(ndjson(tcphs, "out.pcapng").lines(), "connection")["reason"] == "three_way"


@pytest.mark.parametrize("arguments, words", [
    (["--select", "all"], ["--select", "--write"]),
    (["--write", "o", "--select", "nonsense"], ["--select", "nonsense"]),
    (["--write", "o", "--select", "all,refused"], ["--select", '"all" has to stand alone']),
    (["--write", "o", "--select", ""], ["--select"]),
])
def test_mistakes(tcphs, write, tmp_path, arguments, words):
    done = tcphs(*arguments, write("a", complete()))
    assert done.status == 2
    for word in words:
        assert word in done.complaint()
    assert not (tmp_path / "o").exists()


def test_place_that_cannot_be_written(tcphs, write):
    done = tcphs("--write", "nowhere/out.pcapng", write("a", complete()))
    assert done.status == 3
    assert "nowhere/out.pcapng" in done.complaint()


def test_project_captures_say_the_same_again(tcphs, tmp_path):
    """All connections of these captures, written and read again, with the same verdicts and findings."""
    wrong = []
    for path in paths.captures(paths.RECORDED, paths.SYNTHETIC / "truncated", paths.SYNTHETIC / "cells"):
        before = ndjson(tcphs, "--write", "out.pcapng", "--select", "all", str(path))
        if judged(before) != judged(ndjson(tcphs, "out.pcapng")):
            wrong.append(path.name)
    assert wrong == []
    assert (tmp_path / "out.pcapng").exists()
