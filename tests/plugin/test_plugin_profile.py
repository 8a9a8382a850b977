# SPDX-License-Identifier: GPL-2.0-or-later
"""The profile "TCP Handshake": everything in it is valid, does what its name says, and can be read by everybody."""
import csv
import itertools
import os
import re
import shutil
import subprocess

import colours
import pytest
from support import paths

NAME = "TCP Handshake"
PROFILE = paths.ROOT / "plugin/profile" / NAME
CUSTOM = re.compile(r'"([^"]+)", "%Cus:([\w.]+):0:R"')


def rules():
    """[(name, filter, background, text)] of the coloring rules; colours from 0 to 1."""
    found = []
    for line in (PROFILE / "colorfilters").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, expression, colour = re.fullmatch(r"@([^@]+)@([^@]+)@(.*)", line).groups()
        background, text = ([int(part) / 65535 for part in triple.split(",")]
                            for triple in re.fullmatch(r"\[([\d,]+)\]\[([\d,]+)\]", colour).groups())
        found.append((name, expression, background, text))
    return found


def buttons():
    """{label: filter} of the filter buttons."""
    lines = [line for line in (PROFILE / "dfilter_buttons").read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.reader(lines))
    assert all(row[0] == "TRUE" and len(row) == 4 for row in rows)
    return {row[1]: row[2].replace("\\x22", '"') for row in rows}


def install(folder):
    """Puts the profile where a user's own are."""
    shutil.copytree(PROFILE, folder / NAME)
    if os.getuid() == 0:
        for path in (folder.parent.parent, folder.parent, folder, *folder.rglob("*")):
            shutil.chown(path, 65534, 65534)


@pytest.fixture(scope="module", autouse=True)
def fixture_profile(wireshark):
    """The profile in the home of these tests."""
    folder = wireshark.home / ".config/wireshark/profiles"
    install(folder)
    yield
    shutil.rmtree(folder, ignore_errors=True)


def test_it_loads_without_a_word(wireshark, story):
    result = wireshark.run("-C", NAME, "-2", "--color", "-r", story)
    assert result.stderr == ""


def test_every_column_is_a_field_of_ours_and_filled(wireshark, story):
    columns = CUSTOM.findall((PROFILE / "preferences").read_text())
    assert [title for title, _ in columns] == \
        ["Step", "Client state", "Server state", "Verdict", "Reason", "Arithmetic"]
    known = {line.split("\t")[2] for line in wireshark.tshark("-G", "fields").splitlines() if line[:2] == "F\t"}
    assert {field for _, field in columns} <= known
    second = wireshark.tshark("-C", NAME, "-2", "-r", story).splitlines()[1]
    for words in ("2 ESTABLISHED SYN-RECEIVED complete three_way", "seq 7000 = ISN, ack 4322 = 4321 + 1 (SYN)",
                  "[2/3] 80", "Seq=7000 Ack=4322"):
        assert words in second


def test_widths_are_those_of_its_columns():
    """A width of no column would be ignored in silence, and a column without one gets a guess."""
    shown = re.findall(r'"(%[^":]+(?::[\w.]+)?)', (PROFILE / "preferences").read_text())
    widths = re.search(r"^column.width: (.*)$", (PROFILE / "recent").read_text(), re.MULTILINE).group(1).split(", ")
    assert widths[::2] == shown
    assert all(30 <= int(width) <= 700 for width in widths[1::2])


def test_every_filter_is_valid(wireshark, story):
    for name, expression in [*((rule[0], rule[1]) for rule in rules()), *buttons().items()]:
        result = wireshark.run("-2", "-r", story, "-Y", expression, check=False)
        assert (result.returncode, result.stderr) == (0, ""), name


def test_every_coloring_rule_colours_what_it_names(wireshark, everything):
    """Of all captures: each rule is the first that fits somewhere, and whatever is no failure never looks like one."""
    wrong = wireshark.readable(paths.SYNTHETIC / "textbook/wrong-ack.pcap")
    text = "".join(wireshark.tshark("-C", NAME, "-2", "--color", "-r", path, "-T", "fields", "-e",
                                    "frame.coloring_rule.name", "-e", "tcphs.verdict", "-e", "tcphs.finding.severity")
                   for path in (everything, wrong))
    used = {}
    for rule, verdict, severities in (line.split("\t") for line in text.splitlines()):
        used.setdefault(rule, set()).update(verdict.split(","))
        if not verdict and not severities:
            assert rule == ""
    assert set(used) - {""} == {rule[0] for rule in rules()}
    for rule, word in (("malformed", "malformed"), ("half-open", "half_open"), ("incomplete", "incomplete"),
                       ("unknown", "unknown"), ("complete", "complete"), ("step of a complete one", "complete")):
        assert word in used[f"Handshake: {rule}"]
    failed = {"malformed", "half_open", "incomplete"}
    for rule in ("warning about this segment", "note about this segment", "unknown", "complete"):
        assert not used[f"Handshake: {rule}"] & failed


def test_buttons_find_what_they_say(wireshark, everything):
    found = buttons()
    assert list(found) == ["handshakes", "half-open", "incomplete", "malformed", "unanswered", "slow"]
    for label in ("half-open", "incomplete", "malformed"):
        verdict = label.replace("-", "_")
        assert wireshark.matching(everything, found[label]) == \
            wireshark.matching(everything, f'tcphs.verdict == "{verdict}"') != []
    matched = {label: set(wireshark.matching(everything, found[label])) for label in ("unanswered", "incomplete")}
    assert set() < matched["unanswered"] < matched["incomplete"]
    slow = wireshark.fields(everything, "tcphs.finding", options=("-2", "-Y", found["slow"]))
    assert slow and all("handshake_slow" in row["tcphs.finding"] for row in slow)
    handshakes = wireshark.fields(everything, "tcphs.phase", options=("-2", "-Y", found["handshakes"]))
    assert {"syn", "synack", "ack"} <= {phase for row in handshakes for phase in row["tcphs.phase"]}


def test_text_can_be_read():
    """WCAG 2.1, level AA."""
    assert len(rules()) >= 8
    for name, _, background, text in rules():
        assert colours.contrast(background, text) >= 4.5, name


@pytest.mark.parametrize("sight", colours.SIGHTS)
def test_colours_can_be_told_apart(sight):
    """By people who see all colours, and by those who lack the cones for red, green or blue."""
    for (one, _, first, _), (other, _, second, _) in itertools.combinations(rules(), 2):
        assert colours.distance(first, second, sight) >= 12, f"{one} looks like {other}"


def test_it_is_installed_where_everybody_finds_it(wireshark, folder, story):
    """The folder is that of tshark -G folders; a profile found there is copied to the user's own when first used."""
    target = folder / "installed"
    subprocess.run(["cmake", "--install", paths.BUILD, "--prefix", "/usr"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(target)})
    data = re.search(r"^Global configuration:\s*(.*)$", wireshark.tshark("-G", "folders"), re.MULTILINE).group(1)
    profiles = target / data.lstrip("/") / "profiles"
    assert sorted(path.name for path in (profiles / NAME).iterdir()) == sorted(path.name for path in PROFILE.iterdir())
    for path in os.scandir(data):
        if path.name != "profiles":
            os.symlink(path.path, profiles.parent / path.name)
    own = wireshark.home / ".config/wireshark/profiles"
    shutil.rmtree(own)
    result = subprocess.run(wireshark.command("tshark", "-C", NAME, "-2", "-r", story), capture_output=True, text=True,
                            env={**wireshark.environment(), "WIRESHARK_DATA_DIR": str(profiles.parent)}, check=True)
    copied = sorted(path.name for path in (own / NAME).iterdir())
    shutil.rmtree(own)
    install(own)
    assert result.stderr == "" and "complete three_way" in result.stdout
    assert copied == sorted(path.name for path in PROFILE.iterdir())
