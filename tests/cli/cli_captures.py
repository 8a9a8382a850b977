# SPDX-License-Identifier: GPL-2.0-or-later
"""cli_captures.py - small captures, made by hand, for the tests of the command line.

Packets are scapy's; the file around them is written octet by octet here, because half of the tests want it broken.
"""

import struct

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

CLIENT, SERVER = "192.0.2.1", "192.0.2.9"
MACS = "02:00:00:00:00:01", "02:00:00:00:00:02"   # given, or scapy would ask the network for them
START = 1_427_304_960


class Talk:
    """Frames of one capture. Times are seconds after START; every method returns the talk."""

    def __init__(self, client=CLIENT, server=SERVER, sport=49152, dport=80, isn=4321, peer_isn=7000):
        self.client, self.server, self.sport, self.dport = client, server, sport, dport
        self.isn, self.peer_isn = isn, peer_isn
        self.frames = []

    def segment(self, time, flags, seq, ack=0, data=b"", options=(), back=False):
        layer = IPv6 if ":" in self.client else IP
        src, dst = (self.server, self.client) if back else (self.client, self.server)
        sport, dport = (self.dport, self.sport) if back else (self.sport, self.dport)
        packet = Ether(src=MACS[0], dst=MACS[1]) / layer(src=src, dst=dst)
        if layer is IP:
            packet.id = len(self.frames) + 1
        packet /= TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack, window=64240, options=list(options))
        self.frames.append((time, bytes(packet / data)))
        return self

    def syn(self, time=0.0, options=(("MSS", 1460), ("SAckOK", b""), ("Timestamp", (11, 0)), ("NOP", None),
                                     ("WScale", 7))):
        return self.segment(time, "S", self.isn, options=options)

    def synack(self, time=0.0305, ack=None, options=(("MSS", 1400), ("SAckOK", b""), ("Timestamp", (22, 11)),
                                                     ("NOP", None), ("WScale", 9))):
        return self.segment(time, "SA", self.peer_isn, self.isn + 1 if ack is None else ack, options=options, back=True)

    def ack(self, time=0.03062):
        return self.segment(time, "A", self.isn + 1, self.peer_isn + 1, options=[("Timestamp", (12, 22))])

    def refusal(self, time=0.01):
        return self.segment(time, "RA", 0, self.isn + 1, back=True)

    def end(self, time=9.0):
        """A frame that is not TCP, so that the capture goes on after the last segment."""
        packet = Ether(src=MACS[0], dst=MACS[1]) / IP(src=CLIENT, dst=SERVER) / UDP(sport=5000, dport=5001) / b"end"
        self.frames.append((time, bytes(packet)))
        return self

    def handshake(self, time=0.0):
        return self.syn(time).synack(time + 0.0305).ack(time + 0.03062)

    def shutdown(self, time=1.0):
        """Data from the client, then FIN from both sides."""
        stamps = [("Timestamp", (13, 23))]
        mine, peer = self.isn + 1, self.peer_isn + 1
        self.segment(time, "PA", mine, peer, b"hello", stamps)
        self.segment(time + 0.1, "A", peer, mine + 5, options=stamps, back=True)
        self.segment(time + 0.2, "FA", mine + 5, peer, options=stamps)
        self.segment(time + 0.3, "FA", peer, mine + 6, options=stamps, back=True)
        return self.segment(time + 0.4, "A", mine + 6, peer + 1, options=stamps)

    def pcap(self):
        return pcap(self.frames)


def pcap(frames, start=START, order="<"):
    """The octets of a classic capture file with nanoseconds."""
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)]
    for time, octets in frames:
        nanoseconds = round(time * 1_000_000_000)
        out.append(struct.pack(order + "IIII", start + nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000,
                               len(octets), len(octets)))
        out.append(octets)
    return b"".join(out)


def block(kind, body):
    """A pcapng block."""
    body += b"\0" * (-len(body) % 4)
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def pcapng(frames):
    """The octets of a pcapng file with one Ethernet interface, microseconds."""
    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), block(1, struct.pack("<HHI", 1, 0, 65535))]
    for time, octets in frames:
        microseconds = START * 1_000_000 + round(time * 1_000_000)
        out.append(block(6, struct.pack("<IIIII", 0, microseconds >> 32, microseconds & 0xFFFFFFFF, len(octets),
                                        len(octets)) + octets))
    return b"".join(out)


def complete():
    return Talk().handshake().shutdown().end().pcap()


def refused(sport=49200):
    return Talk(sport=sport).syn().refusal().end().pcap()


def flood(connections, refuse=False):
    """Frames: SYNs from as many addresses and ports, each perhaps refused."""
    probe, answer = (octets for _, octets in Talk().syn().refusal().frames)
    frames = []
    for number in range(connections):
        address, port = (number >> 14).to_bytes(2, "big"), (1024 + number % 16384).to_bytes(2, "big")
        frames.append((number / 1000, probe[:28] + address + probe[30:34] + port + probe[36:]))
        if refuse:
            frames.append((number / 1000 + 0.0005, answer[:32] + address + answer[34:36] + port + answer[38:]))
    return frames


def wrong_ack():
    """A SYN-ACK that acknowledges the client's ISN itself, and nothing else but the client's RST."""
    return Talk().syn().synack(ack=4321).segment(0.0306, "R", 4321).end().pcap()
