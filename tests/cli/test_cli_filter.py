# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_filter.py - --filter: frames by libpcap's own expressions, whatever their interface."""

import struct
import subprocess

import pytest

from cli_captures import START, Talk, block, complete, pcap
from test_cli_inputs import ndjson, only


def mixed(frames, types):
    """A pcapng file: frames of Ethernet, in turn on interfaces with these link types; raw IP loses its Ethernet."""
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    out += [block(1, struct.pack("<HHI", linktype, 0, 65535)) for linktype in types]
    for number, (time, octets) in enumerate(frames):
        interface = number % len(types)
        octets = octets[14:] if types[interface] == 101 else octets
        stamp = START * 1_000_000 + round(time * 1_000_000)
        out.append(block(6, struct.pack("<IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(octets),
                                        len(octets)) + octets))
    return b"".join(out)


def two_talks():
    """Two connections, to ports 80 and 443, frame by frame in turn."""
    one, two = Talk().handshake().shutdown(), Talk(dport=443).handshake().shutdown()
    return [frame for pair in zip(one.frames, two.frames) for frame in pair]


@pytest.mark.parametrize("make", [pcap, lambda frames: mixed(frames, [1, 101, 101])], ids=["pcap", "two_link_types"])
def test_frames_keep_their_numbers(tcphs, write, make):
    name = write("a", make(two_talks()))
    both = [line for line in ndjson(tcphs, name).lines() if line["type"] == "connection"]
    assert len(both) == 2
    done = ndjson(tcphs, "--filter", "tcp port 443", name)
    assert done.status == 0 and done.err == ""
    line = only(done.lines(), "connection")
    assert {**line, "stream": 1} == both[1]
    assert line["steps"] == [2, 4, 6]
    line = only(done.lines(), "file")
    assert (line["frames"], line["filtered"], line["tcp_segments"]) == (16, 8, 8)


def test_time_goes_on_with_what_is_left_out(tcphs, write):
    """The last frame is UDP: the SYN had nine seconds for its answer."""
    name = write("a", Talk().syn().end().pcap())
    assert only(ndjson(tcphs, "--filter", "tcp", name).lines(), "connection")["reason"] == "unanswered"


def test_nothing_matches(tcphs, write):
    done = ndjson(tcphs, "--filter", "port 9", write("a", complete()))
    assert done.status == 0
    line = only(done.lines(), "file")
    assert (line["frames"], line["filtered"], line["connections"]) == (9, 9, 0)


@pytest.mark.parametrize("expression", ["tcp prot 80", "(", "host", "port nosuchservice", "\x1b[2J"])
def test_mistakes_are_told_before_anything_is_read(tcphs, write, expression):
    done = tcphs("--filter", expression, write("a", complete()))
    assert done.status == 2 and done.out == ""
    assert done.complaint().startswith("tcphs: --filter: ")
    assert done.complaint().isprintable()


@pytest.mark.parametrize("expression", ["", "src 192.0.2.1", "greater 70", "tcp[tcpflags] & tcp-syn != 0", "not tcp"])
def test_expressions_mean_what_they_mean_to_tcpdump(tcphs, write, tmp_path, expression):
    line = only(ndjson(tcphs, "--filter", expression, write("a", complete())).lines(), "file")
    printed = subprocess.run(["tcpdump", "-n", "-r", "a", expression], cwd=tmp_path, check=True, capture_output=True)
    assert line["frames"] - line.get("filtered", 0) == len(printed.stdout.splitlines()) > 0


def test_words_for_other_link_types_are_no_mistake(tcphs, write):
    """Ethernet knows no frame types of 802.11: the mistake is not the expression's, and its frames do not match."""
    done = ndjson(tcphs, "--filter", "wlan type data", write("a", complete()))
    assert done.status == 0
    assert "link type 1 (" in done.complaint() and "9 frames were left out" in done.complaint()
    line = only(done.lines(), "file")
    assert line["not_decoded"] == {"filter_linktype_1": 9}
    assert line["filtered"] == 9


def test_link_type_that_cannot_be_filtered(tcphs, write):
    """Is named; the other interface's frames are filtered as ever."""
    name = write("a", mixed(Talk().handshake().frames, [1, 189]))
    done = ndjson(tcphs, "--filter", "tcp port 80", name)
    assert "link type 189 (" in done.complaint() and "its 1 frame " in done.complaint()
    line = only(done.lines(), "file")
    assert line["tcp_segments"] == 2
    assert line["not_decoded"]["filter_linktype_189"] == 1


def test_with_join(tcphs, write):
    """Numbers are those of the merged capture, filtered or not."""
    frames = two_talks()
    names = [write("1", pcap(frames[:5])), write("2", pcap(frames[5:]))]
    done = ndjson(tcphs, "--join", "--filter", "port 443", *names)
    assert only(done.lines(), "connection")["steps"] == [2, 4, 6]
    assert only(done.lines(), "file")["filtered"] == 8
