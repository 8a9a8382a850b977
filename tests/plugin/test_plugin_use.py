# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin while it is used: in pieces, while frames arrive, in any order, with settings changed in the middle."""
from scapy.utils import rdpcap

SESSION = ["tcphs.stream", "tcphs.phase", "tcphs.step", "tcphs.client.state", "tcphs.verdict",
           "tcphs.syn_in", "tcphs.finding"]
TAP = ("-q", "-z", "tcphs,verdicts")


def rows(text):
    """The connections in what -z tcphs,verdicts prints, and the line below them."""
    lines = [line.split() for line in text.splitlines()]
    return [line[1:4] + line[5:] for line in lines if "->" in line and line[0][0].isdigit()], \
        next(" ".join(line) for line in lines if "connections," in line)


def test_sessions_that_begin_anew_are_captures_of_their_own(wireshark, story, capture):
    """tshark -M forgets what it knows after so many frames, and begins to count them anew."""
    packets = list(rdpcap(str(story)))
    parts = [capture(packets[i:i + 4]) for i in range(0, len(packets), 4)]
    expected = [row for part in parts for row in wireshark.fields(part, *SESSION, options=())]
    assert wireshark.fields(story, *SESSION, options=("-M", "4")) == expected
    assert len(parts) == 4


def test_statistics_go_on_when_a_session_begins_anew(wireshark, story):
    """Taps are told nothing of it, so what they noted of connections must not outlive these."""
    found, sum_of_all = rows(wireshark.tshark(*TAP, "-M", "4", "-r", story))
    assert found == [
        ["complete", "three_way", "none", "192.0.2.1:49152", "->", "192.0.2.9:80"],
        ["incomplete", "refused", "server", "192.0.2.1:40001", "->", "192.0.2.9:80"],
        ["unknown", "capture_ended", "capture", "192.0.2.1:40002", "->", "192.0.2.9:80"],
        ["unknown", "capture_ended", "capture", "192.0.2.1:40003", "->", "192.0.2.9:80"],
        ["unknown", "midstream", "capture", "192.0.2.1:40003", "->", "192.0.2.9:80"],
        ["unknown", "capture_ended", "capture", "192.0.2.1:40002", "->", "192.0.2.9:80"]]
    assert sum_of_all == "6 connections, 1 complete, 4 unknown, 1 incomplete"
