# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures with damage in their packets, and packets of chance: the plugin neither crashes nor hangs nor is malformed.

With TCPHS_SEEDS=N in the environment so many times over, with other damage each time.
"""
import os
import random
import re
import struct
import subprocess

import pytest

# Probability that an octet is changed; where in a packet that begins: in Ethernet's header, IP's, TCP's, its options.
DAMAGE = [(0.002, 0), (0.01, 14), (0.02, 34), (0.2, 54)]
ETHERNET = bytes.fromhex("020000000002" "020000000001" "0800")
SEEDS = pytest.mark.parametrize("seed", range(1, 1 + int(os.environ.get("TCPHS_SEEDS", "1"))))


def frames_shown(text):
    return len(re.findall(r"^Frame \d+: ", text, re.MULTILINE))


def check(wireshark, capture, least):
    """All of its frames are shown, in two passes with every tree and in one with the statistics; none by a mistake."""
    shown = wireshark.tshark("-2", "-n", "-V", "-r", capture)
    assert frames_shown(shown) >= least
    assert not re.search(r"Dissector bug|Malformed Packet: TCPHS", shown)
    taps = [option for tap in ("verdicts", "connections", "tree", "srt") for option in ("-z", f"tcphs,{tap}")]
    assert wireshark.tshark("-n", "-q", *taps, "-r", capture)


@SEEDS
@pytest.mark.parametrize("probability, offset", DAMAGE)
def test_damaged_packets(wireshark, everything, tmp_path, seed, probability, offset):
    """Every capture of the project, one behind the other, damaged by editcap."""
    damaged = tmp_path / "damaged.pcap"
    subprocess.run(["editcap", "-E", str(probability), "-o", str(offset), "--seed", str(seed), str(everything),
                    str(damaged)], capture_output=True, timeout=300, check=True)
    check(wireshark, wireshark.readable(damaged), 500)


def head(kind, octets):
    """What stands before so many octets: nothing; Ethernet's header; IPv4's, too, of a segment of TCP."""
    if kind == "eth":
        return b""
    ipv4 = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 20 + octets, 1, 0x4000, 64, 6, 0, 192, 0, 2, 1, 192, 0, 2, 9)
    return ETHERNET + (ipv4 if kind == "tcp" else b"")


@SEEDS
@pytest.mark.parametrize("kind", ["tcp", "ip", "eth"])
def test_packets_of_chance(wireshark, tmp_path, kind, seed):
    """Octets of chance behind headers of that kind; the same with each seed."""
    chance = random.Random(f"{kind} {seed}")
    octets = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number in range(1000):
        body = chance.randbytes(chance.randrange(1, 500))
        frame = head(kind, len(body)) + body
        octets += struct.pack("<IIII", 1_700_000_000 + number, 0, len(frame), len(frame)) + frame
    capture = tmp_path / "chance.pcap"
    capture.write_bytes(octets)
    check(wireshark, wireshark.readable(capture), 1000)


@SEEDS
@pytest.mark.skipif("TCPHS_SEEDS" not in os.environ, reason="randpkt takes no seed: script/verify fuzz has it")
@pytest.mark.parametrize("kind", ["tcp", "ip", "eth"])
def test_packets_of_randpkt(wireshark, tmp_path, kind, seed):
    """The same, but others each time, by Wireshark's own tool."""
    capture = tmp_path / f"randpkt-{seed}.pcap"
    subprocess.run(["randpkt", "-b", "500", "-c", "1000", "-t", kind, str(capture)], capture_output=True, timeout=300,
                   check=True)
    check(wireshark, wireshark.readable(capture), 1000)
