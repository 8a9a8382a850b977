# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits: what is given up when there is too much of it, in which order, and that it is said."""

import re

from cli_captures import Talk, flood, pcap


def together(*talks):
    """The frames of several talks as one capture, in order of time."""
    frames = sorted((frame for talk in talks for frame in talk.frames), key=lambda frame: frame[0])
    return pcap(frames)


def verdicts(done):
    """(stream, reason) of each connection, as they were reported."""
    return [(line["stream"], line["reason"]) for line in done.lines() if line["type"] == "connection"]


def evicted(done):
    return next(line["evicted"] for line in done.lines() if line["type"] == "file")


def three(last=0.9):
    """Stream 0 goes on for ever, stream 1 was closed, stream 2 waits for an answer; each is silent from then on."""
    going = Talk(sport=50000).handshake(0.0)
    going.segment(0.04, "PA", going.peer_isn + 1, going.isn + 1, b"x", [("Timestamp", (23, 12))], back=True)
    closed = Talk(sport=50001).handshake(0.1).shutdown(0.2)
    waiting = Talk(sport=50002).syn(0.7)
    return [going, closed, waiting, Talk(sport=50003).syn(last)]


def test_the_decided_one_makes_room_first(tcphs, write):
    """Stream 1 is not the oldest, but the only one whose verdict is certain."""
    name = write("a.pcap", together(*three()))
    done = tcphs("--format", "ndjson", "--max-connections", "3", name)
    assert done.status == 3
    assert verdicts(done)[0] == (1, "three_way")
    assert sorted(verdicts(done)) == verdicts(tcphs("--format", "ndjson", name))
    assert evicted(done) == 1
    assert done.complaint() == ("tcphs: a.pcap: 1 connection had to make room for others (--max-connections 3) and was "
                                "reported as it stood: allow more, or split the capture")


def test_then_the_one_that_is_silent_for_longest(tcphs, write):
    name = write("a.pcap", together(*three()))
    done = tcphs("--format", "ndjson", "--max-connections", "2", name)
    assert done.status == 3
    assert [stream for stream, _ in verdicts(done)] == [1, 0, 2, 3]
    assert evicted(done) == 2


def test_what_retired_makes_room_unnoticed(tcphs, write):
    """Its connection was reported: nothing is lost but late segments."""
    name = write("a.pcap", together(*three(last=70.0)))
    done = tcphs("--format", "ndjson", "--max-connections", "3", name)
    assert (done.status, done.err) == (1, "")
    assert evicted(done) == 0


def test_nobody_is_blamed_for_an_answer_that_nobody_waited_for(tcphs, write):
    """The SYN was 0.1 s old when it had to go: that is no failure, though the capture goes on."""
    answer = Talk(sport=50000).synack(0.2).ack(0.3).end(20)
    name = write("a.pcap", together(Talk(sport=50000).syn(0.0), Talk(sport=50001).handshake(0.1), answer))
    done = tcphs("--format", "ndjson", "--max-connections", "1", name)
    assert done.status == 3
    assert verdicts(done)[0] == (0, "capture_ended")


def test_no_limit_met_changes_nothing(tcphs, write):
    name = write("a.pcap", together(*three()))
    usual = tcphs("--format", "ndjson", name)
    for limit in ("0", "4", "4294967295"):
        limited = tcphs("--format", "ndjson", "--max-connections", limit, name)
        assert (limited.status, limited.out, limited.err) == (usual.status, usual.out, "")


def test_a_flood_is_reported_whole(tcphs, write):
    """Twenty thousand SYNs with room for ten: each has its verdict, and all reports say how many had to go."""
    name = write("a.pcap", pcap(flood(20000)))
    done = tcphs("--max-connections", "10", "--format", "summary", "--report", "ndjson=all.ndjson", name)
    assert done.status == 3
    assert re.search(r"^  evicted +19990$", done.out, re.MULTILINE)
    assert re.search(r"20000 TCP segments, 20000 connections", done.out)
    assert "; 19990 evicted" in tcphs("--max-connections", "10", name).out
    page = tcphs("--max-connections", "10", "--format", "html", name).out
    assert re.search("19,990 connections had to make room", page)
    assert 'name="evicted" value="19990"' in tcphs("--max-connections", "10", "--format", "junit", name).out


def test_a_limit_is_a_number(tcphs):
    assert tcphs("--max-connections", "many", "x").complaint() == (
        'tcphs: --max-connections: "many" is no number of connections to keep; give one from 0 to 4294967295')


def test_findings_of_a_rule_have_a_limit(tcphs, write):
    """The same SYN two hundred times: the first sixteen remarks are kept, and how many SYNs there were is told."""
    talk = Talk()
    for second in range(200):
        talk.syn(float(second))
    done = tcphs("--format", "ndjson", write("a.pcap", talk.end(300).pcap()))
    findings = [finding for line in done.lines() if line["type"] == "connection" for finding in line["findings"]]
    again = [finding["frame"] for finding in findings if finding["id"] == "syn_again"]
    assert again == list(range(2, 18))
    assert "192 more" in next(finding["text"] for finding in findings if finding["id"] == "syn_unanswered")
