# SPDX-License-Identifier: GPL-2.0-or-later
"""Link layers and tunnels: in each the decoder finds the TCP headers that Wireshark finds, and names what it peeled.

Each case is one frame. All of them are one pcapng file with an interface for each link type: tshark starts once.
A case says the word for the encapsulation, or None where there is no TCP to be found; near misses stand beside the
forms that they miss.
"""

import struct

import pytest
from craft import ETH, RAW, NULL, Ng, SLL, eth, ip4, ip6, pcap, sll, snap, tcp, vlan
from oracle import ask_tshark, compare, compare_frame, dump

T = tcp(payload=b"hello")
I4, I6 = ip4(T), ip6(T)
E4, E6 = eth(I4), eth(I6, 0x86DD)
FCS = b"\xde\xad\xbe\xef"
M1, M2, AP = (bytes.fromhex(text) for text in ("00163e000001", "00163e000002", "00163e0000aa"))


def udp(payload, dport, sport=55555, length=None):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def udp4(payload, dport, **more):
    """Each port has a host of its own: Wireshark takes what comes to a host's port that spoke L2TP for that."""
    return eth(ip4(udp(payload, dport, **more), 17, src=f"203.0.113.{dport % 250 + 1}"))


def be16(*numbers):
    return struct.pack(f"!{len(numbers)}H", *numbers)


# ---- Ethernet's neighbours -------------------------------------------------------------------------------

ETHERNET = [
    ("etag", eth(bytes(6) + be16(0x0800) + I4, 0x893F), "eth:etag:ip"),
    ("etag-vlan", eth(bytes(6) + be16(0x8100) + vlan(I4), 0x893F), "eth:etag:vlan:ip"),
    ("vntag", eth(bytes(4) + be16(0x0800) + I4, 0x8926), "eth:vntag:ip"),
    ("vntag-vlan", eth(bytes(4) + be16(0x8100) + vlan(I6, 0x86DD), 0x8926), "eth:vntag:vlan:ip6"),
    ("pbb", eth(bytes(4) + E4, 0x88E7), "eth:ieee8021ah:ip"),
    ("pbb-in-service-tag", eth(vlan(bytes(4) + E4, 0x88E7), 0x88A8), "eth:vlan:ieee8021ah:ip"),
    ("hsr", eth(be16(0x1000, 7, 0x0800) + I4, 0x892F), "eth:hsr:ip"),
    ("rtag", eth(be16(0, 7, 0x0800) + I4, 0xF1C1), "eth:ieee8021cb:ip"),
    ("cmd", eth(bytes.fromhex("010100010064") + be16(0x0800) + I4, 0x8909), "eth:cmd:ip"),
    ("trill", eth(be16(0x0010, 1, 2) + E4, 0x22F3), "eth:trill:eth:ip"),
    ("trill-options", eth(be16(0x0050, 1, 2) + bytes(4) + E4, 0x22F3), "eth:trill:eth:ip"),
    ("macsec-clear", eth(bytes.fromhex("000000000001") + be16(0x0800) + I4 + bytes(16), 0x88E5), "eth:macsec:ip"),
    ("macsec-clear-channel", eth(bytes.fromhex("200000000001") + bytes(8) + be16(0x0800) + I4 + bytes(16), 0x88E5),
     "eth:macsec:ip"),
    ("macsec-encrypted", eth(bytes.fromhex("0c0000000001") + be16(0x0800) + I4 + bytes(16), 0x88E5), None),
    ("fabricpath", bytes.fromhex("020001000000020002000000") + be16(0x8903, 0x0060) + E4 + FCS, "eth:cfp:eth:ip"),
    ("fabricpath-vlan", bytes.fromhex("020001000000020002000000") + be16(0x8100, 5, 0x8903, 0x60) + E4 + FCS,
     "eth:cfp:eth:ip"),
    ("isl", bytes.fromhex("01000c0000") + bytes.fromhex("00163e000001") + bytes(1) + be16(len(E4) + 16)
     + bytes.fromhex("aaaa03000c00") + bytes(6) + E4 + FCS, "eth:isl:eth:ip"),
    ("hbbak", eth(bytes(6) + be16(0x0800) + I4, 0x8988), "eth:hbbak:ip"),
    ("vmlab", eth(bytes(22) + be16(0x0800) + I4, 0x88DE), "eth:vmlab:ip"),
    ("jumbo-llc", eth(snap(I4), 0x8870), "eth:llc:ip"),
    ("eth-in-type", eth(E4, 0x6558), "eth:eth:ip"),
    ("bridged-eth", eth(snap(bytes(2) + E4, 7, bytes.fromhex("0080c2")), 69), "eth:llc:eth:ip"),
    ("bridged-eth-fcs", eth(snap(bytes(2) + E4 + FCS, 1, bytes.fromhex("0080c2")), 73), "eth:llc:eth:ip"),
    ("bridged-other", eth(snap(bytes(2) + E4, 9, bytes.fromhex("0080c2")), 69), None),
    ("bridged-not-aligned", eth(snap(E4, 7, bytes.fromhex("0080c2")), 67), None),
    ("pppoe", eth(bytes.fromhex("11000001") + be16(len(I4) + 2, 0x21) + I4, 0x8864), "eth:pppoes:ppp:ip"),
    ("pppoe-6", eth(bytes.fromhex("11000001") + be16(len(I6) + 2, 0x57) + I6, 0x8864), "eth:pppoes:ppp:ip6"),
    ("pppoe-short-protocol", eth(bytes.fromhex("11000001") + be16(len(I4) + 1) + b"\x21" + I4, 0x8864),
     "eth:pppoes:ppp:ip"),
    ("pppoe-discovery", eth(bytes.fromhex("11090000") + be16(len(I4) + 2, 0x21) + I4, 0x8863), None),
    ("pppoe-code", eth(bytes.fromhex("11070001") + be16(len(I4) + 2, 0x21) + I4, 0x8864), "eth:pppoes:ppp:ip"),
    ("pppoe-lcp", eth(bytes.fromhex("11000001") + be16(len(I4) + 2, 0xC021) + I4, 0x8864), None),
    ("ppp-in-type", eth(be16(0x21) + I4, 0x880B), None),
]

# ---- MPLS ------------------------------------------------------------------------------------------------


def label(number, bottom=1):
    return struct.pack("!I", number << 12 | bottom << 8 | 64)


GLOBAL = M1 + M2 + be16(0x0800) + I4
MPLS = [
    ("mpls", eth(label(20) + I4, 0x8847), "eth:mpls:ip"),
    ("mpls-6", eth(label(20) + I6, 0x8847), "eth:mpls:ip6"),
    ("mpls-multicast", eth(label(20) + I4, 0x8848), "eth:mpls:ip"),
    ("mpls-stack", eth(label(20, 0) + label(21, 0) + label(22) + I4, 0x8847), "eth:mpls:ip"),
    ("mpls-null", eth(label(0) + I4, 0x8847), "eth:mpls:ip"),
    ("mpls-vlan", eth(vlan(label(20) + I4, 0x8847), 0x8100), "eth:vlan:mpls:ip"),
    ("mpls-padded", eth(label(20) + ip4(T[:20]) + bytes(2), 0x8847), "eth:mpls:ip"),
    ("mpls-padded-more", eth(label(20) + I4 + bytes(12), 0x8847), "eth:mpls:ip"),
    ("mpls-control-word", eth(label(20) + bytes(4) + GLOBAL, 0x8847), "eth:mpls:pw:eth:ip"),
    ("mpls-no-control-word", eth(label(20) + GLOBAL, 0x8847), "eth:mpls:pw:eth:ip"),
    ("mpls-no-control-word-vlan", eth(label(20) + M1 + M2 + be16(0x8100) + vlan(I4), 0x8847),
     "eth:mpls:pw:eth:vlan:ip"),
    ("mpls-channel-ip", eth(label(20) + be16(0x1000, 0x21) + I4, 0x8847), "eth:mpls:ip"),
    ("mpls-gach", eth(label(13) + be16(0x1000, 0x57) + I6, 0x8847), "eth:mpls:ip6"),
    ("mpls-alert", eth(label(14) + I4, 0x8847), None),
    ("mpls-no-bottom", eth(label(20, 0) * 5, 0x8847), None),
    ("mpls-udp", udp4(label(20) + I4, 6635), "eth:ip:udp:mpls:ip"),
    ("mpls-ip", eth(ip4(label(20) + I4, 137)), "eth:ip:mpls:ip"),
]

# ---- over IP ---------------------------------------------------------------------------------------------


def gre(payload, kind=0x0800, flags=0, fields=b""):
    return eth(ip4(be16(flags, kind) + fields + payload, 47))


ERSPAN2 = be16(0x1005, 0x0001) + bytes(4)


def erspan3(word):
    return be16(0x2005, 0x0001) + bytes(6) + be16(word)


OVER_IP = [
    ("ip-in-ip", eth(ip4(I4, 4)), "eth:ip:ip"),
    ("ip-in-ip-in-ip", eth(ip4(ip4(I4, 4), 4)), "eth:ip:ip:ip"),
    ("6in4", eth(ip4(I6, 41)), "eth:ip:ip6"),
    ("4in6", eth(ip6(I4, 4), 0x86DD), "eth:ip6:ip"),
    ("6in6", eth(ip6(I6, 41), 0x86DD), "eth:ip6:ip6"),
    ("6in4-wrong-version", eth(ip4(I4, 41)), None),
    ("eth-in-ip", eth(ip6(E4, 143), 0x86DD), "eth:ip6:eth:ip"),
    ("etherip", eth(ip4(b"\x30\0" + E4, 97)), "eth:ip:etherip:eth:ip"),
    ("pim-register", eth(ip4(b"\x21\0\0\0\0\0\0\0" + I4, 103)), "eth:ip:pim:ip"),
    ("pim-null-register", eth(ip4(b"\x21\0\0\0\x40\0\0\0" + I4, 103)), "eth:ip:pim:ip"),
    ("pim-hello", eth(ip4(b"\x20\0\0\0\0\0\0\0" + I4, 103)), None),
    ("gre", gre(I4), "eth:ip:gre:ip"),
    ("gre-6", gre(I6, 0x86DD), "eth:ip:gre:ip6"),
    ("gre-in-6", eth(ip6(be16(0, 0x0800) + I4, 47), 0x86DD), "eth:ip6:gre:ip"),
    ("gre-checksum", gre(I4, flags=0x8000, fields=bytes(4)), "eth:ip:gre:ip"),
    ("gre-key", gre(I4, flags=0x2000, fields=bytes(4)), "eth:ip:gre:ip"),
    ("gre-sequence", gre(I4, flags=0x1000, fields=bytes(4)), "eth:ip:gre:ip"),
    ("gre-all", gre(I4, flags=0xB000, fields=bytes(12)), "eth:ip:gre:ip"),
    ("gre-routing", gre(I4, flags=0x4000, fields=bytes(4) + be16(0x0800) + b"\0\x04" + bytes(4) + bytes(4)),
     "eth:ip:gre:ip"),
    ("gre-routing-checksum", gre(I4, flags=0xC000, fields=bytes(8)), "eth:ip:gre:ip"),
    ("gre-routing-endless", gre(b"", flags=0x4000, fields=bytes(4) + b"\0\1\0\xff"), None),
    ("gre-pptp", gre(be16(0xFF03, 0x21) + I4, 0x880B, 0x3081, bytes(12)), "eth:ip:gre:ppp:ip"),
    ("gre-pptp-ack", gre(b"\x21" + I4, 0x880B, 0x2081, bytes(8)), "eth:ip:gre:ppp:ip"),
    ("gre-pptp-no-payload", gre(b"", 0x880B, 0x2081, bytes(8)), None),
    ("gre-teb", gre(E4, 0x6558), "eth:ip:gre:eth:ip"),
    ("nvgre", gre(E4, 0x6558, 0x2000, bytes(4)), "eth:ip:gre:eth:ip"),
    ("gre-vlan-inside", gre(eth(vlan(I4), 0x8100), 0x6558), "eth:ip:gre:eth:vlan:ip"),
    ("gre-mpls", gre(label(20) + I4, 0x8847), "eth:ip:gre:mpls:ip"),
    ("gre-wccp", gre(bytes(4) + I4, 0x883E), "eth:ip:gre:ip"),
    ("gre-wccp-1", gre(I4, 0x883E), "eth:ip:gre:ip"),
    ("gre-fr", gre(b"\x18\x41\x03\xcc" + I4, 0x6559), "eth:ip:gre:fr:ip"),
    ("gre-cisco-hdlc", gre(be16(0x0F00, 0x0800) + I4, 0x880B), "eth:ip:gre:ppp:chdlc:ip"),
    ("gre-3gpp2", gre(be16(0x21) + I4, 0x88D2), None),
    ("gre-stream", gre(be16(0x21) + I4, 0x8881), None),
    ("gre-arp", gre(I4, 0x0806), None),
    ("gre-keepalive", gre(b"", 0), None),
    ("gre-vlan-type", gre(vlan(I4), 0x8100), None),
    ("gre-in-udp", udp4(be16(0x2000, 0x0800) + bytes(4) + I4, 4754), "eth:ip:udp:gre:ip"),
    ("gre-cmd", gre(bytes.fromhex("010100010064") + be16(0x0800) + I4, 0x8909), None),
    ("erspan-1", gre(E4, 0x88BE), "eth:ip:gre:eth:ip"),
    ("erspan-2", gre(ERSPAN2 + E4, 0x88BE, 0x1000, bytes(4)), "eth:ip:gre:erspan:eth:ip"),
    ("erspan-3", gre(erspan3(0) + E4, 0x22EB, 0x1000, bytes(4)), "eth:ip:gre:erspan:eth:ip"),
    ("erspan-3-subheader", gre(erspan3(1) + bytes(8) + E4, 0x22EB, 0x1000, bytes(4)), "eth:ip:gre:erspan:eth:ip"),
    ("erspan-3-ip", gre(erspan3(2 << 10) + I4, 0x22EB, 0x1000, bytes(4)), None),
    ("erspan-unknown", gre(be16(0x3005, 1) + bytes(4) + E4, 0x22EB, 0x1000, bytes(4)), None),
    ("nsh-gre", gre(bytes.fromhex("0fc20203") + bytes(4) + E4, 0x894F), "eth:ip:gre:nsh:eth:ip"),
    ("nsh-eth", eth(bytes.fromhex("0fc60101") + bytes(20) + I4, 0x894F), "eth:nsh:ip"),
    ("nsh-nsh", eth(bytes.fromhex("0fc20204") + bytes(4) + bytes.fromhex("0fc20202") + bytes(4) + I6, 0x894F),
     "eth:nsh:nsh:ip6"),
    ("nsh-fixed", eth(bytes.fromhex("0fc10101") + bytes(20) + I4, 0x894F), "eth:nsh:ip"),
    ("nsh-short", eth(bytes.fromhex("0fc10201") + bytes(20) + I4, 0x894F), None),
    ("esp", eth(ip4(bytes(8) + I4, 50)), None),
    ("udplite", eth(ip4(struct.pack("!HHHH", 55555, 4789, 8, 0) + b"\x08" + bytes(7) + E4, 136)),
     "eth:ip:udp:vxlan:eth:ip"),
]

# ---- over UDP --------------------------------------------------------------------------------------------


def vxlan(payload, following=0):
    return b"\x08\0\0" + bytes([following]) + bytes(4) + payload


def geneve(payload, kind=0x6558, options=b"", version=0):
    return bytes([version << 6 | len(options) // 4, 0]) + be16(kind) + bytes(4) + options + payload


def gtp(payload, flags=0x30, kind=255, optional=b""):
    return bytes([flags, kind]) + be16(len(optional) + len(payload)) + bytes(4) + optional + payload


def l2tp(payload, flags=0x0002, before=b"", after=b""):
    return be16(flags) + before + be16(1, 2) + after + payload


TEREDO_AUTH, TEREDO_ORIGIN = b"\0\1\2\3" + bytes(5 + 9), b"\0\0" + bytes(6)


def capwap(payload, native=True, words=2, more=0):
    flags = 0x0200 | (0x0100 if native else 0) | more
    return struct.pack("!BBH", 0, words << 3, flags) + bytes(words * 4 - 4) + payload


OVER_UDP = [
    ("vxlan", udp4(vxlan(E4), 4789), "eth:ip:udp:vxlan:eth:ip"),
    ("vxlan-6", eth(ip6(udp(vxlan(E6), 4789), 17), 0x86DD), "eth:ip6:udp:vxlan:eth:ip6"),
    ("vxlan-vlan", udp4(vxlan(eth(vlan(I4), 0x8100)), 4789), "eth:ip:udp:vxlan:eth:vlan:ip"),
    ("vxlan-in-vxlan", udp4(vxlan(udp4(vxlan(E4), 4789)), 4789), "eth:ip:udp:vxlan:eth:ip:udp:vxlan:eth:ip"),
    ("vxlan-source-port", udp4(vxlan(E4), 55555, sport=4789), "eth:ip:udp:vxlan:eth:ip"),
    ("vxlan-old-port", udp4(vxlan(E4), 8472), None),
    ("vxlan-garbage", udp4(b"\xff" * 60, 4789), None),
    ("vxlan-text", udp4(b"GET / HTTP/1.1 and more of what is no frame at all, but long enough", 4789), None),
    ("vxlan-short", udp4(vxlan(E4)[:15], 4789), None),
    ("vxlan-length-short", udp4(vxlan(E4), 4789, length=7), None),
    ("vxlan-length-zero", udp4(vxlan(E4), 4789, length=0), None),
    ("vxlan-length-long", udp4(vxlan(E4), 4789, length=500), "eth:ip:udp:vxlan:eth:ip"),
    ("vxlan-length-less", udp4(vxlan(E4) + bytes(9), 4789, length=8 + len(vxlan(E4))), "eth:ip:udp:vxlan:eth:ip"),
    *[(f"vxlan-beside-{port}", udp4(vxlan(E4), 4789, sport=port), word) for port, word in
      ((53, None), (123, None), (1900, None), (161, "eth:ip:udp:vxlan:eth:ip"), (4000, "eth:ip:udp:vxlan:eth:ip"),
       (5353, "eth:ip:udp:vxlan:eth:ip"))],
    ("gpe-eth", udp4(vxlan(E4, 3), 4790), "eth:ip:udp:vxlan_gpe:eth:ip"),
    ("gpe-ip", udp4(vxlan(I4, 1), 4790), "eth:ip:udp:vxlan_gpe:ip"),
    ("gpe-ip6", udp4(vxlan(I6, 2), 4790), "eth:ip:udp:vxlan_gpe:ip6"),
    ("gpe-nsh", udp4(vxlan(bytes.fromhex("0fc20201") + bytes(4) + I4, 4), 4790), "eth:ip:udp:vxlan_gpe:nsh:ip"),
    ("gpe-mpls", udp4(vxlan(label(20) + I4, 5), 4790), "eth:ip:udp:vxlan_gpe:mpls:ip"),
    ("gpe-unknown", udp4(vxlan(I4, 77), 4790), None),
    ("geneve", udp4(geneve(E4), 6081), "eth:ip:udp:geneve:eth:ip"),
    ("geneve-options", udp4(geneve(E4, options=bytes.fromhex("0000000100000000")), 6081), "eth:ip:udp:geneve:eth:ip"),
    ("geneve-ip", udp4(geneve(I4, 0x0800), 6081), "eth:ip:udp:geneve:ip"),
    ("geneve-arp", udp4(geneve(I4, 0x0806), 6081), None),
    ("gtp", udp4(gtp(I4), 2152), "eth:ip:udp:gtp:ip"),
    ("gtp-6", udp4(gtp(I6), 2152), "eth:ip:udp:gtp:ip6"),
    ("gtp-both-ports", udp4(gtp(I4), 2152, sport=2152), "eth:ip:udp:gtp:ip"),
    ("gtp-sequence", udp4(gtp(I4, 0x32, optional=b"\0\1\0\0"), 2152), "eth:ip:udp:gtp:ip"),
    ("gtp-npdu", udp4(gtp(I4, 0x31, optional=b"\0\1\0\x85"), 2152), "eth:ip:udp:gtp:ip"),
    ("gtp-extension", udp4(gtp(I4, 0x34, optional=b"\0\0\0\x85\1\0\7\0"), 2152), "eth:ip:udp:gtp:ip"),
    ("gtp-extensions", udp4(gtp(I4, 0x36, optional=b"\0\1\0\xc0\1\0\x19\x85\2\0\7\0\0\0\0\0"), 2152),
     "eth:ip:udp:gtp:ip"),
    ("gtp-extension-zero", udp4(gtp(I4, 0x34, optional=b"\0\0\0\x85\0\0\7\0"), 2152), None),
    ("gtp-ppp", udp4(gtp(be16(0xFF03, 0x21) + I4), 2152), None),
    ("gtp-eth", udp4(gtp(E4), 2152), "eth:ip:udp:gtp:eth:ip"),
    ("gtp-eth-6", udp4(gtp(E6), 2152), "eth:ip:udp:gtp:eth:ip6"),
    ("gtp-eth-vlan", udp4(gtp(eth(vlan(I4), 0x8100)), 2152), None),
    ("gtp-short", udp4(gtp(I4)[:3] + b"\x0a" + gtp(I4)[4:], 2152), None),
    ("gtp-0", udp4(bytes([0x1E, 255]) + be16(len(I4)) + bytes(16) + I4, 2152), "eth:ip:udp:gtp:ip"),
    ("gtp-echo", udp4(gtp(I4, kind=1), 2152), None),
    ("gtp-error", udp4(gtp(I4, kind=26), 2152), None),
    ("gtp-prime", udp4(gtp(I4, 0x20), 2152), None),
    ("gtp-prime-port", udp4(gtp(I4), 3386), "eth:ip:udp:gtp:ip"),
    ("gtp-prime-0", udp4(bytes([0x0E, 255]) + be16(len(I4)) + bytes(16) + I4, 3386), "eth:ip:udp:gtp:ip"),
    ("gtp-control-port", udp4(gtp(I4), 2123), "eth:ip:udp:gtp:ip"),
    ("gtp-garbage", udp4(b"\x33" * 60, 2152), None),
    ("l2tp", udp4(l2tp(be16(0xFF03, 0x21) + I4), 1701), "eth:ip:udp:l2tp:ppp:ip"),
    ("l2tp-short", udp4(l2tp(b"\x21" + I4), 1701, sport=1701), "eth:ip:udp:l2tp:ppp:ip"),
    ("l2tp-length", udp4(l2tp(be16(0x21) + I4, 0x4002, be16(8 + 2 + len(I4))), 1701), "eth:ip:udp:l2tp:ppp:ip"),
    ("l2tp-sequence", udp4(l2tp(be16(0x21) + I4, 0x0802, after=be16(1, 2)), 1701), "eth:ip:udp:l2tp:ppp:ip"),
    ("l2tp-offset", udp4(l2tp(be16(0x21) + I4, 0x0202, after=be16(3) + bytes(3)), 1701), "eth:ip:udp:l2tp:ppp:ip"),
    ("l2tp-all", udp4(l2tp(be16(0x21) + I4, 0x4A02, be16(61), be16(1, 2, 0)), 1701), "eth:ip:udp:l2tp:ppp:ip"),
    ("l2tp-control", udp4(l2tp(be16(0x21) + I4, 0xC802, be16(60), be16(1, 2)), 1701), None),
    ("l2tp-version-3", udp4(be16(3, 0) + bytes(4) + E4, 1701), None),
    ("teredo", udp4(I6, 3544), "eth:ip:udp:teredo:ip6"),
    ("teredo-origin", udp4(TEREDO_ORIGIN + I6, 3544), "eth:ip:udp:teredo:ip6"),
    ("teredo-auth", udp4(TEREDO_AUTH + I6, 3544), "eth:ip:udp:teredo:ip6"),
    ("teredo-auth-origin", udp4(TEREDO_AUTH + TEREDO_ORIGIN + I6, 3544), "eth:ip:udp:teredo:ip6"),
    ("teredo-other-port", udp4(I6, 3545), None),
    ("teredo-ip4", udp4(I4, 3544), None),
    ("ayiya", udp4(b"\x41\x52\x11\x29" + bytes(4) + bytes(16) + bytes(20) + I6, 5072), "eth:ip:udp:ayiya:ip6"),
    ("ayiya-echo", udp4(b"\x41\x52\x12\x29" + bytes(4) + bytes(36) + I6, 5072), None),
    ("lisp", udp4(bytes(8) + I4, 4341), "eth:ip:udp:lisp:ip"),
    ("lisp-6", udp4(bytes(8) + I6, 4341), "eth:ip:udp:lisp:ip6"),
    ("lisp-other", udp4(bytes(8) + b"\x50" + I4[1:], 4341), None),
    ("esp-in-udp", udp4(b"\1\2\3\4" + I4, 4500), None),
    ("ike-in-udp", udp4(bytes(4) + I4, 4500), None),
    ("jmirror", udp4(bytes(8) + I4, 30030), "eth:ip:udp:jmirror:ip"),
    ("jmirror-6", udp4(bytes(8) + I6, 30030), "eth:ip:udp:jmirror:ip6"),
    ("lwapp-3", udp4(E4, 12220), "eth:ip:udp:eth:ip"),
    ("llc-in-udp", udp4(snap(I4), 12000), "eth:ip:udp:llc:ip"),
]

# ---- lines -----------------------------------------------------------------------------------------------

PPP, HDLC, FRAME_RELAY = 9, 104, 107
LINES = [
    ("ppp", PPP, be16(0xFF03, 0x21) + I4, "ppp:ip"),
    ("ppp-6", PPP, be16(0xFF03, 0x57) + I6, "ppp:ip6"),
    ("ppp-no-address", PPP, be16(0x21) + I4, "ppp:ip"),
    ("ppp-short-protocol", PPP, b"\xff\x03\x21" + I4, "ppp:ip"),
    ("ppp-shortest", PPP, b"\x21" + I4, "ppp:ip"),
    ("ppp-address-alone", PPP, b"\xff" + be16(0x21) + I4, "ppp:ip"),
    ("ppp-serial", 50, be16(0xFF03, 0x21) + I4, "ppp:ip"),
    ("ppp-cisco", 50, be16(0x0F00, 0x0800) + I4, "ppp:chdlc:ip"),
    ("ppp-cisco-multicast", 50, be16(0x8F00, 0x0800) + I4, "ppp:chdlc:ip"),
    ("ppp-ether", 51, bytes.fromhex("11000001") + be16(len(I4) + 2, 0x21) + I4, "pppoes:ppp:ip"),
    ("ppp-direction", 204, b"\0" + be16(0xFF03, 0x21) + I4, "ppp:ip"),
    ("ppp-direction-short", 204, b"\1" + b"\x21" + I4, "ppp:ip"),
    ("ppp-mpls", PPP, be16(0xFF03, 0x0281) + label(20) + I4, "ppp:mpls:ip"),
    ("ppp-bridged", PPP, be16(0xFF03, 0x0031) + b"\0\1" + E4, "ppp:eth:ip"),
    ("ppp-lcp", PPP, be16(0xFF03, 0xC021) + I4, None),
    ("hdlc", HDLC, be16(0x0F00, 0x0800) + I4, "chdlc:ip"),
    ("hdlc-6", HDLC, be16(0x0F00, 0x86DD) + I6, "chdlc:ip6"),
    ("hdlc-mpls", HDLC, be16(0x0F00, 0x8847) + label(20) + I4, "chdlc:mpls:ip"),
    ("hdlc-slarp", HDLC, be16(0x8F00, 0x8035) + I4, None),
    ("fr", FRAME_RELAY, b"\x18\x41\x03\xcc" + I4, "fr:ip"),
    ("fr-6", FRAME_RELAY, b"\x18\x41\x03\x8e" + I6, "fr:ip6"),
    ("fr-snap", FRAME_RELAY, b"\x18\x41\x03\0\x80\0\0\0" + be16(0x0800) + I4, "fr:ip"),
    ("fr-bridged", FRAME_RELAY, b"\x18\x41\x03\0\x80\x00\x80\xc2" + be16(7) + E4, "fr:eth:ip"),
    ("fr-cisco", FRAME_RELAY, b"\x18\x41" + be16(0x0800) + I4, "fr:ip"),
    ("fr-long-address", FRAME_RELAY, b"\x18\x40\x40\x01\x03\xcc" + I4, "fr:ip"),
    ("fr-ppp", FRAME_RELAY, b"\x18\x41\x03\xcf" + be16(0x21) + I4, "fr:ppp:ip"),
    ("fr-short-address", FRAME_RELAY, b"\x19\x03\xcc\x00" + I4, None),
    ("hdlc-bsdos", 112, be16(0x0F00, 0x0800) + I4, "chdlc:ip"),
    ("fr-lmi", FRAME_RELAY, b"\0\1\3\x08" + I4, None),
    ("null-ppp", NULL, be16(0xFF03, 0x21) + I4, "null:ppp:ip"),
    ("raw-ppp", RAW, be16(0xFF03, 0x21) + I4, "raw:ppp:ip"),
    ("sll-ppp", SLL, sll(be16(0x21) + I4, 7), "sll:ppp:ip"),
]

# ---- devices ---------------------------------------------------------------------------------------------


def record(kind, value, order="<"):
    return struct.pack(order + "HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def nflog(payload, family=2, order="<"):
    before = record(1, bytes(4), order) + record(10, b"why\0", order)
    return bytes([family, 0, 0, 5]) + before + record(9, payload, order)


def juniper(payload, flags=1, extension=None, proto=None):
    head = b"MGC" + bytes([flags | (0x80 if extension is not None else 0) | (2 if proto is not None else 0)])
    head += b"" if extension is None else be16(len(extension)) + extension
    return head + (b"" if proto is None else struct.pack("<I", proto)) + payload


DEVICES = [
    ("nflog", 239, nflog(I4), "nflog:ip"),
    ("nflog-6", 239, nflog(I6, 10), "nflog:ip6"),
    ("nflog-no-payload", 239, nflog(I4)[:24], None),
    ("nflog-bridge", 239, nflog(I4, 7), None),
    ("enc", 109, struct.pack("<III", 2, 1, 2) + I4, "enc:ip"),
    ("enc-6", 109, struct.pack("<III", 24, 1, 2) + I6, "enc:ip6"),
    ("pflog", 117, bytes([61, 2]) + bytes(62) + I4, "pflog:ip"),
    ("pflog-6", 117, bytes([61, 24]) + bytes(62) + I6, "pflog:ip6"),
    ("ipoib", 242, bytes(40) + be16(0x0800, 0) + I4, "ipoib:ip"),
    ("ipfc", 122, b"\0\0" + M1 + b"\0\0" + M2 + snap(I4), "ipfc:llc:ip"),
    ("ap1394", 138, bytes(16) + be16(0x0800) + I4, "ap1394:ip"),
    ("fddi", 10, b"\x50" + M1 + M2 + snap(I4), "fddi:llc:ip"),
    ("fddi-smt", 10, b"\x41" + M1 + M2 + snap(I4), None),
    ("token-ring", 6, b"\x10\x40" + M1 + M2 + snap(I4), "tr:llc:ip"),
    ("token-ring-route", 6, b"\x10\x40" + M1 + b"\x80" + M2[1:] + be16(0x0630, 0x0011, 0x0020) + snap(I4), "tr:llc:ip"),
    ("token-ring-mac", 6, b"\x10\x00" + M1 + M2 + snap(I4), None),
    ("clip", 106, I4, "clip:ip"),
    ("juniper-pppoe", 167, juniper(E4), "juniper:eth:ip"),
    ("atm-llc", 11, snap(I4), "llc:ip"),
    ("atm-bridged", 11, snap(b"\0\0" + E4, 7, bytes.fromhex("0080c2")), "llc:eth:ip"),
    ("pktap", 258, struct.pack("<III", 108, 1, 1) + bytes(96) + E4, "pktap:eth:ip"),
    ("pktap-raw", 258, struct.pack("<III", 108, 1, 12) + bytes(96) + I4, "pktap:raw:ip"),
    ("juniper-eth", 178, juniper(E4), "juniper:eth:ip"),
    ("juniper-eth-extension", 178, juniper(E4, extension=bytes.fromhex("0301040402000000")), "juniper:eth:ip"),
    ("juniper-eth-no-link", 178, juniper(I4, proto=2), "juniper:ip"),
    ("juniper-eth-no-link-6", 178, juniper(I6, proto=6), "juniper:ip6"),
    ("juniper-ppp", 179, juniper(be16(0xFF03, 0x21) + I4), "juniper:ppp:ip"),
    ("juniper-fr", 180, juniper(b"\x18\x41\x03\xcc" + I4), "juniper:fr:ip"),
    ("juniper-chdlc", 181, juniper(be16(0x0F00, 0x0800) + I4), "juniper:chdlc:ip"),
]

# ---- IEEE 802.11 -----------------------------------------------------------------------------------------

WLAN, RADIOTAP, PRISM, AVS, PPI = 105, 127, 119, 163, 192
DATA, QOS = 0x0008, 0x0088
TO, FROM, BOTH, MORE, PROTECTED, ORDER = 0x0100, 0x0200, 0x0300, 0x0400, 0x4000, 0x8000


def wlan(payload, control=DATA, qos=0, sequence=0, more=b"", swapped=False):
    """From M1 to M2, whoever is the access point."""
    stations = {0: (M2, M1, AP), TO: (AP, M1, M2), FROM: (M2, AP, M1), BOTH: (AP, AP, M2)}[control & BOTH]
    head = struct.pack(">HH" if swapped else "<HH", control, 0) + b"".join(stations) + struct.pack("<H", sequence)
    head += M1 if control & BOTH == BOTH else b""
    head += struct.pack("<H", qos) if control & 0x80 else b""
    return head + more + payload


def radiotap(payload, fields=b"", present=0):
    return struct.pack("<BBHI", 0, 0, 8 + len(fields), present) + fields + payload


def subframe(payload):
    octets = M2 + M1 + be16(len(payload)) + payload
    return octets + bytes(-len(octets) % 4)


def ppi(payload, linktype=WLAN, fields=b""):
    return struct.pack("<BBHI", 0, 0, 8 + len(fields), linktype) + fields + payload


WIRELESS = [
    *[(f"wlan-{name}", WLAN, wlan(snap(I4), DATA | control), "wlan:llc:ip")
      for name, control in (("adhoc", 0), ("to", TO), ("from", FROM), ("four", BOTH))],
    *[(f"wlan-qos-{name}", WLAN, wlan(snap(I4), QOS | control), "wlan:llc:ip")
      for name, control in (("adhoc", 0), ("to", TO), ("from", FROM), ("four", BOTH))],
    ("wlan-6", WLAN, wlan(snap(I6, 0x86DD)), "wlan:llc:ip6"),
    ("wlan-ht", WLAN, wlan(snap(I4), QOS | ORDER, more=bytes(4)), "wlan:llc:ip"),
    ("wlan-ack-data", WLAN, wlan(snap(I4), 0x0018), "wlan:llc:ip"),
    ("wlan-null", WLAN, wlan(snap(I4), 0x0048), None),
    ("wlan-qos-null", WLAN, wlan(snap(I4), 0x00C8), None),
    ("wlan-beacon", WLAN, wlan(snap(I4), 0x0080), None),
    ("wlan-encrypted", WLAN, wlan(bytes(8) + snap(I4), DATA | PROTECTED), None),
    ("wlan-eth", WLAN, wlan(eth(I4, src=M1.hex(), dst=M2.hex())), "wlan:eth:ip"),
    ("wlan-olpc", WLAN, wlan(b"\0\0" + snap(I4)), "wlan:llc:ip"),
    ("wlan-ipx", WLAN, wlan(b"\xff\xff" + I4), None),
    ("wlan-vlan", WLAN, wlan(snap(vlan(I4), 0x8100)), "wlan:llc:vlan:ip"),
    ("wlan-amsdu", WLAN, wlan(subframe(snap(I4)) + subframe(snap(I6, 0x86DD)) + subframe(snap(I4)), QOS | TO, 0x80),
     "wlan:llc:ip"),
    ("wlan-amsdu-one", WLAN, wlan(subframe(snap(I4)), QOS | FROM, 0x80), "wlan:llc:ip"),
    ("wlan-mesh", WLAN, wlan(bytes(6) + snap(I4), QOS | BOTH, 0x0100), "wlan:llc:ip"),
    ("wlan-mesh-addresses", WLAN, wlan(b"\2" + bytes(5) + M1 + M2 + snap(I4), QOS | BOTH, 0x0100), "wlan:llc:ip"),
    ("wlan-last-fragment", WLAN, wlan(snap(I4), sequence=0x0231), "wlan:llc:ip"),
    ("wlan-first-fragment", WLAN, wlan(snap(I4), DATA | MORE, sequence=0x0240), None),
    ("radiotap", RADIOTAP, radiotap(wlan(snap(I4))), "radiotap:wlan:llc:ip"),
    ("radiotap-flags", RADIOTAP, radiotap(wlan(snap(I4)), b"\0", 2), "radiotap:wlan:llc:ip"),
    ("radiotap-fcs", RADIOTAP, radiotap(wlan(snap(ip4(T, total=0))) + FCS, b"\x10", 2), "radiotap:wlan:llc:ip"),
    ("radiotap-time-fcs", RADIOTAP, radiotap(wlan(snap(ip4(T, total=0))) + FCS, bytes(8) + b"\x10", 3),
     "radiotap:wlan:llc:ip"),
    ("radiotap-words-fcs", RADIOTAP, radiotap(wlan(snap(ip4(T, total=0))) + FCS,
                                              struct.pack("<I", 0) + bytes(4) + bytes(8) + b"\x10", 0x80000003),
     "radiotap:wlan:llc:ip"),
    ("radiotap-padded", RADIOTAP, radiotap(wlan(snap(I4), QOS, more=b"\0\0"), b"\x20", 2), "radiotap:wlan:llc:ip"),
    ("radiotap-bad-fcs", RADIOTAP, radiotap(wlan(snap(I4)) + FCS, b"\x50", 2), "radiotap:wlan:llc:ip"),
    ("radiotap-long", RADIOTAP, radiotap(wlan(snap(I4)), bytes(40)), "radiotap:wlan:llc:ip"),
    ("radiotap-cut", RADIOTAP, struct.pack("<BBHI", 0, 0, 500, 0) + wlan(snap(I4)), None),
    ("prism", PRISM, struct.pack("<II16s", 0x44, 144, b"wlan0")
     + b"".join(struct.pack("<IHHI", (i + 1) << 12 | 0x44, 0, 4, 0) for i in range(10)) + wlan(snap(I4)),
     "prism:wlan:llc:ip"),
    ("prism-avs", PRISM, struct.pack(">II", 0x80211001, 64) + bytes(56) + wlan(snap(I4)), "prism:wlancap:wlan:llc:ip"),
    ("avs", AVS, struct.pack(">II", 0x80211001, 64) + bytes(56) + wlan(snap(I4)), "wlancap:wlan:llc:ip"),
    ("ppi", PPI, ppi(wlan(snap(I4))), "ppi:wlan:llc:ip"),
    ("ppi-fcs", PPI, ppi(wlan(snap(ip4(T, total=0))) + FCS,
                         fields=struct.pack("<HH", 2, 20) + bytes(8) + struct.pack("<H", 1) + bytes(10)),
     "ppi:wlan:llc:ip"),
    ("ppi-eth", PPI, ppi(E4, 1), "ppi:eth:ip"),
    ("sll-radiotap", SLL, sll(radiotap(wlan(snap(I4))), 4, 803), "sll:radiotap:wlan:llc:ip"),
    ("gre-wlan", ETH, gre(wlan(snap(I4)), 0x8200), "eth:ip:gre:wlan:llc:ip"),
    ("gre-wlan-last", ETH, gre(wlan(snap(I4)), 0x8370), "eth:ip:gre:wlan:llc:ip"),
    ("capwap", ETH, udp4(capwap(wlan(snap(I4), DATA | TO, swapped=True)), 5247), "eth:ip:udp:capwap:wlan:llc:ip"),
    ("capwap-eth", ETH, udp4(capwap(E4, native=False), 5247), "eth:ip:udp:capwap:eth:ip"),
    ("capwap-keep-alive", ETH, udp4(capwap(E4, native=False, more=8), 5247), None),
    ("capwap-dtls", ETH, udp4(b"\1" + bytes(3) + bytes(60), 5247), None),
    ("lwapp", ETH, udp4(b"\0\0" + be16(60, 0) + wlan(snap(I4)), 12222), "eth:ip:udp:lwapp:wlan:llc:ip"),
    ("lwapp-control", ETH, udp4(b"\4\0" + be16(60, 0) + wlan(snap(I4)), 12223), None),
    ("tzsp-eth", ETH, udp4(b"\1\0\0\1\1" + E4, 37008), "eth:ip:udp:tzsp:eth:ip"),
    ("tzsp-wlan", ETH, udp4(b"\1\0\0\x12\0\x0a\1\0\1" + wlan(snap(I4)), 37008), "eth:ip:udp:tzsp:wlan:llc:ip"),
    ("tzsp-null", ETH, udp4(b"\1\4\0\1\1" + E4, 37008), None),
    ("tzsp-endless", ETH, udp4(b"\1\0\0\1" + bytes(60), 37008), None),
]


def sflow(frame, kind=1, expanded=False, address=1):
    header = struct.pack("!IIII", kind, len(frame) + 100, 4, len(frame)) + frame + bytes(-len(frame) % 4)
    data = struct.pack("!II", 1, len(header)) + header
    sample = bytes(40 if expanded else 28) + struct.pack("!I", 1) + data
    agent = struct.pack("!II", 5, address) + bytes(4 if address == 1 else 16) + bytes(12)
    return agent + struct.pack("!I", 1) + struct.pack("!II", 3 if expanded else 1, len(sample)) + sample


SAMPLES = [
    ("sflow", ETH, udp4(sflow(E4), 6343), "eth:ip:udp:sflow:eth:ip"),
    ("sflow-expanded", ETH, udp4(sflow(E4, expanded=True, address=2), 6343), "eth:ip:udp:sflow:eth:ip"),
    ("sflow-ip", ETH, udp4(sflow(I4, 11), 6343), "eth:ip:udp:sflow:ip"),
    ("sflow-ip6", ETH, udp4(sflow(I6, 12), 6343), "eth:ip:udp:sflow:ip6"),
]

CASES = [(name, ETH, frame, word) for name, frame, word in ETHERNET + MPLS + OVER_IP + OVER_UDP]
CASES += LINES + DEVICES + WIRELESS + SAMPLES
NAMES = [case[0] for case in CASES]


def ask(shark, path, cases):
    """For each of (link type, frame, how much of it was captured): our frame and tshark's row."""
    linktypes = sorted({linktype for linktype, _, _ in cases})
    capture = Ng().section()
    for linktype in linktypes:
        capture.interface(linktype)
    for linktype, frame, size in cases:
        capture.enhanced(frame[:size], interface=linktypes.index(linktype), wire=len(frame))
    path.write_bytes(capture.data)
    rows, _ = ask_tshark(shark, path)
    mine = dump(path)
    assert len(mine.frames) == len(rows) == len(cases)
    return mine, rows


@pytest.fixture(scope="module", name="answers")
def fixture_answers(tshark, tmp_path_factory):
    """{name: (our frame, tshark's row)}."""
    path = tmp_path_factory.mktemp("tunnels") / "capture.pcapng"
    mine, rows = ask(tshark, path, [(linktype, frame, len(frame)) for _, linktype, frame, _ in CASES])
    return dict(zip(NAMES, zip(mine.frames, rows)))


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name,word", [(name, word) for name, _, _, word in CASES], ids=NAMES)
def test_tunnel(answers, name, word):
    """The headers that tshark finds, and the word for what lies below them."""
    mine, row = answers[name]
    difference = compare_frame(mine, row)
    # tshark does not count the octet for the direction.
    assert difference is None or (difference[0] == "captured" and "direction" in name)
    assert (mine.headers[0].encap if mine.headers else None) == word


# Link types whose files tshark cannot open, or only in classic pcap.
BEYOND = {
    "ppp-pppd": (166, b"\1" + be16(0xFF03, 0x21) + I4, "ppp:ip"),
    "hdlc-direction": (205, b"\1" + be16(0x0F00, 0x0800) + I4, "chdlc:ip"),
    "fr-direction": (206, b"\0\x18\x41\x03\xcc" + I4, "fr:ip"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_beyond_tshark(written, name):
    """Decoded all the same: nobody can contradict."""
    linktype, frame, word = BEYOND[name]
    assert [header.encap for header in dump(written(pcap([frame], linktype))).frames[0].headers] == [word]


@pytest.mark.parametrize("order", ["<", ">"])
def test_nflog_in_the_order_of_the_machine(tshark, written, order):
    """The records of NFLOG are in the byte order of whoever captured; so is the file."""
    found, equal, _ = compare(tshark, written(pcap([nflog(I4, order=order), nflog(I6, 10, order)], 239, order)))
    assert not found and equal == 2


HIDDEN = [
    ("encrypted", WLAN, wlan(bytes(8) + snap(I4), DATA | PROTECTED), {"wlan_encrypted": 1}),
    ("wlan-fragment", WLAN, wlan(snap(I4), DATA | MORE, sequence=0x0240), {"wlan_fragment": 1}),
    ("capwap-dtls", ETH, udp4(b"\1" + bytes(3) + bytes(60), 5247), {"tunnel_dtls": 1}),
    ("capwap-fragment", ETH, udp4(capwap(wlan(snap(I4)), more=0x80), 5247), {"capwap_fragment": 1}),
    ("macsec", ETH, eth(bytes.fromhex("0c0000000001") + be16(0x0800) + I4 + bytes(16), 0x88E5), {"tunnel_macsec": 1}),
    ("esp", ETH, eth(ip4(bytes(8) + I4, 50)), {"tunnel_esp": 1}),
    ("esp-in-udp", ETH, udp4(b"\1\2\3\4" + I4, 4500), {"tunnel_esp": 1}),
    ("ike-in-udp", ETH, udp4(bytes(4) + I4, 4500), {}),
    ("l2tp-3", ETH, udp4(be16(3, 0) + bytes(4) + E4, 1701), {"tunnel_l2tp3": 1}),
    ("ppp-vj", PPP, be16(0xFF03, 0x002F) + I4, {"tunnel_vj": 1}),
    ("ppp-multilink", PPP, be16(0xFF03, 0x003D) + bytes(4) + I4, {"tunnel_multilink": 1}),
    ("ppp-lcp", PPP, be16(0xFF03, 0xC021) + I4, {}),
    ("gtp-other", ETH, udp4(gtp(be16(0xFF03, 0x21) + I4), 2152), {"tunnel_gtp": 1}),
    ("gtp-echo", ETH, udp4(gtp(b"", kind=1), 2152), {}),
    ("vxlan-no-length", ETH, udp4(vxlan(E4), 4789, length=0), {"udp_malformed": 1}),
    ("vxlan-arp", ETH, udp4(vxlan(eth(bytes(28), 0x0806)), 4789), {}),
    ("dns", ETH, udp4(bytes(40), 53, length=0), {}),
    ("erspan-3-ip", ETH, gre(erspan3(2 << 10) + I4, 0x22EB, 0x1000, bytes(4)), {"tunnel_erspan": 1}),
]


@pytest.mark.parametrize("name,linktype,frame,hidden", HIDDEN, ids=[case[0] for case in HIDDEN])
def test_hidden(written, name, linktype, frame, hidden):
    """What may hold TCP and is not decoded is counted by name; what cannot is not."""
    mine = dump(written(pcap([frame], linktype)))
    assert not mine.frames[0].headers, name
    assert mine.hidden == hidden


CUT = ["vxlan", "gtp-extensions", "geneve-options", "l2tp-all", "teredo-auth-origin", "gre-all", "erspan-3-subheader",
       "mpls-stack", "pppoe", "wlan-amsdu", "wlan-mesh-addresses", "radiotap-time-fcs", "ppi-fcs", "prism",
       "capwap", "tzsp-wlan", "sflow-expanded", "ayiya", "nsh-nsh", "juniper-eth-extension", "fr-snap", "macsec-clear",
       "token-ring-route", "fabricpath-vlan", "isl", "pbb", "trill-options", "gre-routing"]


def test_cut_at_every_octet(tshark, tmp_path):
    """However little of it was captured: the headers that tshark finds, and nothing read that is not there."""
    chosen = [CASES[NAMES.index(name)] for name in CUT]
    cases = [(linktype, frame, size) for _, linktype, frame, _ in chosen for size in range(len(frame) + 1)]
    mine, rows = ask(tshark, tmp_path / "capture.pcapng", cases)
    assert [found for found in map(compare_frame, mine.frames, rows) if found] == []
    assert mine.hidden["truncated"] > len(cases) / 3
