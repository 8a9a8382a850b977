# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers: in frames made one by one the decoder finds the TCP headers that Wireshark finds, with the same numbers.

Each test is one capture, each frame of it one form of a layer, right or wrong. Where the two differ, and why that is
right, is said beside it.
"""

import struct
from ipaddress import ip_address

import pytest
from craft import (A4, B4, A6, B6, ETH, FINAL4, FINAL6, IPV4, IPV6, LOOP, NULL, RAW, ROUTER4, ROUTER6, SLL, SLL2, eth,
                   ext, fragment6, icmp, ip4, ip6, pcap, sll, sll2, snap, tcp, vlan)
from oracle import ask_tshark, compare, dump

T = tcp(payload=b"hello")
LONG = tcp(payload=bytes(100))
I4, I6 = ip4(T), ip6(T)
MORE = 0x2000


def eth6(*packets):
    return [eth(packet, 0x86DD) for packet in packets]


def eths(*packets):
    return [eth(packet) for packet in packets]


def cuts(frame, *sizes):
    """The frame with its first octets captured."""
    return [(frame[:size], 5, 0, len(frame)) for size in sizes]


def route4(kind, pointer, *stops):
    option = bytes([kind, 3 + 4 * len(stops), pointer]) + b"".join(ip_address(stop).packed for stop in stops)
    return option + bytes(-len(option) % 4)


def route6(kind, left, *stops, words=0):
    body = b"".join(ip_address(stop).packed for stop in stops)
    return struct.pack("!BBBBI", 6, len(stops) * 2, kind, left, words) + body


def jumbo(length):
    return struct.pack("!BBBBI", 6, 0, 0xC2, 4, length)


def with_offset(words):
    return ip4(T[:12] + bytes([words << 4]) + T[13:])


FAMILIES = [2, 7, 10, 23, 24, 28, 30, 1500, 1501, 0x600, 0x800, 0x86DD, 0x20000, 0x1E0000, 0x50000, 0x60000, 0x1C0000]
SIX = {10, 23, 24, 28, 30, 0x86DD, 0x1E0000, 0x1C0000}
LLC_IP = [b"\x06\x06\x03", b"\x06\x07\x03", b"\x07\x06\x03", b"\x06\x06\x13", b"\x06\x06\x00\x00", b"\x06\x06\x01\x00",
          b"\x06\x06\xe3", b"\xaa\xaa\x03\0\0\0\x08\0", b"\xaa\xaa\x00\x00\0\0\0\x08\0", b"\xaa\xab\x03\0\0\0\x08\0"]


def families(layout):
    return [struct.pack(layout, number) + (I6 if number in SIX else I4) for number in FAMILIES]


COOKED = [(I4, 0x800, 1), (I6, 0x86DD, 1), (vlan(I4), 0x8100, 1), (vlan(I6, 0x86DD), 0x8100, 1), (snap(I4), 4, 1),
          (eth(I4), 3, 1), (I4, 1, 1), (I4, 0x800, 778), (I4, 0x800, 824), (I4, 0x800, 803), (I4, 0x800, 772),
          (I4, 0x800, 512), (I4, 0x800, 65534), (I4, 0x88A8, 1), (vlan(vlan(I4), 0x8100), 0x88A8, 1), (I4, 1600, 1)]

CASES = {
    "eth": (ETH, [*eths(I4, I6), *eth6(I4, I6), eth(I4) + bytes(6), eth(I4, 0x0806), eth(I4, 1501), eth(I4, 1535)]),
    "vlan": (ETH, [eth(vlan(I4), kind) for kind in (0x8100, 0x88A8, 0x9100, 0x9200)]),
    "vlan-in-vlan": (ETH, [eth(vlan(vlan(I4), inner), outer) for inner in (0x8100, 0x88A8, 0x9100)
                           for outer in (0x8100, 0x88A8, 0x9100)]),
    "vlan-many": (ETH, [eth(b"".join(vlan(b"", 0x8100) for _ in range(n)) + vlan(I4), 0x8100) for n in (3, 9, 19)]),
    "llc": (ETH, [eth(head + I4, len(head + I4)) for head in LLC_IP]),
    "llc-lengths": (ETH, [eth(snap(I4) + bytes(more), len(snap(I4)) + less) for more, less in
                          [(0, 0), (5, 0), (0, 20), (0, -5), (0, -20), (0, -46), (0, -53)]]),
    "llc-vlan": (ETH, [eth(vlan(snap(I4), len(snap(I4))), 0x8100), eth(snap(vlan(I4), 0x8100), 60)]),
    "snap": (ETH, [eth(snap(I4, kind, bytes.fromhex(oui)), 57) for kind in (0x800, 1) for oui in
                   ("000000", "0000f8", "080007", "00000c", "0080c2", "123456", "080009")]),
    "sll": (SLL, [sll(*values) for values in COOKED]),
    "sll2": (SLL2, [sll2(*values) for values in COOKED]),
    "null-little": (NULL, families("<I")),
    "null-big": (NULL, families(">I")),
    "null-16": (NULL, [struct.pack(layout, number, 0) + I4 for layout in ("<HH", ">HH") for number in (2, 24, 2048)]),
    "loop": (LOOP, families(">I") + families("<I")),
    **{f"raw-{linktype}": (linktype, [I4, I6, I4[:1], bytes(10) + I4, b"\x50" + I4[1:]])
       for linktype in (12, 14, RAW, IPV4, IPV6)},
    "ip4-header": (ETH, eths(*[ip4(T, ihl=n) for n in (0, 4, 6, 15)], ip4(T, version=5), I4 + bytes(20))),
    "ip4-length": (ETH, eths(*[ip4(T, total=n) for n in (0, 19, 20, 21, 27, 28, 35, 36, 39, 40, 44, 45, 46, 1500)])),
    "ip4-options": (ETH, eths(*[ip4(T, options=o) for o in [
        b"\1\1\1\0", route4(131, 4, FINAL4), route4(131, 8, FINAL4), route4(137, 4, "10.0.0.1", FINAL4),
        route4(137, 8, "10.0.0.1", FINAL4), route4(137, 12, "10.0.0.1", FINAL4), route4(131, 5, FINAL4),
        route4(131, 0, FINAL4), b"\1" + route4(131, 4, FINAL4)[:-1], b"\0" + route4(131, 4, FINAL4)[:-1],
        b"\x44\4\5\0" + route4(131, 4, FINAL4), b"\x83\3\4\0", b"\x83\x28\4\0", b"\x83\0\4\0", b"\x83\1\4\0",
        b"\xc8\2" + route4(131, 4, FINAL4)[:-1] + b"\0\0\0"]])),
    "ip4-extensions": (ETH, eths(*[ip4(ext(6, T), proto) for proto in (0, 43, 60, 135, 139, 140)],
                                 ip4(T, 2), ip4(T, 58))),
    "ip4-cut": (ETH, cuts(eth(I4), *range(13, 60))),
    "ip4-short": (ETH, [eth(I4)[:size] for size in range(13, 60)]),
    "ip4-longer-than-on-the-wire": (ETH, [(eth(I4), 5, 0, wire) for wire in (58, 40, 14, 1, 0)]),
    "tcp-offset": (ETH, eths(*[with_offset(words) for words in range(16)])),
    "ip4-fragment-cut": (ETH, cuts(eth(ip4(LONG, flags=MORE)), 42, 49, 50, 54, 60, 153, 154)),
    "ip4-fragment-of-more": (ETH, eths(*[ip4(T, flags=MORE, total=n) for n in (200, 45, 20, 0)])),
    "ip4-fragment-not": (ETH, eths(ip4(T, flags=0x4000), ip4(T, flags=0x8000))),
    "ip6-length": (ETH, eth6(*[ip6(T, length=n) for n in (0, 2, 4, 8, 10, 20, 26, 2000)], I6[:30], I6 + bytes(4))),
    "ip6-extensions": (ETH, eth6(
        ip6(ext(6, T), 0), ip6(ext(6, T), 60), ip6(ext(6, T, bytes(14)), 60), ip6(ext(60, ext(6, T)), 0),
        ip6(ext(59, T), 60), ip6(ext(6, T), 135), ip6(ext(6, T), 139), ip6(ext(6, T), 140),
        ip6(ext(0, ext(6, T)), 60), ip6(T, 59), ip6(ext(6, T, bytes(14))[:10], 60),
        ip6(struct.pack("!BBHII", 6, 1, 0, 1, 2) + T, 51),
        ip6(struct.pack("!BBHIII", 6, 2, 0, 1, 2, 3) + T, 51))),
    "ip6-routing": (ETH, eth6(*[ip6(route6(kind, left, *stops) + T, 43) for kind in (0, 1, 2, 3, 4, 5, 253)
                                for left in (0, 1, 2) for stops in ([FINAL6], [ROUTER6, FINAL6])],
                              ip6(route6(0, 1) + T, 43), ip6(route6(2, 1) + T, 43), ip6(route6(4, 1) + T, 43),
                              ip6(route6(4, 1, FINAL6, ROUTER6, words=0x01000000) + T, 43),
                              *[ip6(struct.pack("!BBBBI", 6, 1, 3, 1, words) + ip_address(FINAL6).packed[8:] + T, 43)
                                for words in (0x88 << 24, 0x80 << 24)])),
    "ip6-atomic": (ETH, eth6(ip6(fragment6(6, T), 44), ip6(fragment6(60, ext(6, T)), 44),
                             ip6(ext(44, fragment6(6, T)), 60))),
    "ip6-fragment-cut": (ETH, cuts(eth(ip6(fragment6(6, LONG, more=1), 44), 0x86DD), 62, 70, 82, 100, 181, 182)),
    "ip6-jumbo": (ETH, eth6(ip6(ext(6, T), 0, length=0),
                            *[ip6(jumbo(n) + T, 0, length=0) for n in (0, 33, 65535, 65536)],
                            ip6(jumbo(65536) + T, 0), ip6(jumbo(65544) + T + bytes(65511), 0, length=0))),
    "icmp-types": (ETH, eths(*[ip4(icmp(I4, kind, 1), 1, src=ROUTER4) for kind in range(20)])),
    "icmp-quotes": (ETH, eths(*[ip4(icmp(quoted), 1, src=ROUTER4) for quoted in [
        b"", I4[:10], I4[:20], I4[:24], I4[:28], I4[:36], I4[:40], I4[:44], ip4(T, 17), ip4(T, total=0),
        ip4(T, total=10), ip4(T, total=1500), ip4(T, ihl=3), ip4(T, flags=MORE), ip4(T, flags=5), I6,
        ip4(T, options=route4(131, 4, FINAL4)), ip4(icmp(I4), 1)]])),
    "icmp-extensions": (ETH, eths(ip4(icmp(I4 + bytes(83) + bytes.fromhex("200000000008010100000000")), 1))),
    "icmp6-types": (ETH, eth6(*[ip6(icmp(I6, kind, 1), 58, src=ROUTER6) for kind in (*range(8), 100, 128, 137)])),
    "icmp6-quotes": (ETH, eth6(*[ip6(icmp(quoted), 58, src=ROUTER6) for quoted in [
        b"", I6[:40], I6[:44], I6[:48], I6[:56], I6[:60], ip6(ext(6, T), 0), ip6(fragment6(6, T, more=1), 44), I4,
        ip6(T, length=0), ip6(T, length=1000)]])),
}


@pytest.mark.parametrize("name", CASES)
def test_same_headers(tshark, written, name):
    """Addresses, ports, numbers, flags, length, TTL, identification; and who sent an error."""
    linktype, frames = CASES[name]
    found, _, _ = compare(tshark, written(pcap(frames, linktype)))
    assert not found


def test_cases_reach_tcp(written):
    """A test that finds no TCP proves nothing: most of these captures have some."""
    without = [name for name, (linktype, frames) in CASES.items()
               if not any(frame.headers for frame in dump(written(pcap(frames, linktype))).frames)]
    assert without == ["ip6-fragment-cut"]


PIECES = tcp(payload=bytes(range(100)))


def piece4(ident, first, last, more=False, **header):
    """Octets of PIECES as a fragment."""
    return ip4(PIECES[first:last], flags=(MORE if more else 0) | first // 8, ident=ident, **header)


def piece6(ident, first, last, more=False, following=6, payload=PIECES):
    return eth(ip6(fragment6(following, payload[first:last], first, 1 if more else 0, ident), 44), 0x86DD)


def tagged(packet, tag, kind=0x8100, inner=0x0800):
    return eth(vlan(packet, inner, tag), kind)


def other(ident, offset, size, more=False):
    """Octets that contradict PIECES."""
    return ip4(b"\xee" * size, flags=(MORE if more else 0) | offset // 8, ident=ident)


PRIVATE = {"src": "10.0.0.1"}
# name -> (frames, how many segments are found, how many fragments stay)
FRAGMENTS = {
    "in-order": lambda i: (eths(piece4(i, 0, 40, True), piece4(i, 40, 120)), 1, 0),
    "last-first": lambda i: (eths(piece4(i, 40, 120), piece4(i, 0, 40, True)), 1, 0),
    "three": lambda i: (eths(piece4(i, 80, 120), piece4(i, 0, 40, True), piece4(i, 40, 80, True)), 1, 0),
    "first-alone": lambda i: (eths(piece4(i, 0, 40, True)), 0, 1),
    "header-cut-apart": lambda i: (eths(piece4(i, 0, 8, True), piece4(i, 8, 120)), 1, 0),
    "copy-of-the-first": lambda i: (eths(piece4(i, 0, 40, True), piece4(i, 0, 40, True), piece4(i, 40, 120)), 1, 0),
    "copies-afterwards": lambda i: (eths(piece4(i, 0, 40, True), piece4(i, 40, 120), piece4(i, 40, 120)), 1, 1),
    "all-twice": lambda i: (eths(*[piece4(i, 0, 40, True), piece4(i, 40, 120)] * 2), 2, 0),
    "overlap": lambda i: (eths(piece4(i, 0, 48, True), piece4(i, 40, 120)), 1, 0),
    "overlap-first-wins": lambda i: (eths(piece4(i, 0, 16, True), other(i, 8, 32, True), piece4(i, 40, 120)), 1, 0),
    "overlap-lower-wins": lambda i: (eths(other(i, 8, 32, True), piece4(i, 0, 16, True), piece4(i, 40, 120)), 1, 0),
    "overlap-same-offset": lambda i: (eths(piece4(i, 0, 16, True), other(i, 0, 40, True), piece4(i, 40, 120)), 1, 0),
    "beyond-the-end": lambda i: (eths(piece4(i, 0, 40, True), other(i, 160, 40, True), piece4(i, 40, 120)), 1, 0),
    "two-ends": lambda i: (eths(piece4(i, 40, 80), piece4(i, 40, 120), piece4(i, 0, 40, True)), 1, 0),
    "two-ends-long-first": lambda i: (eths(piece4(i, 40, 120), piece4(i, 40, 80), piece4(i, 0, 40, True)), 1, 0),
    "gap": lambda i: (eths(piece4(i, 0, 40, True), piece4(i, 48, 120)), 0, 2),
    "other-id": lambda i: (eths(piece4(i, 0, 40, True), piece4(i + 1, 40, 120)), 0, 2),
    "other-source": lambda i: (eths(piece4(i, 0, 40, True), piece4(i, 40, 120, src=ROUTER4)), 0, 2),
    "wrong-sum": lambda i: (eths(piece4(i, 0, 40, True, sums=0x1234), piece4(i, 40, 120)), 1, 0),
    "not-whole": lambda i: ([(eth(piece4(i, 0, 40, True))[:60], 5, 0, 74), eth(piece4(i, 40, 120))], 1, 1),
    "vlans": lambda i: ([tagged(piece4(i, 0, 40, True), 5), tagged(piece4(i, 40, 120), 6)], 1, 0),
    "vlans-private": lambda i: ([tagged(piece4(i, 0, 40, True, **PRIVATE), 5),
                                 tagged(piece4(i, 40, 120, **PRIVATE), 6)], 0, 2),
    "vlans-priority": lambda i: ([tagged(piece4(i, 0, 40, True, **PRIVATE), 5),
                                  tagged(piece4(i, 40, 120, **PRIVATE), 0xA005)], 1, 0),
    "vlans-outer": lambda i: ([tagged(vlan(piece4(i, 0, 40, True, **PRIVATE), tag=7), 5, inner=0x8100),
                               tagged(vlan(piece4(i, 40, 120, **PRIVATE), tag=7), 6, inner=0x8100)], 0, 2),
    "vlans-of-a-provider": lambda i: ([tagged(piece4(i, 0, 40, True, **PRIVATE), 5, 0x88A8),
                             tagged(piece4(i, 40, 120, **PRIVATE), 6, 0x88A8)], 1, 0),
    "not-tcp": lambda i: (eths(ip4(bytes(40), 17, flags=MORE), ip4(bytes(40), 17, flags=5)), 0, 0),
    "in-ip": lambda i: (eths(ip4(piece4(i, 0, 40, True), 4), ip4(piece4(i, 40, 120), 4)), 1, 0),
    "of-a-tunnel": lambda i: (eths(ip4(I4[:24], 4, flags=MORE, ident=i), ip4(I4[24:], 4, flags=3, ident=i)), 1, 0),
    "of-a-tunnel-alone": lambda i: (eths(ip4(I4[:24], 4, flags=MORE, ident=i)), 0, 1),
    "quoted": lambda i: (eths(ip4(icmp(piece4(i, 0, 40, True)), 1, src=ROUTER4), piece4(i, 40, 120)), 1, 0),
    "six": lambda i: ([piece6(i, 0, 40, True), piece6(i, 40, 120)], 1, 0),
    "six-last-first": lambda i: ([piece6(i, 40, 120), piece6(i, 0, 40, True)], 1, 0),
    "six-extension": lambda i: ([piece6(i, 0, 40, True, 60, ext(6, PIECES)),
                                 piece6(i, 40, 128, False, 60, ext(6, PIECES))], 1, 0),
    "six-other-next": lambda i: ([piece6(i, 0, 40, True), piece6(i, 40, 120, False, 17)], 0, 0),
    "six-no-more-octets": lambda i: ([piece6(i, 0, 120, True), piece6(i, 120, 120)], 0, 2),
    "six-vlans": lambda i: ([tagged(piece6(i, 0, 40, True)[14:], 5, inner=0x86DD),
                             tagged(piece6(i, 40, 120)[14:], 6, inner=0x86DD)], 1, 0),
}
PIECES_OF = {name: make(16 * number) for number, (name, make) in enumerate(FRAGMENTS.items(), 1)}


def test_fragments_as_tshark(tshark, written):
    """Segments appear at the frame of the last fragment, with the octets that Wireshark takes."""
    found, equal, _ = compare(tshark, written(pcap([frame for frames, _, _ in PIECES_OF.values() for frame in frames])))
    assert not found
    assert equal == sum(segments for _, segments, _ in PIECES_OF.values())


@pytest.mark.parametrize("name", FRAGMENTS)
def test_fragments(written, name):
    """How many segments come out of these fragments, and how many fragments are counted because none does."""
    frames, segments, left = PIECES_OF[name]
    mine = dump(written(pcap(frames)))
    assert sum(len(frame.headers) for frame in mine.frames) == segments
    assert mine.hidden == ({"fragment": left} if left else {})


def test_checksums(tshark, written):
    """Good is Good; what Wireshark calls Bad is bad, unless the network card was to fill it in. An IP header with a
    wrong sum of its own leaves nothing to say of the segment."""
    good4, good6 = tcp(payload=b"odd", sums=(A4, B4)), tcp(payload=b"even", sums=(A6, B6))
    wrong4 = tcp(payload=b"odd", sums=(A4, B4), partial=0x1234)
    frames = eths(ip4(good4), ip4(wrong4), ip4(tcp(sums=(A4, B4), partial=0)), ip4(good4, total=2000),
                  ip4(good4, options=route4(131, 8, FINAL4)),
                  ip4(tcp(sums=(A4, FINAL4)), options=route4(131, 4, FINAL4)))
    frames += eths(ip4(good4, sums=0x1234))
    frames += [*eth6(ip6(good6), ip6(good4)), *cuts(eth(ip4(good4)), 56)]
    path = written(pcap(frames))
    mine = [frame.headers[0].checksum for frame in dump(path, "--checksums").frames]
    rows, _ = ask_tshark(tshark, path, "-o", "tcp.check_checksum:TRUE")
    # 0 is Bad, 1 is Good, 2 is Unverified
    theirs = [int(row["tcp.checksum.status"][0]) for row in rows]
    assert mine == ["good", "bad", "partial", "good", "good", "good", "bad_ip", "good", "bad", "unknown"]
    expected = {"good": 1, "bad": 0, "partial": 0, "bad_ip": 1, "unknown": 2}
    assert theirs == [expected[word] for word in mine]
