# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person sees: the tree, links, times, expert infos, the Info column; and what filters find."""
import re

import pytest
from plugin_captures import CLIENT, SERVER, handshake, other, segment
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.l2 import Ether
from scapy.utils import rdpcap, wrpcap


def test_headlines_read_as_sentences(wireshark, story):
    heads = {frame: lines[0] for frame, lines in wireshark.trees(story)}
    assert heads[1] == "TCP Handshake: step 1 of 3, the client's SYN, ISN 4321, answered in frame 2 after 30.5 ms, " \
        "complete"
    assert heads[2] == "TCP Handshake: step 2 of 3, the server's SYN-ACK acknowledges 4322 = 4321 + 1, complete"
    assert heads[3] == "TCP Handshake: step 3 of 3, the client's ACK acknowledges 7001 = 7000 + 1, complete"
    assert heads[4] == "TCP Handshake: the client's data, both ESTABLISHED, complete"
    assert heads[5].endswith("refused in frame 6, incomplete (refused)")
    assert heads[7].endswith("never answered, incomplete (unanswered)")
    assert heads[8].endswith("wrongly answered in frame 9, malformed (bad_arithmetic)")
    assert heads[9] == "TCP Handshake: the server's SYN-ACK acknowledges 300, expected 301 = 300 + 1, " \
        "malformed (bad_arithmetic)"
    assert heads[12] == "TCP Handshake: the client's SYN again, 3rd, incomplete (unanswered)"
    assert 13 not in heads


def find(lines, start):
    """The one line that begins so."""
    found = [line for line in lines if line.startswith(start)]
    assert len(found) == 1, (start, lines)
    return found[0]


def test_the_section_is_told_in_order(wireshark, story):
    lines = dict(wireshark.trees(story))[9]
    starts = ["TCP Handshake: ", "Three steps: frames 8, -, -", "SYN in: 8", "Client ISN: 300", "Stream: 3",
              "Phase: out_of_place", "Arithmetic: ", "Expected acknowledgment number: 301, actual 300",
              "Acknowledgment number off by: -1", "Client state: SYN-SENT", "Server state: SYN-RECEIVED",
              "Offered in this segment: MSS 1460", "Maximum segment size: 1460", "Verdict: malformed, ",
              "Reason: bad_arithmetic, ", "Blame: server, the server's host",
              "Finding: synack_bad_ack, SYN-ACK acknowledges the wrong number"]
    places = [lines.index(find(lines, start)) for start in starts]
    assert places == list(range(len(starts)))


def test_each_step_says_what_came_of_it(wireshark, story):
    trees = dict(wireshark.trees(story))
    for frame, lines in (
            (1, ["Three steps: frames 1, 2, 3", "Step: 1, answered in frame 2 after 30.5 ms",
                 "SYN-ACK in: 2, acknowledged in frame 3 after 0.12 ms", "ACK in: 3"]),
            (3, ["Three steps: frames 1, 2, 3", "SYN in: 1, answered in frame 2 after 30.5 ms",
                 "SYN-ACK in: 2, acknowledged in frame 3 after 0.12 ms", "Step: 3"]),
            (4, ["Three steps: frames 1, 2, 3", "SYN in: 1", "SYN-ACK in: 2", "ACK in: 3"]),
            (5, ["Three steps: frames 5, -, -", "Step: 1, refused in frame 6"]),
            (7, ["Three steps: frames 7, -, -", "Step: 1, never answered"]),
            (12, ["Three steps: frames 7, -, -", "SYN in: 7, never answered"])):
        assert trees[frame][1:1 + len(lines)] == lines


def test_a_single_pass_promises_nothing(wireshark, story):
    trees = dict(wireshark.trees(story, options=()))
    assert trees[1][:3] == ["TCP Handshake: step 1 of 3, the client's SYN, ISN 4321", "Three steps: frames 1, -, -",
                            "Step: 1"]
    assert trees[2][:3] == ["TCP Handshake: the server's SYN-ACK acknowledges 4322 = 4321 + 1",
                            "Three steps: frames 1, -, -", "SYN in: 1"]
    assert trees[3][1:3] == ["Three steps: frames 1, 2, 3", "SYN in: 1, answered in frame 2 after 30.5 ms"]


def test_states_before_and_after(wireshark, story):
    trees = dict(wireshark.trees(story))
    assert [[find(trees[frame], f"{who} state: ") for who in ("Client", "Server")] for frame in (1, 2, 3, 4, 6)] == [
        ["Client state: SYN-SENT, was CLOSED", "Server state: SYN-RECEIVED, was LISTEN"],
        ["Client state: ESTABLISHED, was SYN-SENT", "Server state: SYN-RECEIVED"],
        ["Client state: ESTABLISHED", "Server state: ESTABLISHED, was SYN-RECEIVED"],
        ["Client state: ESTABLISHED", "Server state: ESTABLISHED"],
        ["Client state: CLOSED, was SYN-SENT", "Server state: CLOSED, was SYN-RECEIVED"]]


def test_lines_that_say_nothing_are_hidden_but_filter(wireshark, story):
    lines = dict(wireshark.trees(story))[2]
    for words in ("off by", "ECN", "Fast Open", "Blame", "SYNs sent"):
        assert not [line for line in lines if words in line]
    assert 2 in wireshark.matching(story, 'tcphs.ack.delta == 0 && tcphs.offer.ecn == "none" && tcphs.syn_count == 1 '
                                          '&& tcphs.offer.fast_open == 0 && tcphs.blame == "none"')


def test_how_it_closed_is_told_of_connections_only(wireshark, story):
    trees = dict(wireshark.trees(story))
    assert find(trees[3], "Closed: ") == "Closed: open, not before the capture ended"
    assert find(trees[5], "Closed: ") == "Closed: rst, by RST"
    assert not [line for line in trees[7] if line.startswith("Closed")]
    assert wireshark.matching(story, 'tcphs.reason == "unanswered" && tcphs.closed == "open"') == [7, 11, 12]


def test_a_syn_that_was_answered_at_its_second_try_says_so(wireshark, capture):
    packets = handshake(2)
    path = capture([segment(0, "client", "S", 4321), segment(1, "client", "S", 4321), *packets[1:], other(30)])
    heads = {frame: lines[0] for frame, lines in wireshark.trees(path)}
    assert heads[1].endswith("ISN 4321, answered in frame 3, 1.031 s after the 2nd try, complete")
    assert heads[2] == "TCP Handshake: the client's SYN again, 2nd, complete"


def test_a_segment_without_flags_is_called_so(wireshark, capture):
    head = wireshark.trees(capture([segment(0, "client", "", 5), other(30)]))[0][1][0]
    assert head == "TCP Handshake: the client's segment without flags, out of place, malformed (bad_flags)"


def test_an_icmp_error_is_told_in_its_headline(wireshark, layers):
    heads = [lines[0] for _, lines in wireshark.trees(layers) if "Handshake: ICMP" in lines[0]]
    assert heads == ["TCP Handshake: ICMP error, administratively prohibited, says 203.0.113.1 of the SYN "
                     "(ICMP type 3, code 13)"]


def test_a_rst_that_answers_a_bad_ack_is_right(wireshark, story):
    """RFC 9293 3.10.7.3: its sequence number is the unacceptable acknowledgment."""
    row = wireshark.fields(story, "tcphs.seq.expected", "tcphs.seq.delta", "tcphs.arithmetic")[9]
    assert [row[name] for name in ("tcphs.seq.expected", "tcphs.seq.delta", "tcphs.arithmetic")] == \
        [["300"], ["0"], ["seq 300"]]


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


def test_findings_have_the_severity_of_their_rule(wireshark, story):
    assert wireshark.matching(story, 'tcphs.finding.severity == "error"') == [9]
    assert wireshark.matching(story, 'tcphs.finding.severity == "warn"') == [7]
    assert not [line for line in dict(wireshark.trees(story))[9] if line == "Severity: error"]


def test_words_filter_and_print_as_words(wireshark, story):
    assert wireshark.matching(story, 'tcphs.verdict in {"half_open", "incomplete"}') == [5, 6, 7, 11, 12]
    assert wireshark.matching(story, 'tcphs.server.state == "ESTABLISHED"') == [3, 4]
    assert wireshark.matching(story, "tcphs.ack.delta != 0") == [9]
    assert wireshark.matching(story, "tcphs.step == 2") == [2]
    assert wireshark.matching(story, "tcphs.rtt.total > 0.03 && tcphs.rtt.total < 0.04") == [1, 2, 3]


def test_info_column(wireshark, story):
    lines = wireshark.tshark("-2", "-r", story).splitlines()
    marks = [re.findall(r"\[(?:\d/3|SYN|bad|refused|copy|no answer)[^\]]*\]", re.sub(r"\[SYN(, ACK)?\]", "", line))
             for line in lines]
    assert marks == [["[1/3]"], ["[2/3]"], ["[3/3]"], [], ["[1/3]"], ["[refused]"], ["[1/3]", "[no answer to the SYN]"],
                     ["[1/3]"], ["[bad ack: 300, expected 301]"], [], ["[SYN again, 2nd]"], ["[SYN again, 3rd]"], []]
    assert "TCP Handshake" not in "".join(lines)
    assert " [1/3] 49152 \u2192 80 [SYN] " in lines[0], "a mark at the end is not seen in a narrow column"
    one_pass = wireshark.tshark("-r", story).splitlines()
    assert one_pass[:6] + one_pass[7:] == lines[:6] + lines[7:] and "no answer" not in one_pass[6]
    assert "/3]" not in wireshark.tshark("-2", "-o", "tcphs.info_marks:FALSE", "-r", story)


def columns_of(wireshark, path, options):
    """{frame: its Info}, as tshark lists it: the column's field has another name in each version."""
    rows = [line.split("\t") for line in wireshark.tshark(*options, "-T", "tabs", "-r", path).splitlines()]
    return {int(row[0]): row[-1] for row in rows if row[0].strip().isdigit()}


def marks_of(wireshark, path, options):
    """{frame: (its marks, the phases of its layers, its steps)}."""
    plain = columns_of(wireshark, path, (*options, "-o", "tcphs.info_marks:FALSE"))
    shown, found = columns_of(wireshark, path, options), {}
    for row in wireshark.fields(path, "tcphs.phase", "tcphs.step", options=options):
        marked, unmarked = shown[row["frame"]], plain[row["frame"]]
        assert marked.endswith(unmarked)
        marks = re.findall(r"\[[^\]]*\]", marked[:len(marked) - len(unmarked)])
        found[row["frame"]] = (marks, row["tcphs.phase"], row["tcphs.step"])
    return found


def test_marks_are_on_handshake_segments_only_and_stay(wireshark, everything):
    """Over all captures: never on what follows a handshake, and what one pass marks, two passes mark, too."""
    final = marks_of(wireshark, everything, ("-2",))
    assert sum(bool(marks) for marks, _, _ in final.values()) > 500
    ordinary = {"data", "pure_ack", "keep_alive", "fin", "ack_of_fin"}
    for frame, (marks, phases, steps) in final.items():
        assert not marks or steps or set(phases) - ordinary, (frame, marks, phases)
    for frame, (marks, _, _) in marks_of(wireshark, everything, ()).items():
        assert set(marks) <= set(final[frame][0]), frame


def test_a_copy_of_a_syn_is_no_try(wireshark, capture):
    """A mirror port delivers a frame twice: same IP id, at once."""
    path = capture(handshake() + [other(30)], sync=True)
    frames = rdpcap(str(path))
    frames.insert(1, frames[0])
    wrpcap(str(path), frames)
    rows = wireshark.tshark("-2", "-r", path).splitlines()
    assert [re.search(r"TCP \d+ (\[[^\]]*\])", row).group(1) for row in rows[:4]] == \
        ["[1/3]", "[copy]", "[2/3]", "[3/3]"]
    assert wireshark.trees(path)[1][1][0] == "TCP Handshake: copy of the client's SYN, complete"


def test_stream_is_always_that_of_tcp(wireshark, capture):
    """A reused pair of ports, an ICMP error, segments that belong nowhere."""
    ends = (CLIENT, SERVER)
    packets = [*handshake(), segment(1, "client", "R", 4322), *handshake(2, ends=ends, client=99_999, server=5),
               segment(3, "server", "S", 1), segment(4, (("192.0.2.33", 3), SERVER), "A", 5, 6), other(30)]
    for row in wireshark.fields(capture(packets), "tcphs.stream", "tcp.stream"):
        assert row["tcphs.stream"] == row["tcp.stream"]


def save(wireshark, path, display_filter, folder):
    """What tshark writes of the frames that pass a display filter, and of those that they depend on."""
    out = folder / "saved.pcapng"
    out.unlink(missing_ok=True)
    out.touch()
    out.chmod(0o666)
    wireshark.tshark("-2", "-r", path, "-Y", display_filter, "-w", out)
    return out


def test_partners_are_saved_with_a_filtered_frame(wireshark, story, capture, folder):
    saved = save(wireshark, story, "tcphs.step == 3", folder)
    steps = [row["tcphs.step"] for row in wireshark.fields(saved, "tcphs.step")]
    if steps == [[]]:
        pieces = [Ether() / piece for piece in fragment(IP(id=7) / UDP(sport=9, dport=9) / bytes(999), fragsize=512)]
        saved = save(wireshark, capture(pieces, keep_ids=True), "udp", folder)
        if len(wireshark.fields(saved)) == 1:
            pytest.skip(f"tshark {wireshark.version()} saves no frame that another depends on: of a datagram in IP "
                        "fragments it writes the last one alone")
    assert steps == [["1"], ["2"], ["3"]]
