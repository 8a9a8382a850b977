# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_ladder.py - --ladder draws one connection: what was sent, what adds up, what is missing."""

import re
from pathlib import Path

import pytest

from cli_captures import Talk, complete, flood, pcap, wrong_ack

SYNTHETIC = Path(__file__).resolve().parents[2] / "captures/synthetic"


def draw(tcphs, capture, **environment):
    """The lines of the only connection's ladder."""
    done = tcphs("--fail-on", "never", "--ladder", "0", str(capture), env={"LC_ALL": "C", **environment})
    assert (done.status, done.err) == (0, "")
    return done.out.splitlines()


def arrows(lines):
    """What stands between the walls of each rung: '1: SYN >', '< 2: SYN-ACK', 'x 2: SYN-ACK'."""
    found = []
    for line in lines:
        rung = re.search(r"\|([<x?]?)[-.]+ (.+?) [-.]+([>x?]?)\|", line)
        if rung:
            found.append(" ".join(part for part in rung.groups() if part))
    return found


def after(lines, start, text):
    """The place of the first line from |start| on that has |text| in it."""
    for place in range(start, len(lines)):
        if text in lines[place]:
            return place
    raise AssertionError(f"no {text!r} after line {start} of:\n" + "\n".join(lines))


def test_a_wrong_acknowledgment_stands_where_it_happened(tcphs):
    lines = draw(tcphs, SYNTHETIC / "textbook/wrong-ack.pcap")
    assert lines[1].startswith("malformed, bad_arithmetic: ") and "Blame: server." in lines[1]
    assert arrows(lines) == ["1: SYN >", "< SYN-ACK", "RST >"]
    synack = after(lines, 0, "SYN-ACK -")
    assert re.match(r" *0\.030000 +2 ", lines[synack])
    assert "seq 7000 = ISN, ack 4321, expected 4322 = 4321 + 1 (SYN), off by -1" in lines[synack + 1]
    finding = after(lines, synack, "error synack_bad_ack: SYN-ACK acknowledges 4321")
    assert finding < after(lines, synack, "- RST -")


def test_a_handshake_shows_states_and_sums(tcphs, write):
    lines = draw(tcphs, write("a.pcap", complete()))
    assert arrows(lines)[:4] == ["1: SYN >", "< 2: SYN-ACK", "3: ACK >", "PSH-ACK >"]
    syn = after(lines, 0, "1: SYN")
    assert re.search(r"SYN-SENT +\|.*\| SYN-RECEIVED$", lines[syn])
    assert "seq 4321 = ISN" in lines[syn + 1]
    assert "ack 4322 = 4321 + 1 (SYN)" in lines[after(lines, syn, "2: SYN-ACK") + 1]
    ack = after(lines, syn, "3: ACK")
    assert lines[ack].endswith("| ESTABLISHED")
    assert "5 octets" in lines[after(lines, ack, "PSH-ACK") + 1]
    assert "(FIN)" in "\n".join(lines[ack:])


@pytest.mark.parametrize("capture, expected", [
    ("syn_again/*.pcap", ["1: SYN >", "SYN >"]),
    ("half_open/*.pcap", ["< SYN-ACK", "3: ACK x"]),
    ("refused/*.pcap", ["1: SYN >", "< RST-ACK"]),
    ("unanswered/*.pcap", ["x 2: SYN-ACK"]),
    ("midstream/*.pcap", ["1: SYN ?", "? 2: SYN-ACK", "3: ACK ?"]),
    ("one_sided/*.pcap", ["? 2: SYN-ACK"]),
    ("simultaneous/*.pcap", ["1: SYN >", "< SYN"]),
    ("fast_open/*.pcap", ["1: SYN >", "< 2: SYN-ACK"]),
])
def test_every_kind_of_opening_has_its_picture(tcphs, capture, expected):
    """In some capture of each folder these arrows stand one below the other."""
    pictures = [arrows(draw(tcphs, path)) for path in sorted(SYNTHETIC.glob(capture))]
    assert pictures
    assert any(expected == picture[at:at + len(expected)] for picture in pictures for at in range(len(picture)))


def test_data_in_a_syn_is_counted(tcphs):
    """Fast Open: the SYN-ACK acknowledges the SYN and the data in it."""
    text = "\n".join(line for path in sorted((SYNTHETIC / "fast_open").glob("*.pcap")) for line in draw(tcphs, path))
    assert re.search(r"ack (\d+) = \d+ \+ 1 \(SYN\) \+ \d+ \(data in SYN\)", text)


def test_a_long_connection_is_drawn_by_its_opening_and_its_end(tcphs, write):
    talk = Talk().handshake()
    for number in range(500):
        talk.segment(1 + number / 1000, "PA", 4322 + number, 7001, b"x", [("Timestamp", (13, 23))])
    lines = draw(tcphs, write("a.pcap", talk.segment(2, "R", 4822).end().pcap()))
    assert arrows(lines)[:3] == ["1: SYN >", "< 2: SYN-ACK", "3: ACK >"]
    assert "... 495 more segments ..." in "\n".join(lines)
    assert arrows(lines)[-1] == "RST >"
    assert len(lines) < 60


def test_the_first_input_that_has_the_stream_is_drawn(tcphs, write):
    first = write("first.pcap", complete())
    second = write("second.pcap", pcap(flood(3)))
    third = write("third.pcap", pcap(flood(4)))
    done = tcphs("--ladder", "2", first, second, third)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("second.pcap, stream 2\n")
    assert done.out.count("stream") == 1
    for jobs in ("1", "3"):
        assert tcphs("--jobs", jobs, "--ladder", "2", first, second, third).out == done.out


def test_a_stream_shows_all_its_connections_or_one(tcphs):
    """Ports that are used again make incarnations of one stream (some captures have them)."""
    capture = str(SYNTHETIC / "port_reuse")
    lines = [line for line in tcphs("--format", "ndjson", capture).lines() if line["type"] == "connection"]
    again = next(line for line in lines if line["incarnation"] == 1)
    name, stream = again["file"], again["stream"]
    whole = tcphs("--fail-on", "never", "--ladder", str(stream), name)
    second = tcphs("--fail-on", "never", "--ladder", f"{stream}.1", name)
    assert whole.out.count(f"{name}, stream {stream}") == 2
    assert second.out.startswith(f"{name}, stream {stream}, incarnation 1\n")
    assert whole.out.endswith("\n" + second.out)


def test_a_flood_does_not_push_the_wanted_connection_out(tcphs, write):
    """Ladders have a budget; the one that was asked for is drawn, whatever came before it."""
    frames = flood(1000)
    talk = Talk(sport=7, dport=7).handshake(2.0).end(20.0)
    done = tcphs("--ladder", "1000", write("a.pcap", pcap(frames + talk.frames)))
    assert arrows(done.out.replace("─", "-").replace("▶", ">").replace("◀", "<").replace("│", "|").splitlines()) == \
        ["1: SYN >", "< 2: SYN-ACK", "3: ACK >"]


@pytest.mark.parametrize("arguments, status, words", [
    (["--ladder", "7", "a.pcap"], 2, ["--ladder 7", "is 0"]),
    (["--ladder", "0.3", "a.pcap"], 2, ["--ladder 0.3"]),
    (["--ladder", "seven", "a.pcap"], 2, ["--ladder", '"seven"', "7.1"]),
    (["--ladder", "1.", "a.pcap"], 2, ["--ladder", '"1."']),
    (["--ladder", "-1", "a.pcap"], 2, ["--ladder", '"-1"']),
    (["--ladder", "4294967296", "a.pcap"], 2, ["--ladder", '"4294967296"']),
    (["--ladder", "0", "--format", "ndjson", "a.pcap"], 2, ["--ladder", "--format", "--report"]),
    (["--ladder", "0", "empty.pcap"], 2, ["--ladder 0", "no TCP connection"]),
])
def test_a_connection_that_is_not_there(tcphs, write, arguments, status, words):
    write("a.pcap", complete())
    write("empty.pcap", Talk().end().pcap())
    done = tcphs(*arguments)
    assert (done.status, done.out) == (status, "")
    sentence = done.complaint()
    for word in words:
        assert word in sentence


def test_a_damaged_input_may_have_lost_it(tcphs, write):
    """Not the user's mistake, perhaps: the input was not read to its end."""
    done = tcphs("--ladder", "5", write("a.pcap", complete()[:-3]))
    assert done.status == 3 and done.out == ""
    assert len(done.err.splitlines()) == 2


def test_other_reports_are_written_beside_it(tcphs, write, tmp_path):
    name = write("a.pcap", complete())
    done = tcphs("--ladder", "0", "--report", "ndjson=all.ndjson", name)
    assert (done.status, done.err) == (0, "")
    assert (tmp_path / "all.ndjson").read_text() == tcphs("--format", "ndjson", name).out


@pytest.mark.parametrize("columns", [60, 80, 100, 124, 125, 140, 200])
def test_nothing_runs_over_the_edge_of_the_terminal(on_terminal, write, columns):
    _, text = on_terminal(columns, "--ladder", "0", write("a.pcap", wrong_ack()))
    assert "\033[1;31mmalformed\033[0m" in text
    plain = re.sub(r"\033\[[0-9;]*m", "", text)
    assert max(len(line) for line in plain.splitlines()) <= columns
    assert "│◀─" in plain and "\033" not in plain
    # In a wide terminal the numbers stand beside the arrow.
    beside = re.search(r"1: SYN .*▶│.*seq 4321 = ISN", plain) is not None
    assert beside == (columns >= 125)


def test_no_colour_where_none_is_wanted(on_terminal, write):
    _, text = on_terminal(80, "--ladder", "0", write("a.pcap", wrong_ack()), env={"NO_COLOR": "1"})
    assert "SYN-ACK" in text and "\033" not in text


def test_ascii_where_the_locale_has_no_more(tcphs, write):
    name = write("a\u202e\x1b.pcap", wrong_ack())
    for locale in ("C", "C.UTF-8"):
        text = tcphs("--ladder", "0", name, env={"LC_ALL": locale}).out
        assert all(character == "\n" or character.isprintable() for character in text)
        assert text.isascii() == (locale == "C")
