# SPDX-License-Identifier: GPL-2.0-or-later
"""How often rules of severity warn or error fire, and that they are silent on clean traffic.

Measured over captures/recorded (a real TCP stack), captures/synthetic (made to raise rules) and, if TCPHS_CORPUS names
a directory, over the captures there; the table is printed at the end of the run. A false alarm costs more than a miss:
recordings in which nothing went wrong may raise nothing above note, and what fires on other people's traffic has to be
explained in docs/false-alarms.md.
"""

import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from support import analyzer, paths

LOUD = ("error", "warn")
CORPUS = os.environ.get("TCPHS_CORPUS")
FOLDERS = {"recorded": paths.RECORDED, "synthetic": paths.SYNTHETIC, **({"corpus": CORPUS} if CORPUS else {})}


def captures_of(folder):
    """Capture files below a folder, compressed ones too."""
    found = set(paths.captures(folder))
    return sorted(found | {path for path in Path(folder).rglob("*.gz") if path.is_file()})


def is_clean(expectation):
    """Whether a reader of the packets expects that all went well and nothing is worth a remark."""
    lines = [line.split("#")[0].split() for line in expectation.read_text(encoding="utf-8").splitlines()]
    lines = [words for words in lines if words]
    return bool(lines) and all(words[:2] == ["=", "complete"] for words in lines)


CLEAN = [path.with_suffix(".expect").stem for path in paths.captures(paths.RECORDED)
         if is_clean(path.with_suffix(".expect"))]


@pytest.fixture(scope="session", name="connections")
def fixture_connections():
    """{folder: {capture: [connection]}}."""
    return {name: analyzer.connections(captures_of(folder)) for name, folder in FOLDERS.items()}


def loud(connection):
    """{(severity, rule)} of a connection's warnings and errors."""
    return {(finding["severity"], finding["id"]) for finding in connection["findings"] if finding["severity"] in LOUD}


def count(captures):
    """How many connections there are, and of how many each rule speaks up."""
    told = [connection for connections in captures.values() for connection in connections]
    return len(told), Counter(alarm for connection in told for alarm in loud(connection))


@pytest.fixture(scope="session", name="alarms")
def fixture_alarms(request, connections):
    """{folder: (connections, {(severity, rule): connections})}; shown at the end."""
    alarms = {name: count(captures) for name, captures in connections.items()}
    request.config.alarm_table = list(table(alarms))
    return alarms


def table(alarms):
    """Lines of a table: a rule a line, a folder a column."""
    totals = {name: max(total, 1) for name, (total, _) in alarms.items()}
    yield f"{'':32}" + "".join(f"{name:>18}" for name in alarms)
    yield f"{'connections':32}" + "".join(f"{total:18}" for total, _ in alarms.values())
    for severity, rule in sorted({alarm for _, counts in alarms.values() for alarm in counts}):
        figures = [(counts[severity, rule], totals[name]) for name, (_, counts) in alarms.items()]
        columns = (f"{number:10}{1000 * number / total:8.2f}" for number, total in figures)
        yield f"{severity:6}{rule:26}" + "".join(columns)


def test_there_are_clean_recordings():
    """The next test looks at a good part of what was recorded."""
    assert len(CLEAN) >= 20


@pytest.mark.parametrize("name", sorted(set(CLEAN)))
def test_clean_recordings_raise_nothing_above_note(connections, name):
    """Nothing went wrong, so nobody is alarmed."""
    told = [connection for capture, connections in connections["recorded"].items()
            if Path(capture).stem == name for connection in connections]
    assert told
    assert not [(connection["stream"], loud(connection)) for connection in told if loud(connection)]


def test_alarms_on_other_traffic_are_explained(alarms):
    """Each rule that fires outside of our own captures has a row in docs/false-alarms.md."""
    text = (paths.ROOT / "docs/false-alarms.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| \[`(\w+)`\]\S* \| \d+ \|", text, re.MULTILINE))
    fired = {rule for _, rule in alarms["corpus"][1]} if CORPUS else set()
    assert explained
    assert not fired - explained, "look at what they hit; mend the rule, or explain it in docs/false-alarms.md"


def test_no_rule_fires_on_much_of_other_traffic(alarms):
    """A warning about one connection in ten is not a warning: people would learn to ignore it."""
    common = defaultdict(list)
    for name in set(alarms) - {"synthetic"}:
        total, counts = alarms[name]
        for (_, rule), number in counts.items():
            if number > total / 10:
                common[name].append(rule)
    assert not common
