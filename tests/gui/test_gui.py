# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody sees who opens a capture in Wireshark with the plugin and the profile. Screenshots are left in gui/ of
the build folder, to be looked at."""
import re

import pytest
from desktop import Wireshark, until
from support import paths

MAIN, LIST, DETAILS = "story.pcap", "Packet list", "Packet details"
PROFILE = "TCP Handshake"
SCREENSHOTS = paths.BUILD / "gui"
COLUMNS = ["No.", "Time", "Source", "Destination", "Step", "Client state", "Server state", "Verdict", "Reason",
           "Arithmetic", "Info"]


@pytest.fixture(scope="module", name="wireshark")
def fixture_wireshark(desktop, story):
    """Wireshark with the capture and the profile; the segment with the wrong number is selected."""
    SCREENSHOTS.mkdir(exist_ok=True)
    program = Wireshark(desktop, "-C", PROFILE, "-r", story, "-g", "12")
    program.wait_for_title(rf"^{re.escape(MAIN)}$")
    yield program
    program.close()


def rows(wireshark):
    """{number of a frame: {column: text}} of the list of packets, once there are some."""
    lines = until(lambda: (found := wireshark.ask("cells", MAIN, LIST, len(COLUMNS))) and len(found) > 1 and found,
                  "packets in the list")
    assert lines[0] == COLUMNS
    return {int(line[0]): dict(zip(COLUMNS, line)) for line in lines[1:]}


def colour_of(rule):
    """The background of a coloring rule, as a screenshot has it."""
    text = (paths.ROOT / "plugin/profile" / PROFILE / "colorfilters").read_text()
    parts = re.search(rf"^@Handshake: {rule}@[^@]*@\[(\d+),(\d+),(\d+)\]", text, re.MULTILINE).groups()
    return "".join(f"{int(part) >> 8:02x}" for part in parts)


def test_the_columns_say_what_became_of_each_handshake(wireshark):
    shown = rows(wireshark)
    assert [shown[frame]["Step"] for frame in (1, 2, 3, 4)] == ["1", "2", "3", ""]
    assert [shown[frame]["Verdict"] for frame in (3, 11, 15, 18)] == \
        ["complete", "malformed", "incomplete", "half_open"]
    assert (shown[2]["Client state"], shown[2]["Server state"]) == ("ESTABLISHED", "SYN-RECEIVED")
    assert shown[12]["Arithmetic"] == "seq 7000 = ISN, ack 4321, expected 4322 = 4321 + 1 (SYN), off by -1"


def test_the_info_column_begins_with_marks(wireshark):
    shown = rows(wireshark)
    marks = [re.match(r"(?:\[(?!TCP)[^\]]*\] )*", row["Info"]).group() for row in shown.values()
             if row["Verdict"]]
    assert marks[:4] == ["[1/3] ", "[2/3] ", "[3/3] ", ""]
    assert marks[10:13] == ["[1/3] ", "[bad ack: 4321, expected 4322] ", ""]
    assert shown[19]["Info"].startswith("[2/3] [SYN-ACK never acknowledged] ")
    assert shown[21]["Info"].startswith("[SYN-ACK again, 3rd] ")


def test_the_list_shows_verdicts_by_colour(desktop, wireshark):
    rows(wireshark)
    picture = until(lambda: (picture := desktop.picture()).banner(colour_of("half-open")) and picture, "colours")
    # In the order of the story: a complete connection, the malformed one, one that was refused, a half-open one.
    tops = [picture.banner(colour_of(rule))[:1] for rule in ("step of a complete one", "complete", "malformed",
                                                              "incomplete", "half-open")]
    assert all(tops) and tops == sorted(tops)
    desktop.save(SCREENSHOTS / "list.png")


def test_the_section_opens_and_reads_from_the_top(desktop, wireshark):
    lines = wireshark.bring_about(
        lambda: (lines := [line[0] for line in wireshark.ask("cells", MAIN, DETAILS, 1) or []])
        and "[Client ISN: 4321]" in lines and lines, "the section, opened",
        lambda: wireshark.ask("click", MAIN, DETAILS, "TCP Handshake: ")
        and wireshark.ask("menu", MAIN, "View", "Expand Subtrees"))
    section = lines[next(i for i, line in enumerate(lines) if line.startswith("TCP Handshake: ")):]
    assert section[:3] == ["TCP Handshake: the server's SYN-ACK acknowledges 4321, expected 4322 = 4321 + 1, "
                           "malformed (bad_arithmetic)", "[Three steps: frames 11, -, -]",
                           "[SYN in: 11, wrongly answered in frame 12]"]
    assert "[Finding: synack_bad_ack, SYN-ACK acknowledges the wrong number]" in section
    assert not [line for line in section if "Severity: " in line or "Closed" in line]
    desktop.save(SCREENSHOTS / "details.png")


def test_statistics_count_by_server(desktop, wireshark):
    wireshark.wait("menu", MAIN, "Statistics", "TCP Handshakes")
    title = wireshark.wait_for_title(rf"TCP Handshakes .*{re.escape(MAIN)}$")
    topics = {"192.0.2.9:80", "synack_bad_ack", "half_open", "incomplete", "malformed", "complete"}
    counts = until(lambda: (counts := {line[0].strip(): line[1] for line in wireshark.ask("cells", title, "", 9) or []})
                   and topics <= counts.keys() and counts, f"a table of {topics}")
    for topic in topics:
        assert int(counts[topic]) >= 1, (topic, counts)
    desktop.save(SCREENSHOTS / "statistics.png")
    wireshark.close_window(title)


def test_the_flow_graph_draws_handshakes(desktop, wireshark):
    wireshark.wait("menu", MAIN, "Statistics", "Flow Graph")
    title = wireshark.wait_for_title(rf"Flow .*{re.escape(MAIN)}$")

    def arrows():
        found = re.search(r" (\d+) item\(s\)", wireshark.ask("label", title, "item(s)") or "")
        return int(found.group(1)) if found else 0

    def open_again():
        wireshark.close_window(title)
        return wireshark.ask("menu", MAIN, "Statistics", "Flow Graph")

    # On a machine that is very busy one window in fifty stays empty.
    everything = wireshark.bring_about(arrows, "a graph", open_again, later=True)
    wireshark.bring_about(lambda: 0 < arrows() < everything, "fewer arrows: those of handshakes",
                          lambda: wireshark.ask("choose", title, "TCP handshakes"))
    desktop.save(SCREENSHOTS / "flow.png")
    wireshark.close_window(title)


def test_a_button_leaves_what_it_names(desktop, wireshark):
    everything = rows(wireshark)
    shown = wireshark.bring_about(lambda: (shown := rows(wireshark)) and len(shown) < len(everything) and shown,
                                  "fewer packets", lambda: wireshark.ask("press", MAIN, "half-open"))
    assert list(shown) == [18, 19, 20, 21] and {row["Verdict"] for row in shown.values()} == {"half_open"}
    until(lambda: not desktop.picture().banner(colour_of("malformed")), "the list without the malformed connection")


def test_nothing_was_complained_about(wireshark):
    """A mistake in profile or plugin is told in a dialog or on stderr. Last, when all has been used."""
    until(lambda: wireshark.ask("titles") == [MAIN], "the main window alone", lambda: wireshark.ask("titles"))
    assert wireshark.complaints() == []
