# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_stats.py - a line per server: counts, percentiles, order, and the width of the terminal."""

import random
import re

import pytest

from cli_captures import Talk, pcap

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


TEMPLATE = [octets for _, octets in Talk().handshake().frames]


def handshake(time, rtt, sport, dport=80):
    """A handshake of |rtt| milliseconds: one made before, with other ports."""
    syn, synack, ack = TEMPLATE
    mine, peer = sport.to_bytes(2, "big"), dport.to_bytes(2, "big")
    return [(time, syn[:34] + mine + peer + syn[38:]),
            (time + rtt / 2000, synack[:34] + peer + mine + synack[38:]),
            (time + rtt / 1000, ack[:34] + mine + peer + ack[38:])]


def mixed():
    """Five servers: one refuses, one is slow, one is seen midstream only, one is fast, one has an IPv6 address."""
    frames = handshake(0, 5, 50000) + handshake(1, 7, 50001)
    frames += Talk(sport=50002, dport=22).syn(2).refusal(2.01).frames
    frames += Talk(sport=50003, dport=22).syn(3).refusal(3.01).frames
    frames += handshake(4, 900, 50004, 443)
    frames += Talk(sport=50005, dport=23).segment(6, "A", 5, 9, b"x").segment(6.1, "A", 9, 6, back=True).frames
    frames += Talk(client="2001:db8::1", server="2001:db8::9").handshake(7).frames
    return pcap(frames + Talk().end(30).frames)


def servers(text):
    """{server: {column: cell}} of a piped report, in its order."""
    titles, *lines = text.splitlines()
    names = titles.split()
    return {cells[0]: dict(zip(names, cells)) for cells in (re.split(r"  +", line) for line in lines)}


def test_worst_first_with_counts_and_percentiles(tcphs, write):
    done = tcphs("--stats", write("a.pcap", mixed()))
    assert done.status == 1 and done.err == ""
    told = servers(done.out)
    assert list(told) == ["192.0.2.9:22", "192.0.2.9:443", "[2001:db8::9]:80", "192.0.2.9:80", "192.0.2.9:23"]
    assert told["192.0.2.9:22"] == {"SERVER": "192.0.2.9:22", "TOTAL": "2", "INCOMPLETE": "2", "UNKNOWN": "0",
                                    "COMPLETE": "0", "P50": "-", "P90": "-", "P99": "-", "MAX": "-"}
    assert told["192.0.2.9:80"] == {"SERVER": "192.0.2.9:80", "TOTAL": "2", "INCOMPLETE": "0", "UNKNOWN": "0",
                                    "COMPLETE": "2", "P50": "5.00 ms", "P90": "7.00 ms", "P99": "7.00 ms",
                                    "MAX": "7.00 ms"}
    assert told["192.0.2.9:23"]["UNKNOWN"] == "1"


def test_stats_is_a_format(tcphs, write):
    name = write("a.pcap", mixed())
    assert tcphs("--format", "stats", name).out == tcphs("--stats", name).out
    done = tcphs("--stats", "--format", "table", name)
    assert done.status == 2 and "--stats" in done.complaint()


def test_files_are_added_up_whatever_the_jobs(tcphs, write):
    names = [write(f"{number}.pcap", pcap(handshake(0, 1 + number, 50000) + Talk().end(20).frames))
             for number in range(100)]
    done = tcphs("--stats", "-j1", *names)
    (line,) = servers(done.out).values()
    assert (line["TOTAL"], line["P50"], line["P90"], line["P99"], line["MAX"]) == (
        "100", "50.0 ms", "90.0 ms", "99.0 ms", "100.0 ms")
    assert tcphs("--stats", "-j4", *names).out == done.out


def interval(cell):
    number, unit = cell.split()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1000}[unit]


def test_many_handshakes_are_within_one_percent(tcphs, write):
    """A thousand, from 0.2 ms to 20 s, in two files of which only one is beyond what is kept exactly."""
    draw = random.Random(1)
    rtts = [round(0.2 * 10 ** draw.uniform(0, 5), 3) for _ in range(1000)]
    frames = [[], []]
    for number, rtt in enumerate(rtts):
        frames[number >= 300].extend(handshake(number * 30, rtt, 1024 + number))
    names = [write(f"{number}.pcap", pcap(part + Talk().end(1e5).frames)) for number, part in enumerate(frames)]
    (line,) = servers(tcphs("--stats", *names).out).values()
    rtts.sort()
    for column, rank in (("P50", 500), ("P90", 900), ("P99", 990)):
        assert abs(interval(line[column]) / rtts[rank - 1] - 1) < 0.016   # 1 %, and the rounding of what is shown
    assert abs(interval(line["MAX"]) / rtts[-1] - 1) < 0.001


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_fits_the_terminal_and_loses_nothing(on_terminal, write, columns):
    _, drawn = on_terminal(columns, "--stats", write("a.pcap", mixed()))
    rows = COLOUR.sub("", drawn).splitlines()
    assert max(len(row) for row in rows) <= columns
    text = " ".join(" ".join(rows).split())
    for word in ("192.0.2.9:22", "192.0.2.9:443", "[2001:db8::9]:80", "900.0 ms", "5.00 ms", "7.00 ms"):
        assert (word.replace(" ", "") if columns == 80 else word) in text
    assert ("2 connections: 2 incomplete" in text) == (columns == 40)
    assert ("SERVER TOTAL INCOM UNKN COMPL P50 P90 P99 MAX" in text) == (columns == 80)
    assert ("SERVER TOTAL INCOMPLETE UNKNOWN COMPLETE P50 P90 P99 MAX" in text) == (columns == 200)


def test_colour_on_a_terminal_only(on_terminal, tcphs, write):
    name = write("a.pcap", mixed())
    assert COLOUR.search(on_terminal(120, "--stats", name)[1])
    assert not COLOUR.search(on_terminal(120, "--stats", name, env={"NO_COLOR": "1"})[1])
    assert not COLOUR.search(on_terminal(120, "--stats", name, env={"TERM": "dumb"})[1])
    assert COLOUR.sub("", tcphs("--color=always", "--stats", name).out) == tcphs("--stats", name).out


def test_nothing_to_count(tcphs, write):
    assert tcphs("--stats", write("a.pcap", Talk().end().pcap())).out == ""
