# SPDX-License-Identifier: GPL-2.0-or-later
"""plugin_captures.py - packets for the plugin's tests: handshakes, tunnels around them, ICMP errors about them."""
from scapy.config import conf
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import GRE, Ether
from scapy.packet import Raw

conf.verb = 0
EPOCH = 1_700_000_000
CLIENT, SERVER = ("192.0.2.1", 49152), ("192.0.2.9", 80)


def segment(seconds, sender, flags, seq, ack=0, data=b"", **more):
    """One TCP segment in Ethernet and IPv4; sender is "client" or "server", or a pair of endpoints."""
    ends = {"client": (CLIENT, SERVER), "server": (SERVER, CLIENT)}.get(sender, sender)
    (source, sport), (destination, dport) = ends
    more.setdefault("options", [("MSS", 1460)] if "S" in flags else [])
    packet = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src=source, dst=destination) / \
        TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack, window=64240, **more) / data
    packet.time = EPOCH + seconds
    return packet


def other(seconds):
    """A frame that is not TCP: the capture goes on."""
    packet = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="192.0.2.7", dst="192.0.2.8") / \
        UDP(sport=9, dport=9) / b"x"
    packet.time = EPOCH + seconds
    return packet


def handshake(start=0.0, ends=None, client=4321, server=7000):
    """SYN, SYN-ACK, ACK; the answer takes 30.5 ms, the ACK 0.12 ms."""
    there, back = ends or "client", ends[::-1] if ends else "server"
    after_client, after_server = (client + 1) % 2**32, (server + 1) % 2**32
    return [
        segment(start, there, "S", client),
        segment(start + 0.0305, back, "SA", server, after_client),
        segment(start + 0.03062, there, "A", after_client, after_server),
    ]


def numbered(packets):
    """Gives every IPv4 header of one sender its own id, as hosts do, so that none looks like a copy."""
    for number, packet in enumerate(packets, 1):
        layer = packet.getlayer(IP)
        if layer is not None:
            layer.id = number
    return packets


def wrapped(packets, *outer):
    """The packets with other headers between Ethernet and IP."""
    result = []
    for packet in packets:
        layers = packet[Ether].copy()
        layers.remove_payload()
        for header in outer:
            layers = layers / header.copy()
        new = layers / packet[IP].copy()
        new.time = packet.time
        result.append(new)
    return result


def icmp(seconds, packet, sender="203.0.113.1", octets=8, kind=3, code=13):
    """An ICMP error that quotes the IP header and the first octets of the segment."""
    quoted = bytes(packet[IP])[:20 + octets]
    error = Ether(src="02:00:00:00:00:03", dst="02:00:00:00:00:01") / \
        IP(src=sender, dst=packet[IP].src) / ICMP(type=kind, code=code) / quoted
    error.time = EPOCH + seconds
    return error


def aggregate(packets):
    """One 802.11 frame (A-MSDU) that holds them all: several TCP layers side by side."""
    body = b""
    for packet in packets:
        content = bytes.fromhex("aaaa030000000800") + bytes(packet[IP])
        subframe = bytes(12) + len(content).to_bytes(2, "big") + content
        body += subframe + bytes(-len(subframe) % 4)
    header = bytes.fromhex("8800" "0000") + bytes.fromhex("020000000001" "020000000002" "020000000003") + bytes(2)
    frame = Raw(header + bytes.fromhex("8000") + body)
    frame.time = packets[0].time
    return frame


def story():
    """Several connections, one of each main verdict, and other traffic after them."""
    refused, silent, wrong = ((("192.0.2.1", port), SERVER) for port in (40001, 40002, 40003))
    return handshake() + [
        segment(0.1, "client", "PA", 4322, 7001, b"x" * 100),
        segment(0.2, refused, "S", 100),
        segment(0.3, refused[::-1], "RA", 0, 101),
        segment(0.4, silent, "S", 200),
        segment(0.5, wrong, "S", 300),
        segment(0.6, wrong[::-1], "SA", 900, 300),
        segment(0.7, wrong, "R", 300),
        segment(1.4, silent, "S", 200),
        segment(3.4, silent, "S", 200),
        other(30),
    ]


def layered():
    """Tunnels, quoted headers and payload that other dissectors look at, in one file."""
    syn = segment(5, (("192.0.2.50", 5), SERVER), "S", 77)
    data = segment(6, "client", "PA", 4322, 7001, b"GET / HTTP/1.1\r\n\r\n")
    return [
        *handshake(), data,
        *wrapped(handshake(1, ends=(("192.0.2.60", 6), SERVER)), IP(src="198.51.100.1", dst="198.51.100.2"), GRE()),
        syn, icmp(5.1, syn), icmp(5.2, data, octets=28), other(30),
    ]
