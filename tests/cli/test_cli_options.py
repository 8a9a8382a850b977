# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_options.py - what can be asked on the command line, and what a slip of the finger gets for an answer."""

import re

import pytest

from cli_captures import Talk, complete, refused


def test_help_names_every_option_and_fits_a_terminal(tcphs):
    done = tcphs("--help")
    assert done.status == 0 and done.err == ""
    for option in ("--format", "--fail-on", "--severity", "--horizon", "--linger", "--forget", "--slow",
                   "--stream-rule", "--checksums", "--color", "--explain", "--list-rules", "--version"):
        assert option in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80
    assert len(done.out.splitlines()) <= 48


def test_version(tcphs):
    done = tcphs("--version")
    assert done.status == 0
    assert re.fullmatch(r"tcphs \d+\.\d+\.\d+\n", done.out)


@pytest.mark.parametrize("arguments, words", [
    ([], ["no input", "--help"]),
    (["--frobnicate", "x"], ["--frobnicate", "--help"]),
    (["--write", "-", "x"], ["--write", "/dev/stdout"]),
    (["--fromat", "table", "x"], ["--fromat", "did you mean --format?"]),
    (["--fail_on", "refused", "x"], ["did you mean --fail-on?"]),
    (["--Horizont=3", "x"], ["did you mean --horizon?"]),
    (["--stat", "x"], ["did you mean --stats?"]),
    (["--format", "json", "x"], ["--format", "json", "table", '"ndjson"']),
    (["--stream-rule", "ws41", "x"], ["--stream-rule", "ws41", "ws40"]),
    (["--color", "sometimes", "x"], ["--color", "auto"]),
    (["--horizon", "-1", "x"], ["--horizon", "-1", "seconds"]),
    (["--horizon", "3s", "x"], ["--horizon", "3s"]),
    (["--linger", "nan", "x"], ["--linger", "nan"]),
    (["--forget", "1e30", "x"], ["--forget", "1e30"]),
    (["--slow", "", "x"], ["--slow"]),
    (["--fail-on", "halfopen", "x"], ["halfopen", '"half_open"']),
    (["--fail-on", "complete,Refuse", "x"], ["Refuse", '"refused"']),
    (["--fail-on", "synack-bad-ack", "x"], ['"synack_bad_ack"']),
    (["--fail-on", "", "x"], ["--fail-on", "never"]),
    (["--fail-on", "never,refused", "x"], ["never", "alone"]),
    (["--severity", "syn_again", "x"], ["--severity", "RULE=LEVEL"]),
    (["--severity", "syn_agian=warn", "x"], ['"syn_again"']),
    (["--severity", "syn_again=fatal", "x"], ["chat", "note", "warn", "error"]),
    (["--explain", "unanswerd"], ['"unanswered"']),
    (["--list-rules=html"], ["md"]),
    (["-", "-"], ["standard input", "once"]),
])
def test_wrong_usage_is_one_sentence_and_status_2(tcphs, arguments, words):
    done = tcphs(*arguments)
    assert done.status == 2
    assert done.out == ""
    sentence = done.complaint()
    for word in words:
        assert word in sentence


def test_wrong_usage_escapes_what_was_typed(tcphs):
    sentence = tcphs("--fail-on", "half\x1b[31m_open", "x").complaint()
    assert "\x1b" not in sentence and "\\x1b" in sentence


def rules(tcphs):
    return [line.split()[0] for line in tcphs("--list-rules").out.splitlines()]


def test_list_rules_is_what_fail_on_and_explain_know(tcphs, write):
    ids = rules(tcphs)
    assert {"synack_bad_ack", "syn_unanswered", "peer_lost_state"} <= set(ids)
    assert len(ids) == len(set(ids))
    name = write("a.pcap", complete())
    assert tcphs("--fail-on", ",".join(ids), "--fail-on", "never", name).status == 0
    for rule in ids:
        assert tcphs("--explain", rule).out.count(rule) >= 1


def test_list_rules_as_markdown_has_a_section_for_each(tcphs):
    done = tcphs("--list-rules=md")
    assert done.status == 0
    sections = re.findall(r"^### (\w+)$", done.out, re.M)
    assert sections == rules(tcphs)
    assert "RFC 9293" in done.out


def test_list_rules_shows_the_severity_that_counts(tcphs):
    def severity(*arguments):
        return re.search(r"^syn_again +(\w+) ", tcphs(*arguments, "--list-rules").out, re.M).group(1)

    assert severity() == "note"
    assert severity("--severity", "syn_again=error") == "error"


@pytest.mark.parametrize("option", ["--frobnicate", "-q", "--x", "--" + "format" * 40, "--\x1b[31m"])
def test_no_hint_where_nothing_is_near(tcphs, option):
    sentence = tcphs(option, "x").complaint()
    assert "did you mean" not in sentence and "\x1b" not in sentence


@pytest.mark.parametrize("word, said", [
    ("synack_bad_ack", ["rule", "error", "RFC 9293"]),
    ("half_open", ["verdict", "no_final_ack", "peer_lost_state"]),
    ("refused", ["reason", "incomplete", "server"]),
    ("simultaneous_open", ["reason of the verdict complete", "rule, severity note"]),
])
def test_explain(tcphs, word, said):
    done = tcphs("--explain", word)
    assert done.status == 0 and done.err == ""
    assert done.out.startswith(word)
    for text in said:
        assert text in done.out


def test_horizon_decides_whether_an_answer_was_due(tcphs, write):
    name = write("a.pcap", Talk().syn().end(4.0).pcap())
    reasons = {}
    for horizon in ("3", "3.9", "4.1", "0"):
        (connection, _) = tcphs("--format", "ndjson", "--horizon", horizon, name).lines()
        reasons[horizon] = connection["reason"]
    assert reasons == {"3": "unanswered", "3.9": "unanswered", "4.1": "capture_ended", "0": "unanswered"}


def streams_in_order(done):
    return [line["stream"] for line in done.lines() if line["type"] == "connection"]


def test_linger_decides_when_a_closed_connection_is_reported(tcphs, write):
    """Stream 0 stays open, stream 1 closes at once: it is reported first if its linger ends within the capture."""
    talk = Talk().handshake()
    talk.frames += Talk(sport=50000).handshake(0.1).shutdown(0.2).frames
    name = write("a.pcap", talk.end(30.0).pcap())
    assert streams_in_order(tcphs("--format", "ndjson", "--linger", "10", name)) == [1, 0]
    assert streams_in_order(tcphs("--format", "ndjson", "--linger", "60", name)) == [0, 1]


def test_forget_reports_an_idle_connection_before_the_end(tcphs, write):
    """The half-open attempt of stream 1 is reported first once it is forgotten; else streams come in order."""
    busy = Talk(sport=50000).handshake()
    idle = Talk(sport=50001).syn(0.5)
    busy.frames += idle.frames
    busy.segment(30, "PA", busy.isn + 1, busy.peer_isn + 1, b"x", [("Timestamp", (40, 22))])
    busy.segment(90, "PA", busy.isn + 2, busy.peer_isn + 1, b"x", [("Timestamp", (41, 22))])
    name = write("a.pcap", busy.pcap())

    assert streams_in_order(tcphs("--format", "ndjson", name)) == [0, 1]
    assert streams_in_order(tcphs("--format", "ndjson", "--forget", "70", name)) == [1, 0]


def test_stream_rule_44_splits_where_40_does_not(tcphs, write):
    """From 4.4 on the same SYN after a reset takes a stream number of its own: the next connection's is higher."""
    talk = Talk().syn().refusal().syn(1.0).refusal(1.01)
    talk.frames += Talk(sport=50001).syn(2).refusal(2.01).frames
    name = write("a.pcap", talk.end().pcap())
    assert streams_in_order(tcphs("--format", "ndjson", "--stream-rule", "ws40", name)) == [0, 1]
    assert streams_in_order(tcphs("--format", "ndjson", "--stream-rule", "ws44", name)) == [0, 2]


def test_explanations_need_no_input(tcphs):
    assert tcphs("--explain", "refused", "no-such-file").status == 0
    assert tcphs("no-such-file", "--list-rules").status == 0


def test_double_dash_ends_options(tcphs, write):
    write("--format", refused())
    done = tcphs("--", "--format")
    assert done.status == 1
    assert "refused" in done.out
