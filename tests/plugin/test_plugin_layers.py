# SPDX-License-Identifier: GPL-2.0-or-later
"""Every TCP header of a frame, wherever it lies; and none that was only quoted."""
from plugin_captures import CLIENT, EPOCH, aggregate, handshake, icmp, numbered, other, segment, wrapped
from scapy.layers.inet import IP, TCP, fragment
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.layers.l2 import GRE, Dot1Q, Ether
from scapy.packet import Raw


def steps(wireshark, path, options=("-2",)):
    """(frame, steps of its layers) of the frames that have any."""
    return [(row["frame"], row["tcphs.step"]) for row in wireshark.fields(path, "tcphs.step", options=options)
            if row["tcphs.step"]]


WHOLE = [(1, ["1"]), (2, ["2"]), (3, ["3"])]
KNOWN = [(1, ["1"]), (3, ["3"])]  # in one pass: another SYN-ACK could still be the one that is acknowledged


def test_handshakes_in_tunnels(wireshark, capture):
    tunnels = {
        "IP in IP": [IP(src="198.51.100.1", dst="198.51.100.2")],
        "GRE": [IP(src="198.51.100.1", dst="198.51.100.2"), GRE()],
        "VLAN in VLAN": [Dot1Q(vlan=7), Dot1Q(vlan=9)],
        "IPv4 in IPv6": [IPv6(src="2001:db8::1", dst="2001:db8::2")],
    }
    for name, headers in tunnels.items():
        path = capture([*wrapped(handshake(), *headers), other(30)])
        assert steps(wireshark, path) == WHOLE, name
        assert steps(wireshark, path, ()) == KNOWN, name


def test_two_headers_in_one_frame_are_two_segments(wireshark, capture):
    other_ends = (("192.0.2.77", 1234), ("192.0.2.78", 443))
    pairs = zip(handshake(), handshake(ends=other_ends, client=10, server=20))
    path = capture([aggregate(pair) for pair in pairs], linktype=105)
    rows = wireshark.fields(path, "tcphs.step", "tcphs.stream", "tcphs.isn.client", "tcp.stream")
    assert [row["tcphs.step"] for row in rows] == [["1", "1"], ["2", "2"], ["3", "3"]]
    assert all(row["tcphs.stream"] == row["tcp.stream"] == ["0", "1"] for row in rows)
    assert all(row["tcphs.isn.client"] == ["4321", "10"] for row in rows)


def test_ipv6(wireshark, capture):
    packets = []
    for packet in handshake():
        there = packet[IP].src == CLIENT[0]
        addresses = ("2001:db8::1", "2001:db8::9") if there else ("2001:db8::9", "2001:db8::1")
        tcp = packet[TCP].copy()
        del tcp.chksum
        new = Ether(src=packet.src, dst=packet.dst) / IPv6(src=addresses[0], dst=addresses[1]) / tcp
        new.time = packet.time
        packets.append(new)
    assert steps(wireshark, capture(packets)) == WHOLE


def test_a_segment_in_fragments_counts_once_where_it_is_whole(wireshark, capture):
    """Wireshark puts IP fragments together and gives TCP the whole segment, in the last one's frame."""
    data = segment(0.1, "client", "PA", 4322, 7001, b"x" * 1000)
    pieces = fragment(data[IP], fragsize=512)
    frames = [Ether(src=data.src, dst=data.dst) / piece for piece in pieces]
    for number, frame in enumerate(frames):
        frame.time = data.time + number / 1000
        frame[IP].id = 99
    path = capture(numbered(handshake()) + frames, keep_ids=True)
    rows = wireshark.fields(path, "tcphs.phase")
    phases = [row["tcphs.phase"] for row in rows]
    assert phases == [["syn"], ["synack"], ["ack"], *[[]] * (len(frames) - 1), ["data"]]


def test_a_quoted_header_is_no_segment(wireshark, capture):
    syn = segment(0, "client", "S", 4321)
    path = capture([syn, icmp(0.1, syn), other(30)])
    assert wireshark.matching(path, "tcphs.phase || tcphs.step || tcphs.stream || tcphs.client.state") == [1]


def test_a_quoted_reset_does_not_close(wireshark, capture):
    """tcp.completeness counts a RST that somebody quoted; tcphs.closed must not."""
    reset = segment(0.5, "client", "R", 4322)
    path = capture([*handshake(), icmp(1, reset, octets=20), other(30)])
    rows = wireshark.fields(path, "tcphs.closed", "tcphs.verdict")
    assert [row["tcphs.closed"] for row in rows] == [["open"]] * 3 + [[], []]
    assert rows[0]["tcphs.verdict"] == ["complete"]


def test_an_icmp_error_is_a_finding_in_its_own_frame(wireshark, capture):
    """The quoted header's addresses are those of the attempt; who sent the error is remembered from outside."""
    syn = segment(0, "client", "S", 4321)
    path = capture([syn, icmp(0.1, syn, sender="203.0.113.77"), other(30)])
    rows = wireshark.fields(path, "tcphs.reason", "tcphs.finding", "tcphs.finding.related", "tcphs.phase")
    assert rows[0]["tcphs.reason"] == ["unreachable"]
    assert [rows[1][name] for name in list(rows[1])[1:]] == [[], ["icmp_unreachable"], ["1"], []]
    assert wireshark.matching(path, "tcphs.icmp_unreachable") == [2]
    text = wireshark.tshark("-2", "-r", path, "-Y", "frame.number == 2", "-O", "tcphs")
    assert "203.0.113.77" in text and "code 13" in text


def test_type_and_code_decide(wireshark, capture):
    """Fragmentation needed (3/4) and source quench (4/0) end no attempt; time exceeded (11/0) does."""
    reasons = []
    for kind, code in ((3, 4), (4, 0), (11, 0)):
        syn = segment(0, "client", "S", 4321)
        path = capture([syn, icmp(0.1, syn, kind=kind, code=code), other(30)])
        reasons += wireshark.fields(path, "tcphs.reason")[0]["tcphs.reason"]
    assert reasons == ["unanswered", "unanswered", "unreachable"]


def test_icmpv6_error_tells_who_sent_it(wireshark, capture):
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    syn = link / IPv6(src="2001:db8::1", dst="2001:db8::9") / TCP(sport=1, dport=2, flags="S", seq=5)
    syn.time = EPOCH
    error = link / IPv6(src="2001:db8::ff", dst="2001:db8::1") / ICMPv6DestUnreach(code=1) / Raw(bytes(syn[IPv6]))
    error.time = EPOCH + 0.1
    path = capture([syn, error, other(30)])
    assert wireshark.matching(path, "tcphs.icmp_unreachable") == [2]
    assert "2001:db8::ff" in wireshark.tshark("-2", "-r", path, "-Y", "frame.number == 2", "-O", "tcphs")


def test_headers_cut_by_the_snapshot_length(wireshark, capture):
    """16 octets of TCP are a segment, fewer are not, and nothing is said of options that were not captured."""
    whole = segment(0, "client", "S", 4321)
    for octets, seen, mss in ((14, [], []), (15, [], []), (16, ["1"], []), (20, ["1"], []), (24, ["1"], ["1460"])):
        cut = Raw(bytes(whole)[:34 + octets])
        cut.time, cut.wirelen = whole.time, len(whole)
        row = wireshark.fields(capture([cut], linktype=1), "tcphs.step", "tcphs.offer.mss")[0]
        assert (row["tcphs.step"], row["tcphs.offer.mss"]) == (seen, mss), octets
