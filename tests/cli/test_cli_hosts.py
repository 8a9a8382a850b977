# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_hosts.py - ISN quality: a line per host at the end of the JSON lines, of all inputs together."""

import random
import struct

import pytest
from cli_captures import CLIENT, SERVER, Talk, pcap

HOST_KEYS = ["type", "addr", "samples", "gcd", "isr", "sp", "step", "rate", "repeated", "quality"]
GOOD = random.Random(9293)


def connections(isns, start=0.0, sport=50000, client=CLIENT):
    """Frames of one complete handshake a second, the client's ISNs given, the server's drawn."""
    frames = []
    for number, isn in enumerate(isns):
        talk = Talk(client=client, sport=sport + number, isn=isn % 2**32, peer_isn=GOOD.randrange(2**32))
        frames += talk.handshake(start + number).frames
    return frames


@pytest.fixture(name="hosts")
def fixture_hosts(tcphs):
    """{address: line} of a run, and all of its lines."""
    def run(*paths):
        done = tcphs("--format", "ndjson", "--fail-on", "never", *paths)
        assert (done.status, done.err) == (0, "")
        lines = done.lines()
        last = [line for line in lines if line["type"] == "host"]
        assert all(list(line) == HOST_KEYS for line in last)
        assert lines[len(lines) - len(last):] == last
        return {line["addr"]: line for line in last}, lines
    return run


def told(lines):
    """(rule, stream, frame, related frame, text) of each finding about ISN quality."""
    return [(finding["id"], line["stream"], finding["frame"], finding["related"], finding["text"])
            for line in lines if line["type"] == "connection" for finding in line["findings"]
            if finding["id"] in ("isn_repeated", "isn_predictable")]


def test_a_host_that_counts(hosts, write):
    by_address, lines = hosts(write("a.pcap", pcap(connections(4_294_900_000 + 64_000 * n for n in range(8)))))
    assert told(lines) == [("isn_predictable", 5, 18, None,
                            "client's ISNs can be predicted: each is 64000 above the one before")]
    assert by_address[CLIENT] == {"type": "host", "addr": CLIENT, "samples": 8, "gcd": 64000, "isr": 128, "sp": 0,
                                  "step": 64000, "rate": None, "repeated": 0, "quality": ["constant_step"]}
    assert by_address[SERVER]["quality"] == [] and by_address[SERVER]["samples"] == 8


def test_a_scanner(hosts, write):
    frames = []
    for number in range(10):
        frames += Talk(server=f"192.0.2.{20 + number}", isn=7).syn(number / 10).refusal(number / 10 + 0.01).frames
    by_address, lines = hosts(write("a.pcap", pcap(frames)))
    assert told(lines) == [("isn_repeated", 3, 7, 1, "client used one ISN for 4 connections, none of them completed "
                                                     "so far, as a scanner does")]
    assert by_address == {CLIENT: {"type": "host", "addr": CLIENT, "samples": 0, "gcd": None, "isr": None, "sp": None,
                                   "step": None, "rate": None, "repeated": 10, "quality": ["repeated", "scanner"]}}


def test_few_connections_are_nothing_to_judge(hosts, write):
    assert hosts(write("a.pcap", pcap(connections(64_000 * n for n in range(5)))))[0] == {}


def test_hosts_are_judged_over_all_inputs(hosts, write):
    one = write("1.pcap", pcap(connections((64_000 * n for n in range(3)), sport=50000)))
    two = write("2.pcap", pcap(connections((64_000 * n for n in range(3, 6)), start=60, sport=51000)))
    by_address, lines = hosts(one, two)
    assert told(lines) == []   # neither capture alone proves it
    assert by_address[CLIENT]["quality"] == ["constant_step"] and by_address[CLIENT]["samples"] == 6
    assert hosts(two, one)[0] == by_address
    assert hosts(two, one, two)[0] == by_address


def test_hosts_come_by_address(hosts, write):
    addresses = ["2001:db8::9", "10.0.0.2", "9.255.255.255", "192.0.2.1", "2001:db8::10"]
    frames = []
    for number, address in enumerate(addresses):
        for port in range(6):
            talk = Talk(address, "2001:db8::1" if ":" in address else SERVER, isn=9, sport=50000 + port)
            frames += talk.handshake(10 * number + port).frames
    by_address, _ = hosts(write("a.pcap", pcap(frames)))
    clients = [address for address in by_address if address in addresses]
    assert clients == ["9.255.255.255", "10.0.0.2", "192.0.2.1", "2001:db8::9", "2001:db8::10"]


def test_can_be_made_to_fail(tcphs, write):
    path = write("a.pcap", pcap(connections(64_000 * n for n in range(6))))
    assert tcphs("--fail-on", "isn_predictable", path).status == 1
    assert tcphs("--fail-on", "isn_repeated", path).status == 0


def test_more_hosts_than_there_is_room_for(tcphs, write):
    syn = Talk().syn().frames[0][1]
    frames = [(number / 1000, syn[:26] + struct.pack(">I", 0x0A000000 + number) + syn[30:]) for number in range(65540)]
    path = write("a.pcap", pcap(frames))
    assert "65536 hosts" in tcphs("--format", "ndjson", "--fail-on", "never", path).complaint()
    assert tcphs("--format", "summary", "--fail-on", "never", path).err == ""
