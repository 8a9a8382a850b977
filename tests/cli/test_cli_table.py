# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_table.py - the table and the counts, as a person sees them: piped, and on terminals of several widths."""

import re

import pytest

from cli_captures import Talk, complete, refused, wrong_ack

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def mixed():
    """One capture with a connection of every kind, the worst not first."""
    talk = Talk().handshake().shutdown()
    talk.frames += Talk(sport=50001).syn(2).refusal(2.01).frames
    talk.frames += Talk(sport=50002).syn(3).synack(3.03, ack=4321).segment(3.04, "R", 4321).frames
    talk.frames += Talk(sport=50003).syn(4).synack(4.03).frames
    talk.frames += Talk(sport=50004).segment(5, "A", 5, 9, b"x").segment(5.1, "A", 9, 6, back=True).frames
    return talk.end(60)


def test_one_line_per_connection_worst_first(tcphs, write):
    done = tcphs(write("a.pcap", mixed().pcap()))
    lines = done.out.splitlines()
    assert lines[0].split() == ["VERDICT", "REASON", "BLAME", "CLIENT", ">", "SERVER", "STEPS", "RTT", "FINDING"]
    assert [line.split()[:2] for line in lines[1:6]] == [
        ["malformed", "bad_arithmetic"], ["half_open", "no_final_ack"], ["incomplete", "refused"],
        ["unknown", "midstream"], ["complete", "three_way"]]
    assert lines[6] == ""
    assert lines[7] == ("5 connections in 1 file, 18 frames: 1 malformed, 1 half_open, 1 incomplete, 1 unknown, "
                        "1 complete")
    assert len(lines) == 8


def test_a_row_says_who_which_steps_and_how_long(tcphs, write):
    rows = tcphs(write("a.pcap", mixed().pcap())).out.splitlines()
    assert re.fullmatch(r"complete +three_way +none +192\.0\.2\.1:49152 > 192\.0\.2\.9:80 +1 2 3 +30\.6 ms", rows[5])
    malformed = rows[1]
    assert "192.0.2.1:50002 > 192.0.2.9:80" in malformed
    assert "synack_bad_ack, frame 12: " in malformed and "4322" in malformed
    half_open = rows[2]
    assert re.search(r" 14 15 - +- ", half_open)


def test_columns_are_aligned(tcphs, write):
    rows = tcphs(write("a.pcap", mixed().pcap())).out.splitlines()
    for title in ("REASON", "BLAME", "CLIENT > SERVER", "STEPS", "FINDING"):
        at = rows[0].index(title)
        for row in rows[1:6]:
            assert len(row) < at or (row[at - 1] == " " and row[at:at + 1] != " "), (title, row)


def test_complete_connections_with_nothing_to_say_come_last(tcphs, write):
    talk = Talk().handshake().shutdown()
    talk.frames += Talk(sport=50001).syn(2).syn(3).synack(3.03).ack(3.04).frames
    rows = tcphs(write("a.pcap", talk.end(9).pcap())).out.splitlines()
    assert "50001" in rows[1] and "syn_again" in rows[1]
    assert "49152" in rows[2]


def test_several_files_have_headings(tcphs, write):
    write("d/a.pcap", complete())
    write("d/b.pcap", Talk().end().pcap())
    write("d/c.pcap", refused())
    rows = tcphs("d").out.splitlines()
    assert "d/a.pcap" in rows
    assert "d/b.pcap  no TCP connection" in rows
    assert rows[rows.index("d/c.pcap") + 1].startswith("incomplete  refused")
    assert rows[-1] == "2 connections in 3 files, 13 frames: 1 incomplete, 1 complete"


def test_one_file_has_none(tcphs, write):
    assert "a.pcap" not in tcphs(write("a.pcap", complete())).out


def test_no_connection(tcphs, write):
    done = tcphs(write("a.pcap", Talk().end().pcap()))
    assert done.out == "0 connections in 1 file, 1 frame\n"


@pytest.mark.parametrize("columns", [56, 66, 80, 100, 120, 140, 200])
def test_fits_the_terminal_and_loses_nothing(on_terminal, tcphs, write, columns):
    talk = mixed()
    talk.frames += Talk(client="2001:db8:85a3:8d3:1319:8a2e:370:7348", server="2001:db8:85a3:8d3:1319:8a2e:370:7349",
                        sport=50005, dport=65535).syn(61).refusal(61.01).frames
    name = write("a.pcap", talk.end(70).pcap())
    _, drawn = on_terminal(columns, name)
    rows = COLOUR.sub("", drawn).splitlines()
    assert max(len(row) for row in rows) <= columns
    assert all(row == row.rstrip() for row in rows)
    if columns >= 100:
        assert "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:50005 > [2001:db8:85a3:8d3:1319:8a2e:370:7349]:65535" in drawn
    piped, terminal = tcphs(name).out, " ".join(COLOUR.sub("", drawn).split())
    for finding in re.findall(r"\w+, frame \d+: .*", piped):
        for word in finding.split():
            assert word in terminal


def test_colour_on_a_terminal_only(on_terminal, tcphs, write):
    name = write("a.pcap", mixed().pcap())
    assert COLOUR.search(on_terminal(120, name)[1])
    assert not COLOUR.search(on_terminal(120, name, env={"NO_COLOR": "1"})[1])
    assert not COLOUR.search(on_terminal(120, name, env={"TERM": "dumb"})[1])
    assert not COLOUR.search(on_terminal(120, "--color=never", name)[1])
    assert not COLOUR.search(tcphs(name).out)
    assert COLOUR.search(tcphs("--color=always", name).out)


def test_colour_changes_no_letter(tcphs, write):
    name = write("a.pcap", mixed().pcap())
    assert COLOUR.sub("", tcphs("--color=always", name).out) == tcphs(name).out


def test_a_narrow_row_still_begins_with_what_went_wrong(on_terminal, write):
    _, drawn = on_terminal(60, write("a.pcap", mixed().pcap()), env={"NO_COLOR": "1"})
    assert drawn.splitlines()[1].split()[:2] == ["malformed", "bad_arithmetic"]
    assert "    steps 14 15 -" in drawn.splitlines()


def test_many_small_files_share_their_columns(tcphs, write):
    for number in range(40):
        write(f"d/{number:02}.pcap", refused() if number % 2 else wrong_ack())
    rows = tcphs("d").out.splitlines()
    assert sum(row.startswith("VERDICT") for row in rows) == 1
    starts = {row.index("192.0.2.1") for row in rows if "192.0.2.1" in row}
    assert len(starts) == 1


def test_summary_counts_each_input_and_the_total(tcphs, write):
    write("d/a.pcap", mixed().pcap())
    write("d/b.pcap", refused())
    done = tcphs("--format", "summary", "d")
    first, second, total = re.split(r"^(?=\S)", done.out, flags=re.M)[1:]
    assert first.startswith("d/a.pcap: 18 frames, 17 TCP segments, 5 connections\n")
    assert second.startswith("d/b.pcap: 3 frames, 2 TCP segments, 1 connection\n")
    assert total.startswith("total of 2 files: 21 frames, 19 TCP segments, 6 connections\n")
    counts = dict(re.findall(r"^ +(\w+) +(\d+)", total, re.M))
    expected = {"malformed": "1", "bad_arithmetic": "1", "half_open": "1", "no_final_ack": "1", "incomplete": "2",
                "refused": "2", "unknown": "1", "midstream": "1", "complete": "1", "three_way": "1",
                "synack_bad_ack": "1", "rst_refused": "2"}
    assert expected.items() <= counts.items()
    assert re.search(r"^ +rst_refused +2  note$", total, re.M)


def test_summary_of_one_input_has_no_total(tcphs, write):
    assert "total" not in tcphs("--format", "summary", write("a.pcap", refused())).out
