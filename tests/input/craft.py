# SPDX-License-Identifier: GPL-2.0-or-later
"""craft.py - capture files and frames made octet by octet, so that a test can make them wrong on purpose."""

import socket
import struct
from ipaddress import ip_address

ETH, RAW, NULL, LOOP, SLL, SLL2, IPV4, IPV6 = 1, 101, 0, 108, 113, 276, 228, 229
A4, B4, ROUTER4, FINAL4 = "192.0.2.1", "192.0.2.9", "203.0.113.7", "198.51.100.99"
A6, B6, ROUTER6, FINAL6 = "2001:db8::1", "2001:db8::9", "2001:db8::77", "2001:db8::99"
SYN = 0x02


# ---- pcap ----------------------------------------------------------------------------------------


def pcap(frames, linktype=ETH, order="<", nano=False, snaplen=262144):
    """A classic pcap file. A frame is octets, or (octets, seconds, fraction, wire length)."""
    data = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snaplen, linktype)
    for index, frame in enumerate(frames):
        octets, seconds, fraction, wire = frame if isinstance(frame, tuple) else (frame, 1000 + index, 0, None)
        data += struct.pack(order + "IIII", seconds, fraction, len(octets), len(octets) if wire is None else wire)
        data += octets
    return data


# ---- pcapng --------------------------------------------------------------------------------------


def pad4(octets):
    return octets + bytes(-len(octets) % 4)


class Ng:
    """A pcapng file, block by block; `order` holds for what is added after it is set."""

    def __init__(self, order="<"):
        self.order = order
        self.data = b""

    def pack(self, layout, *values):
        return struct.pack(self.order + layout, *values)

    def block(self, kind, body, first=None, last=None):
        """Total lengths are right unless given."""
        total = 12 + len(body)
        self.data += self.pack("II", kind, total if first is None else first) + body
        self.data += self.pack("I", total if last is None else last)
        return self

    def section(self, order=None, major=1, minor=0, options=b""):
        self.order = order or self.order
        return self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, major, minor, -1) + options)

    def option(self, code, value):
        return self.pack("HH", code, len(value)) + pad4(value)

    def interface(self, linktype=ETH, snaplen=0, options=b""):
        return self.block(1, self.pack("HHI", linktype, 0, snaplen) + options)

    def enhanced(self, octets, stamp=0, interface=0, wire=None, options=b"", captured=None):
        captured = len(octets) if captured is None else captured
        wire = len(octets) if wire is None else wire
        head = self.pack("IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, captured, wire)
        return self.block(6, head + pad4(octets) + options)

    def obsolete(self, octets, stamp=0, interface=0):
        head = self.pack("HHIIII", interface, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), len(octets))
        return self.block(2, head + pad4(octets))

    def simple(self, octets, wire=None):
        return self.block(3, self.pack("I", len(octets) if wire is None else wire) + pad4(octets))


# ---- packets -------------------------------------------------------------------------------------


def checksum(octets):
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + bytes(len(octets) % 2)))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def tcp(seq=100, ack=0, flags=SYN, payload=b"", options=b"", sport=49152, dport=80, sums=None, partial=None):
    """A TCP segment; sums = (source, destination) computes the checksum, `partial` writes another number."""
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (5 + len(options) // 4) << 4, flags, 64240, 0, 0)
    octets = head + options + payload
    if sums:
        pseudo = b"".join(ip_address(text).packed for text in sums) + struct.pack("!II", len(octets), 6)
        value = ~checksum(pseudo + octets) & 0xFFFF if partial is None else partial
        octets = octets[:16] + struct.pack("!H", value) + octets[18:]
    return octets


def ip4(payload, proto=6, src=A4, dst=B4, options=b"", total=None, flags=0, ident=7, ttl=64, ihl=None, version=4,
        sums=None):
    header = 20 + len(options)
    total = header + len(payload) if total is None else total
    ihl = header // 4 if ihl is None else ihl
    start = struct.pack("!BBHHHBB", version << 4 | ihl, 0, total, ident, flags, ttl, proto)
    rest = socket.inet_aton(src) + socket.inet_aton(dst) + options
    value = ~checksum(start + rest) & 0xFFFF if sums is None else sums
    return start + struct.pack("!H", value) + rest + payload


def ip6(payload, proto=6, src=A6, dst=B6, length=None, hops=64):
    return (
        struct.pack("!IHBB", 6 << 28, len(payload) if length is None else length, proto, hops)
        + ip_address(src).packed + ip_address(dst).packed + payload
    )


def ext(following, payload, body=bytes(6)):
    """An IPv6 extension header of whole 8 octets."""
    assert (2 + len(body)) % 8 == 0
    return struct.pack("!BB", following, (2 + len(body)) // 8 - 1) + body + payload


def fragment6(following, payload, offset=0, more=0, ident=9):
    return struct.pack("!BBHI", following, 0, offset | more, ident) + payload


def eth(payload, kind=0x0800, src="020000000001", dst="020000000002"):
    return bytes.fromhex(dst) + bytes.fromhex(src) + struct.pack("!H", kind) + payload


def vlan(payload, kind=0x0800, tag=5):
    return struct.pack("!HH", tag, kind) + payload


def snap(payload, kind=0x0800, oui=b"\0\0\0"):
    return b"\xaa\xaa\x03" + oui + struct.pack("!H", kind) + payload


def sll(payload, protocol=0x0800, hardware=1):
    return struct.pack("!HHH8sH", 0, hardware, 6, b"\x02\0\0\0\0\x01", protocol) + payload


def sll2(payload, protocol=0x0800, hardware=1):
    return struct.pack("!HHIHBB8s", protocol, 0, 3, hardware, 0, 6, b"\x02\0\0\0\0\x01") + payload


def icmp(quoted, kind=3, code=1):
    return struct.pack("!BBHI", kind, code, 0, 0) + quoted
