# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded captures of a real TCP stack against what a reader of their packets expects.

Theory of operation: beside each capture in captures/recorded lies NAME.expect, decided by reading the
packets. A line '= VERDICT REASON [blame WORD] [closed WORD] [steps 1,2,-]' for each connection, by stream,
then incarnation; after it, if there is anything to find, 'findings: ID[@FRAME]...'. Findings of severity warn
or error must be listed, all of them; notes and chats are listed where the story is about them.
"""
import re

import pytest

from support import analyzer, paths

CAPTURES = sorted(paths.captures(paths.RECORDED), key=lambda path: path.stem)
LOUD = ("warn", "error")
MAX_OCTETS = 100_000


def name_of(path):
    return path.stem


def analyze(path, *options):
    """The connections of a capture, by stream, then incarnation."""
    connections = analyzer.connections([path], options)[str(path)]
    return sorted(connections, key=lambda line: (line["stream"], line["incarnation"]))


def step(word):
    return None if word == "-" else int(word)


def read_expectation(path):
    """[({verdict, reason, ...}, {(id, frame or None)})] of a .expect file."""
    expected = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.split("#")[0].strip()
        words = line.split()
        if not words:
            continue
        if words[0] == "=":
            verdict = {"verdict": words[1], "reason": words[2]}
            verdict.update(zip(words[3::2], words[4::2]))
            if "steps" in verdict:
                verdict["steps"] = [step(word) for word in verdict["steps"].split(",")]
            expected.append((verdict, set()))
        elif words[0] == "findings:" and expected:
            for word in words[1:]:
                rule, _, frame = word.partition("@")
                expected[-1][1].add((rule, int(frame) if frame else None))
        else:
            raise ValueError(f"{path}:{number}: neither '=' nor 'findings:' after one")
    return expected


def check_findings(connection, wanted):
    found = connection["findings"]
    loud = {finding["id"] for finding in found if finding["severity"] in LOUD}
    assert loud <= {rule for rule, _ in wanted}, "a finding that the packets do not bear out"
    seen = {(finding["id"], finding["frame"]) for finding in found}
    seen |= {(rule, None) for rule, _ in seen}
    assert not wanted - seen, f"missing: {sorted(map(str, wanted - seen))}; found: {sorted(map(str, seen))}"


@pytest.mark.parametrize("capture", CAPTURES, ids=name_of)
def test_verdicts(capture):
    expected = read_expectation(capture.with_suffix(".expect"))
    connections = analyze(capture)
    got = [{key: connection[key] for key in verdict}
           for connection, (verdict, _) in zip(connections, expected)]
    assert got == [verdict for verdict, _ in expected]
    assert len(connections) == len(expected)


@pytest.mark.parametrize("capture", CAPTURES, ids=name_of)
def test_findings(capture):
    expected = read_expectation(capture.with_suffix(".expect"))
    connections = analyze(capture)
    assert len(connections) == len(expected)
    for connection, (_, wanted) in zip(connections, expected):
        check_findings(connection, wanted)


@pytest.mark.parametrize("capture", CAPTURES, ids=name_of)
def test_no_checksum_is_called_bad(capture):
    """Right, partial (offload) or cut: the stack never sent a wrong one."""
    for connection in analyze(capture, "--checksums"):
        assert "checksum_bad" not in {finding["id"] for finding in connection["findings"]}


def test_the_readme_tells_of_each_capture():
    text = (paths.RECORDED / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z0-9-]+)`", text, re.MULTILINE))
    assert told == {name_of(capture) for capture in CAPTURES}


def test_captures_are_small():
    assert CAPTURES
    assert not [path.name for path in CAPTURES if path.stat().st_size > MAX_OCTETS]
