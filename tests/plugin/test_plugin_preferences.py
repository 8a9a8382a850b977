# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user can set: each preference does what it says, has the analyzer's default, and can be changed any time."""
import re
import subprocess

import pytest
from plugin_captures import handshake, other, segment
from support import paths
from support.shark import Sharkd

DEFAULTS = {"horizon": "3", "linger": "60", "slow": "1000", "time_wait": "60", "copy": "200", "copy_no_id": "5",
            "least_mss": "216", "ttl_slack": "3", "info_marks": "TRUE"}
# (capture below captures/synthetic, finding, preference, a value that makes it appear or vanish)
CHANGES = [
    ("final_ack/not-slow", "handshake_slow", "slow:500"),
    ("final_ack/slow", "handshake_slow", "slow:4000"),
    ("duplicate/same-identification", "frame_duplicate", "copy:100"),
    ("duplicate/same-identification-too-late", "frame_duplicate", "copy:2000"),
    ("duplicate/no-identification", "frame_duplicate", "copy_no_id:0"),
    ("duplicate/no-identification-too-late", "frame_duplicate", "copy_no_id:5000"),
    ("textbook/handshake", "syn_mss_tiny", "least_mss:1461"),
    ("ttl/rst", "ttl_changed", "ttl_slack:4"),
    ("ttl/rst", "ttl_changed", "ttl_slack:100000"),
    ("ttl/rst-slack", "ttl_changed", "ttl_slack:2"),
    ("time_wait/isn-not-greater", "reuse_isn_not_greater", "time_wait:0"),
]


def findings(wireshark, path, *preferences):
    """Every rule raised in a capture."""
    options = [part for preference in preferences for part in ("-o", f"tcphs.{preference}")]
    rows = wireshark.fields(path, "tcphs.finding", options=("-2", *options))
    return {rule for row in rows for rule in row["tcphs.finding"]}


def test_these_are_the_preferences_and_their_defaults(wireshark):
    shown = re.findall(r"^#?tcphs\.(\w+): (\S+)$", wireshark.tshark("-G", "defaultprefs"), re.MULTILINE)
    # 4.4 writes truth values in small letters.
    assert {word: value.upper() for word, value in shown} == DEFAULTS


def test_the_analyzer_has_the_same_defaults():
    text = subprocess.run([paths.built(paths.ANALYZER), "--help"], capture_output=True, text=True, check=True).stdout
    for option, factor in (("horizon", 1), ("linger", 1), ("slow", 1000)):
        default = re.search(rf"--{option}=SECONDS .*\((\d+)\)$", text, re.MULTILINE).group(1)
        assert int(default) * factor == int(DEFAULTS[option]), option


@pytest.mark.parametrize("name, rule, change", CHANGES, ids=lambda value: value)
def test_a_preference_does_what_it_says(wireshark, name, rule, change):
    path = wireshark.readable(paths.SYNTHETIC / f"{name}.pcap")
    before, after = findings(wireshark, path), findings(wireshark, path, change)
    assert before ^ after >= {rule}, f"{change} made no difference to {rule}: {sorted(before)}, {sorted(after)}"


def test_horizon(wireshark, capture):
    path = capture([segment(0, "client", "S", 1), other(5)])
    assert wireshark.fields(path, "tcphs.reason")[0]["tcphs.reason"] == ["unanswered"]
    longer = wireshark.fields(path, "tcphs.reason", options=("-2", "-o", "tcphs.horizon:10"))
    assert longer[0]["tcphs.reason"] == ["capture_ended"]


def test_linger(wireshark):
    path = wireshark.readable(paths.SYNTHETIC / "linger/late-segment-absorbed.pcap")
    assert wireshark.matching(path, "tcphs.late") == []
    assert wireshark.matching(path, "tcphs.late", options=("-2", "-o", "tcphs.linger:10")) == [7]


def test_a_change_in_the_window_counts_from_the_next_reading(wireshark, capture):
    """Between two frames of one reading it would make them contradict each other, and the tracker's own memory."""
    path = capture([segment(0, "client", "S", 1), segment(1, "client", "S", 1), other(5)])
    sharkd = Sharkd(wireshark)

    def reasons():
        return [frame["c"][0] for frame in sharkd.ask("frames", column0="tcphs.reason:0")]

    sharkd.ask("load", file=str(path))
    assert reasons() == ["unanswered", "unanswered", ""]
    sharkd.ask("setconf", name="tcphs.horizon", value="10")
    assert reasons() == ["unanswered", "unanswered", ""]
    sharkd.ask("load", file=str(path))
    assert reasons() == ["capture_ended", "capture_ended", ""]
    sharkd.ask("setconf", name="tcphs.info_marks", value="FALSE")
    assert not [frame for frame in sharkd.ask("frames") if "[1/3]" in frame["c"][-1]]
    sharkd.close()


def test_marks_can_be_switched_off(wireshark, capture):
    path = capture(handshake() + [other(30)])
    assert "[2/3]" in wireshark.tshark("-r", path)
    assert "/3]" not in wireshark.tshark("-r", path, "-o", "tcphs.info_marks:FALSE")
