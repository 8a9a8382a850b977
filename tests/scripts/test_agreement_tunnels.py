# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole connections in tunnels: the analyzer, which peels them itself, says what the plugin says, which is handed TCP.

Each connection is captured four times over: as it is, with its data in IP fragments, with each frame twice, and inside
and outside the tunnel one after the other, as a capture on a tunnel's end has it.
"""

import struct
import sys
from pathlib import Path

import pytest
import test_agreement as agreement
from support import analyzer, paths

sys.path.insert(0, str(paths.ROOT / "tests/input"))

from craft import SYN, eth, ip4, ip6, pcap, snap, tcp, vlan  # noqa: E402  pylint: disable=wrong-import-position

CLIENT, SERVER, MORE = "198.51.100.7", "203.0.113.9", 0x2000
ACK, PSH, FIN = 0x10, 0x08, 0x01

# From the client or not, seq, ack, flags, data.
SEGMENTS = [
    (True, 100, 0, SYN, b""), (False, 500, 101, SYN | ACK, b""), (True, 101, 501, ACK, b""),
    (True, 101, 501, PSH | ACK, bytes(100)), (False, 501, 201, PSH | ACK, bytes(200)), (True, 201, 701, FIN | ACK, b""),
    (False, 701, 202, FIN | ACK, b""), (True, 202, 702, ACK, b""),
]


def udp(payload, port):
    """In a datagram between two ends of a tunnel."""
    datagram = struct.pack("!HHHH", 55555, port, 8 + len(payload), 0) + payload
    return eth(ip4(datagram, 17, src="192.0.2.1", dst="192.0.2.2"))


def gre(payload, kind, flags=0, fields=b""):
    """In GRE between two ends of a tunnel."""
    return eth(ip4(struct.pack("!HH", flags, kind) + fields + payload, 47, src="192.0.2.1", dst="192.0.2.2"))


TUNNELS = {
    "eth:vlan:ip": lambda packet: eth(vlan(packet), 0x8100),
    "eth:mpls:ip": lambda packet: eth(struct.pack("!I", 20 << 12 | 0x140) + packet, 0x8847),
    "eth:pppoes:ppp:ip": lambda packet: eth(struct.pack("!BBHHH", 0x11, 0, 1, len(packet) + 2, 0x21) + packet, 0x8864),
    "eth:ip6:ip": lambda packet: eth(ip6(packet, 4), 0x86DD),
    "eth:ip:gre:ip": lambda packet: gre(packet, 0x0800),
    "eth:ip:gre:erspan:eth:ip": lambda packet: gre(b"\x10\x05\0\1" + bytes(4) + eth(packet), 0x88BE, 0x1000, bytes(4)),
    "eth:ip:udp:vxlan:eth:ip": lambda packet: udp(b"\x08" + bytes(7) + eth(packet), 4789),
    "eth:ip:udp:geneve:eth:ip": lambda packet: udp(b"\0\0\x65\x58" + bytes(4) + eth(packet), 6081),
    "eth:ip:udp:gtp:ip": lambda packet: udp(struct.pack("!BBHI", 0x30, 255, len(packet), 1) + packet, 2152),
    "eth:ip:udp:l2tp:ppp:ip": lambda packet: udp(struct.pack("!HHHH", 2, 1, 2, 0x21) + packet, 1701),
    "eth:ip:udp:capwap:wlan:llc:ip": lambda packet: udp(
        b"\0\x10\x03\0" + bytes(4) + b"\x01\x08" + bytes(22) + snap(packet), 5247),
}


def connection(port, wrap, fragmented=False):
    """Its frames; |wrap| makes a frame of a packet."""
    frames = []
    for up, seq, ack, flags, data in SEGMENTS:
        segment = tcp(seq, ack, flags, data, sport=port if up else 80, dport=80 if up else port)
        header = {"src": CLIENT if up else SERVER, "dst": SERVER if up else CLIENT, "ident": seq}
        if fragmented and data:
            half = len(segment) // 16 * 8
            frames.append(wrap(ip4(segment[:half], flags=MORE, **header)))
            frames.append(wrap(ip4(segment[half:], flags=half // 8, **header)))
        else:
            frames.append(wrap(ip4(segment, **header)))
    return frames


def capture(tunnels):
    """All of them in one file, a hundredth of a second from frame to frame."""
    frames, port = [], 40000
    for wrap in tunnels:
        frames += connection(port, wrap) + connection(port + 1, wrap, fragmented=True)
        frames += [frame for frame in connection(port + 2, wrap) for _ in range(2)]
        for pair in zip(connection(port + 3, wrap), connection(port + 3, eth)):
            frames += pair
        port += 4
    return pcap([(frame, 1000 + number // 100, number % 100 * 10000, None) for number, frame in enumerate(frames)])


@pytest.fixture(scope="module", name="both")
def fixture_both(tshark, tmp_path_factory):
    """(the analyzer's connections, the plugin's layers of each frame)."""
    path = Path(tmp_path_factory.mktemp("tunnels"), "tunnels.pcap")
    path.write_bytes(capture(TUNNELS.values()))
    lines = analyzer.connections([path], ("--stream-rule", tshark.stream_rule()))[str(path)]
    return lines, tshark.dissect(path)


def test_all_are_whole(both):
    """Each connection is found in its tunnel, and complete."""
    lines, _ = both
    assert [line["encap"] for line in lines] == [word for word in TUNNELS for _ in range(4)]
    assert {line["verdict"] for line in lines} == {"complete"}


def test_front_ends_agree(both):
    """Connection by connection, step by step, finding by finding."""
    lines, frames = both
    layers = [(frame, layer) for frame, found in sorted(frames.items()) for layer in found]
    assert [*agreement.compare_layers(layers, lines), *agreement.compare_lines(layers, lines),
            *agreement.compare_steps(layers, lines), *agreement.compare_findings(layers, lines)] == []
