# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_status.py - exit statuses and their precedence: 2, 3, 1, 0."""

import pytest

from cli_captures import Talk, complete, refused, wrong_ack


@pytest.mark.parametrize("octets, status", [
    (complete(), 0),
    (refused(), 1),
    (wrong_ack(), 1),
    (Talk().syn().synack().end().pcap(), 1),                # half_open
    (Talk().syn().pcap(), 0),                               # the capture ended: cannot tell
    (Talk().segment(0, "A", 5, 9, b"x").end().pcap(), 0),   # midstream: cannot tell
    (Talk().end().pcap(), 0),                               # no TCP at all
], ids=["complete", "refused", "malformed", "half_open", "capture_ended", "midstream", "no_tcp"])
@pytest.mark.parametrize("form", ["table", "ndjson", "summary"])
def test_default_threshold(tcphs, write, octets, status, form):
    done = tcphs("--format", form, write("a.pcap", octets))
    assert done.status == status
    assert done.err == ""


@pytest.mark.parametrize("words, status", [
    ("never", 0),
    ("incomplete", 1),           # a verdict
    ("refused", 1),              # a reason
    ("rst_refused", 1),          # a rule
    ("half_open,malformed", 0),
    ("half_open, refused", 1),   # blanks do no harm
    ("unanswered", 0),
    ("complete", 0),
])
def test_fail_on(tcphs, write, words, status):
    assert tcphs("--fail-on", words, write("a.pcap", refused())).status == status


def test_fail_on_a_finding_of_a_complete_connection(tcphs, write):
    name = write("a.pcap", Talk().syn().syn(1.0).synack(1.03).ack(1.04).end().pcap())
    assert tcphs(name).status == 0
    assert tcphs("--fail-on", "syn_again", name).status == 1


def test_fail_on_a_word_that_is_reason_and_rule(tcphs, write):
    name = write("a.pcap", Talk().syn().pcap())
    assert tcphs("--fail-on", "capture_ended", name).status == 1


def test_one_bad_file_among_good_ones(tcphs, write):
    write("d/1.pcap", complete())
    write("d/2.pcap", refused())
    write("d/3.pcap", complete())
    assert tcphs("d").status == 1


def test_wrong_usage_goes_before_everything(tcphs, write):
    name = write("a.pcap", refused()[:-3])
    done = tcphs("--fail-on", "nonsense", name, "missing.pcap")
    assert done.status == 2
    assert done.out == ""


def test_unreadable_input_goes_before_findings(tcphs, write):
    name = write("a.pcap", refused())
    done = tcphs("--format", "ndjson", "missing.pcap", name)
    assert done.status == 3
    assert "missing.pcap" in done.complaint()
    assert [line["reason"] for line in done.lines() if line["type"] == "connection"] == ["refused"]


def test_damage_goes_before_findings_and_hides_none(tcphs, write):
    whole = refused()
    name = write("a.pcap", whole[:-3])
    done = tcphs("--format", "ndjson", name)
    assert done.status == 3
    assert "a.pcap" in done.complaint()
    assert done.lines()[0]["reason"] == "refused"
    assert tcphs("--fail-on", "never", name).status == 3


def test_severity_changes_what_is_printed_and_nothing_else(tcphs, write):
    name = write("a.pcap", refused())

    def run(*arguments):
        done = tcphs("--format", "ndjson", *arguments, name)
        return done.status, done.lines()[0]

    status, before = run()
    status_after, after = run("--severity", "rst_refused=chat")
    assert status == status_after == 1
    assert [finding["severity"] for finding in before["findings"]] == ["note"]
    assert [finding["severity"] for finding in after["findings"]] == ["chat"]
    assert {**before, "findings": None} == {**after, "findings": None}


def test_a_report_that_cannot_be_written_is_no_success(tcphs, write):
    with open("/dev/full", "wb") as full:
        done = tcphs(write("a.pcap", complete()), stdout=full)
    assert done.status == 3
    assert "could not be written" in done.complaint()
