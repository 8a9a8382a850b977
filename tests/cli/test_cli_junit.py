# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_junit.py - XML for continuous integration, held against junit.xsd and read back."""

import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli_captures import Talk, complete, flood, pcap, refused, wrong_ack

SCHEMA = Path(__file__).parent / "junit.xsd"


@pytest.fixture
def junit(tcphs, tmp_path):
    """Runs the analyzer for a report that has to be valid; gives back its status and its suites."""

    def run(*arguments, **extra):
        done = tcphs("--format", "junit", *arguments, **extra)
        check = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", str(SCHEMA), "-"], input=done.out.encode(),
                               capture_output=True, check=False)
        assert check.returncode == 0, check.stderr.decode() + done.out
        suites = ElementTree.fromstring(done.out.encode()).findall("testsuite")
        for suite in suites:
            cases = suite.findall("testcase")
            assert int(suite.get("tests")) == len(cases)
            for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert int(suite.get(attribute)) == sum(case.find(element) is not None for case in cases)
            assert abs(float(suite.get("time")) - sum(float(case.get("time")) for case in cases)) < 1e-5
        return done.status, suites

    return run


def outcomes(suite):
    """{case: outcome}"""
    return {case.get("name"): case[0].tag if len(case) else "passed" for case in suite.findall("testcase")}


def test_a_suite_a_file_and_a_case_a_server(junit, write):
    talk = Talk().handshake().shutdown()
    talk.frames += Talk(sport=50001).handshake(2).frames + Talk(sport=50002, dport=443).syn(3).refusal(3.01).frames
    talk.frames += Talk(sport=50003, dport=22).segment(5, "A", 5, 9, b"x").segment(5.1, "A", 9, 6, back=True).frames
    talk.frames += Talk(client="2001:db8::1", server="2001:db8::9").handshake(6).frames
    status, suites = junit(write("a.pcap", talk.end(20).pcap()), write("b.pcap", Talk().end().pcap()))
    assert status == 1
    assert [suite.get("name") for suite in suites] == ["a.pcap", "b.pcap"]
    assert outcomes(suites[0]) == {"192.0.2.9:22": "skipped", "192.0.2.9:80": "passed", "192.0.2.9:443": "failure",
                                   "[2001:db8::9]:80": "passed"}
    assert outcomes(suites[1]) == {}
    assert suites[0].get("timestamp") == "2015-03-25T17:36:00"
    times = {case.get("name"): case.get("time") for case in suites[0].iter("testcase")}
    assert times["192.0.2.9:80"] == "0.030620" and times["192.0.2.9:443"] == "0.000000"
    assert {case.get("classname") for case in suites[0].iter("testcase")} == {"a.pcap"}


def test_a_failure_says_what_was_found(junit, write):
    _, (suite,) = junit(write("a.pcap", wrong_ack()))
    failure = suite.find("testcase/failure")
    assert failure.get("type") == "bad_arithmetic"
    for text in (failure.get("message"), failure.text):
        assert "192.0.2.1:49152 > 192.0.2.9:80: malformed (bad_arithmetic): synack_bad_ack, frame 2: " in text
        assert "4321, expected 4322 = 4321 + 1 (SYN)" in text


def test_what_fails_is_what_fail_on_says(junit, write):
    name = write("a.pcap", refused())
    assert outcomes(junit("--fail-on", "never", name)[1][0]) == {"192.0.2.9:80": "passed"}
    assert outcomes(junit("--fail-on", "refused", name)[1][0]) == {"192.0.2.9:80": "failure"}
    assert outcomes(junit("--fail-on", "complete", write("b.pcap", complete()))[1][0]) == {"192.0.2.9:80": "failure"}


def test_a_flood_is_one_case_with_a_short_list(junit, write):
    _, (suite,) = junit(write("a.pcap", pcap(flood(3000, refuse=True))))
    failure = suite.find("testcase/failure")
    assert failure.get("message").startswith("3000 of 3000 connections failed; the first: stream 0, ")
    lines = failure.text.splitlines()
    assert len(lines) == 21 and lines[-1] == "and 2980 more"
    assert all("incomplete (refused)" in line for line in lines[:-1])


def test_a_scan_has_an_end(junit, write):
    """More servers than have a place of their own: nothing is lost from the counts."""
    probe = Talk(sport=1).syn().frames[0][1]
    frames = [(number / 1000, probe[:30] + bytes([10]) + number.to_bytes(3, "big") + probe[34:])
              for number in range(65536 + 5)]
    _, (suite,) = junit(write("a.pcap", pcap(frames + [(99, Talk().end().frames[0][1])])))
    cases = suite.findall("testcase")
    assert len(cases) == 65537
    assert cases[-1].get("name") == "other servers"
    assert cases[-1].find("failure").get("message").startswith("5 of 5 connections failed")


def test_what_could_not_be_read_is_an_error(junit, write):
    status, suites = junit(write("cut.pcap", complete()[:-3]), "missing.pcap")
    assert status == 3
    assert outcomes(suites[0]) == {"reading the capture": "error", "192.0.2.9:80": "passed"}
    assert outcomes(suites[1]) == {"reading the capture": "error"}
    assert "No such file" in suites[1].find("testcase/error").get("message")


@pytest.mark.parametrize("name, shown", [
    (b"a<b>&\"'.pcap", "a<b>&\"'.pcap"), (b"\x1b[31m\x01.pcap", "\\x1b[31m\\x01.pcap"), (b"\xff.pcap", "\\xff.pcap"),
    ("\ufffe\u202e.pcap".encode(), "\\u{fffe}\\u{202e}.pcap"), (b"]]>.pcap", "]]>.pcap"),
    ("größer.pcap".encode(), "größer.pcap"), (b"back\\slash", "back\\\\slash"),
])
def test_any_name_is_shown_and_does_no_harm(junit, tmp_path, name, shown):
    (tmp_path / os.fsdecode(name)).write_bytes(refused())
    _, (suite,) = junit(name)
    assert suite.get("name") == shown


def test_the_same_for_any_number_of_jobs(tcphs, write):
    names = [write(f"{number}.pcap", Talk(sport=40000 + number).handshake().pcap()) for number in range(9)]
    first = tcphs("--format", "junit", "-j1", *names)
    assert tcphs("--format", "junit", "-j3", *names).out == first.out
