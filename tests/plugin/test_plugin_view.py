# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person sees: the tree, links, times, expert infos, the Info column; and what filters find."""
import re

import pytest
from plugin_captures import CLIENT, SERVER, handshake, other, segment


def test_headlines_read_as_sentences(wireshark, story):
    heads = {frame: lines[0] for frame, lines in wireshark.trees(story)}
    assert heads[1] == "TCP Handshake: step 1 of 3, SYN, ISN 4321, complete"
    assert heads[2] == "TCP Handshake: step 2 of 3, SYN-ACK, ack 4322 = 4321 + 1, complete"
    assert heads[3] == "TCP Handshake: step 3 of 3, ACK, ack 7001 = 7000 + 1, complete"
    assert heads[4] == "TCP Handshake: data, ESTABLISHED / ESTABLISHED, complete"
    assert heads[9].startswith("TCP Handshake: ") and "ack 300, expected 301" in heads[9]
    assert heads[9].endswith("malformed (bad_arithmetic)")
    assert 13 not in heads


def test_links_lead_both_ways_and_never_to_themselves(wireshark, story):
    rows = wireshark.fields(story, "tcphs.syn_in", "tcphs.synack_in", "tcphs.ack_in")[:4]
    assert [[row[name] for name in ("tcphs.syn_in", "tcphs.synack_in", "tcphs.ack_in")] for row in rows] == \
        [[[], ["2"], ["3"]], [["1"], [], ["3"]], [["1"], ["2"], []], [["1"], ["2"], ["3"]]]


def test_round_trip_times(wireshark, story):
    row = wireshark.fields(story, "tcphs.rtt.server", "tcphs.rtt.client", "tcphs.rtt.total")[0]
    assert [float(row[name][0]) for name in ("tcphs.rtt.server", "tcphs.rtt.client", "tcphs.rtt.total")] == \
        pytest.approx([0.0305, 0.00012, 0.03062], abs=1e-9)


def test_tries_and_their_times(wireshark, story):
    row = wireshark.fields(story, "tcphs.syn_count", "tcphs.backoff", "tcphs.synack_count")[6]
    assert (row["tcphs.syn_count"], row["tcphs.backoff"], row["tcphs.synack_count"]) == (["3"], ["0, 1.0, 3.0 s"], [])


def test_expected_and_delta_around_zero(wireshark, capture):
    path = capture(handshake(client=0xffffffff, server=0xfffffffe) + [other(30)])
    rows = wireshark.fields(path, "tcphs.ack.expected", "tcphs.ack.delta", "tcphs.arithmetic")
    assert [row["tcphs.ack.expected"] for row in rows[1:3]] == [["0"], ["4294967295"]]
    assert [row["tcphs.ack.delta"] for row in rows[1:3]] == [["0"], ["0"]]
    assert "0 = 4294967295 + 1 (SYN)" in rows[1]["tcphs.arithmetic"][0]


def test_wrong_ack_is_counted_with_its_sign(wireshark, story):
    row = wireshark.fields(story, "tcphs.ack.expected", "tcphs.ack.delta")[8]
    assert (row["tcphs.ack.expected"], row["tcphs.ack.delta"]) == (["301"], ["-1"])


def test_offers_are_the_segments_own_and_agreement_is_both_sides(wireshark, capture):
    rich = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]
    poor = [("MSS", 1300), ("NOP", None), ("WScale", 2)]
    packets = handshake()
    packets[0] = segment(0, "client", "SEC", 4321, options=rich)
    packets[1] = segment(0.0305, "server", "SAE", 7000, 4322, options=poor)
    rows = wireshark.fields(capture(packets + [other(30)]), "tcphs.offer.mss", "tcphs.offer.wscale", "tcphs.offer.sack",
                            "tcphs.offer.ecn", "tcphs.agreed.mss.to_client", "tcphs.agreed.mss.to_server",
                            "tcphs.agreed.wscale.to_client", "tcphs.agreed.wscale.to_server", "tcphs.agreed.sack",
                            "tcphs.agreed.timestamps", "tcphs.agreed.ecn")
    values = [[value for cell in list(row.values())[1:] for value in cell] for row in rows[:3]]
    agreed = ["1460", "1300", "7", "2", "0", "0", "classic"]
    assert values == [["1460", "7", "1", "classic", *agreed], ["1300", "2", "0", "classic", *agreed], agreed]


def test_findings_are_fields_and_expert_infos(wireshark, story):
    assert wireshark.matching(story, "tcphs.synack_bad_ack") == [9]
    assert wireshark.matching(story, 'tcphs.finding == "synack_bad_ack"') == [9]
    assert wireshark.matching(story, "tcphs && _ws.expert.severity == error") == [9]
    assert 9 in wireshark.matching(story, "_ws.expert.severity == error"), "found only if our fields are named too"


def test_an_unfiltered_expert_report_counts_our_findings(wireshark, story):
    """No tree is made for it, so an expert info that hung on a tree item only would be missing."""
    for passes in ([], ["-2"]):
        report = wireshark.tshark(*passes, "-q", "-z", "expert", "-r", story)
        errors = report[report.index("Errors"):]
        assert re.search(r"^\s+1\s+Sequence\s+TCPHS\s", errors, re.MULTILINE), report


def test_words_filter_and_print_as_words(wireshark, story):
    assert wireshark.matching(story, 'tcphs.verdict in {"half_open", "incomplete"}') == [5, 6, 7, 11, 12]
    assert wireshark.matching(story, 'tcphs.server.state == "ESTABLISHED"') == [3, 4]
    assert wireshark.matching(story, "tcphs.ack.delta != 0") == [9]
    assert wireshark.matching(story, "tcphs.step == 2") == [2]
    assert wireshark.matching(story, "tcphs.rtt.total > 0.03 && tcphs.rtt.total < 0.04") == [1, 2, 3]


def test_info_column(wireshark, story):
    lines = wireshark.tshark("-2", "-r", story).splitlines()
    assert [line[-5:] for line in lines[:3]] == ["[1/3]", "[2/3]", "[3/3]"]
    assert "SYN again" in lines[10] and "SYN again" in lines[11]
    assert "TCP Handshake" not in "".join(lines) and "/3]" not in lines[3]


def test_stream_is_always_that_of_tcp(wireshark, capture):
    """A reused pair of ports, an ICMP error, segments that belong nowhere."""
    ends = (CLIENT, SERVER)
    packets = [*handshake(), segment(1, "client", "R", 4322), *handshake(2, ends=ends, client=99_999, server=5),
               segment(3, "server", "S", 1), segment(4, (("192.0.2.33", 3), SERVER), "A", 5, 6), other(30)]
    for row in wireshark.fields(capture(packets), "tcphs.stream", "tcp.stream"):
        assert row["tcphs.stream"] == row["tcp.stream"]


def test_partners_are_saved_with_a_filtered_frame(wireshark, story, folder):
    out = folder / "saved.pcapng"
    out.touch()
    out.chmod(0o666)
    wireshark.tshark("-2", "-r", story, "-Y", "tcphs.step == 3", "-w", out)
    assert [row["tcphs.step"] for row in wireshark.fields(out, "tcphs.step")] == [["1"], ["2"], ["3"]]
