# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures with damage in their packets, and packets of chance: the plugin neither crashes nor hangs nor is malformed.

With TCPHS_SEEDS=N in the environment so many times over, with other damage each time.
"""
import os
import re
import subprocess

import pytest

# Probability that an octet is changed; where in a packet that begins: in Ethernet's header, IP's, TCP's, its options.
DAMAGE = [(0.002, 0), (0.01, 14), (0.02, 34), (0.2, 54)]


def frames_shown(text):
    return len(re.findall(r"^Frame \d+: ", text, re.MULTILINE))


def check(wireshark, capture, least):
    """All of its frames are shown, in two passes with every tree and in one with the statistics; none by a mistake."""
    shown = wireshark.tshark("-2", "-n", "-V", "-r", capture)
    assert frames_shown(shown) >= least
    assert not re.search(r"Dissector bug|Malformed Packet: TCPHS", shown)
    taps = [option for tap in ("verdicts", "connections", "tree", "srt") for option in ("-z", f"tcphs,{tap}")]
    assert wireshark.tshark("-n", "-q", *taps, "-r", capture)


@pytest.mark.parametrize("seed", range(1, 1 + int(os.environ.get("TCPHS_SEEDS", "1"))))
@pytest.mark.parametrize("probability, offset", DAMAGE)
def test_damaged_packets(wireshark, everything, tmp_path, seed, probability, offset):
    """Every capture of the project, one behind the other, damaged by editcap."""
    damaged = tmp_path / "damaged.pcap"
    subprocess.run(["editcap", "-E", str(probability), "-o", str(offset), "--seed", str(seed), str(everything),
                    str(damaged)], capture_output=True, timeout=60, check=True)
    check(wireshark, wireshark.readable(damaged), 500)


@pytest.mark.parametrize("kind", ["tcp", "ip", "eth"])
def test_packets_of_chance(wireshark, tmp_path, kind):
    """Headers of that kind with octets of chance behind them, by randpkt."""
    capture = tmp_path / "chance.pcap"
    subprocess.run(["randpkt", "-b", "500", "-c", "1000", "-t", kind, str(capture)], capture_output=True, timeout=60,
                   check=True)
    check(wireshark, wireshark.readable(capture), 1000)
