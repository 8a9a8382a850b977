# SPDX-License-Identifier: GPL-2.0-or-later
"""One pass, two passes, and the random order of a window give one truth; a single pass says less, never otherwise."""
import random
import re
from collections import Counter

import fields
from plugin_captures import handshake, other, segment
from plugin_window import printed, shown


def names_of(wireshark):
    """Every field of ours, rules included."""
    names = [line.split("\t")[2] for line in wireshark.tshark("-G", "fields").splitlines()
             if re.match(r"F\t[^\t]*\ttcphs\.", line)]
    assert len(names) > 100
    return names


def test_one_pass_says_less_but_nothing_else(wireshark, everything):
    """In every TCP layer of all captures one behind the other, where connections of many captures meet."""
    names = names_of(wireshark)
    final = wireshark.fields(everything, *names)
    assert len(final) > 500
    for early, late in zip(wireshark.fields(everything, *names, options=()), final):
        for name in names:
            more = Counter(early[name]) - Counter(late[name])
            assert not more, f"frame {early['frame']}: {name} was {early[name]}, is {late[name]}"


def test_one_pass_contradicts_no_field_of_any_capture(wireshark):
    """The same of all captures side by side, where no connection meets another; and each field is shown by some.

    That each rule is raised by some capture is tested with the scripts.
    """
    parade, unshown = fields.Parade(wireshark), {f"tcphs.{rule.word}" for rule in fields.tables()[0]}
    # From 4.4 on a connection that begins anew is another stream.
    unshown |= {"tcphs.incarnation"} if wireshark.stream_rule() == "ws44" else set()
    for name in names_of(wireshark):
        same, absent, other = parade.counts(name)
        assert other == 0, name
        assert same + absent > 0 or name in unshown, f"{name} is in no capture, so nothing tests it"


def test_one_pass_knows_what_cannot_change(wireshark, story):
    rows = wireshark.fields(story, "tcphs.verdict", "tcphs.finding", "tcphs.phase", "tcphs.arithmetic", options=())
    assert [row["tcphs.phase"] for row in rows[:4]] == [["syn"], ["synack"], ["ack"], ["data"]]
    assert all(row["tcphs.arithmetic"] for row in rows[:4])
    assert "synack_bad_ack" in rows[9 - 1]["tcphs.finding"]
    assert rows[0]["tcphs.verdict"] == []


def test_one_pass_knows_the_handshake_once_it_is_over(wireshark, story):
    """Until then the server's ISN and the step of its SYN-ACK could be another one's; the client's can not."""
    names = ["tcphs.step", "tcphs.isn.client", "tcphs.isn.server", "tcphs.synack_in", "tcphs.rtt.total",
             "tcphs.agreed.sack", "tcphs.client.state"]
    rows = wireshark.fields(story, *names, options=())[:3]
    assert [[bool(row[name]) for name in names] for row in rows] == \
        [[True, True, False, False, False, False, True], [False, True, False, False, False, False, True], [True] * 7]


def test_two_passes_know_the_end(wireshark, story):
    rows = wireshark.fields(story, "tcphs.verdict", "tcphs.reason")
    assert [(row["tcphs.verdict"] + row["tcphs.reason"]) for row in rows] == \
        [["complete", "three_way"]] * 4 + [["incomplete", "refused"]] * 2 + [["incomplete", "unanswered"]] + \
        [["malformed", "bad_arithmetic"]] * 3 + [["incomplete", "unanswered"]] * 2 + [[]]


def test_frames_that_are_not_tcp_move_the_end(wireshark, capture):
    silent = segment(0, "client", "S", 1)
    assert wireshark.fields(capture([silent, other(2)]), "tcphs.reason")[0]["tcphs.reason"] == ["capture_ended"]
    assert wireshark.fields(capture([silent, other(4)]), "tcphs.reason")[0]["tcphs.reason"] == ["unanswered"]


def test_the_window_shows_what_two_passes_print(wireshark, sharkd, story):
    frames = list(range(1, 14))
    random.Random(4321).shuffle(frames)
    expected = printed(wireshark, story)
    assert expected
    assert shown(sharkd, story, frames + frames) == expected


def test_files_one_after_the_other_do_not_mix(wireshark, sharkd, story, capture):
    """Another file, the same again, a shorter one: nothing of the file before may be left."""
    short = capture([segment(0, "client", "SA", 7000, 4322), other(9)])
    for path, last in ((story, 13), (short, 2), (story, 13), (story, 13), (short, 2)):
        assert shown(sharkd, path, range(last, 0, -1)) == printed(wireshark, path)


def test_filter_in_the_window(sharkd, story):
    sharkd.ask("load", file=str(story))
    for _ in range(2):
        frames = sharkd.ask("frames", filter='tcphs.verdict == "malformed"')
        assert [frame["num"] for frame in frames] == [8, 9, 10]
        frames = sharkd.ask("frames", filter='tcphs.reason in {"refused", "unanswered"}')
        assert [frame["num"] for frame in frames] == [5, 6, 7, 11, 12]


def test_read_filter_gives_dropped_numbers_to_others(wireshark, capture):
    """-2 -R drops frames after the first pass and numbers the rest anew; the handshake before must not be mixed up."""
    packets = [other(0), *handshake(1), other(2), segment(3, "client", "PA", 4322, 7001, b"hello"), other(30)]
    path = capture(packets)
    rows = wireshark.fields(path, "tcphs.phase", "tcphs.syn_in", "tcphs.synack_in", "tcphs.ack_in", "tcphs.verdict",
                            options=("-2", "-R", "tcp.flags.ack == 1"))
    assert [row["tcphs.phase"] for row in rows] == [["synack"], ["ack"], ["data"]]
    assert all(row["tcphs.verdict"] == ["complete"] for row in rows)
    assert all(row["tcphs.syn_in"] == [] for row in rows), "a link to a frame that was dropped"
    assert [row["tcphs.synack_in"] for row in rows] == [[], ["1"], ["1"]]
    assert [row["tcphs.ack_in"] for row in rows] == [["2"], [], ["2"]]


def test_read_filter_on_our_own_fields(wireshark, story):
    """It filters by what a single pass knows."""
    rows = wireshark.fields(story, "tcphs.stream", options=("-2", "-R", "tcphs.synack_bad_ack || tcphs.step == 3"))
    assert [row["tcphs.stream"] for row in rows] == [["0"], ["3"]]


def test_read_filter_that_keeps_no_segment(wireshark, story):
    assert [row["tcphs.phase"] for row in wireshark.fields(story, "tcphs.phase", options=("-2", "-R", "udp"))] == [[]]


def test_final_verdicts_after_a_single_pass(wireshark, story):
    out = wireshark.tshark("-q", "-z", "tcphs,verdicts", "-r", story)
    lines = [line.split()[1:3] for line in out.splitlines() if "->" in line and line.strip()[0].isdigit()]
    assert lines == [["complete", "three_way"], ["incomplete", "refused"], ["incomplete", "unanswered"],
                     ["malformed", "bad_arithmetic"]]
    assert "4 connections, 1 complete, 2 incomplete, 1 malformed" in out


def test_final_verdicts_of_some_connections(wireshark, story):
    out = wireshark.tshark("-q", "-z", "tcphs,verdicts,tcp.port == 40002", "-r", story)
    assert "1 connection, 1 incomplete" in out
    assert "192.0.2.1:40002 -> 192.0.2.9:80" in out
