# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody sees who opens a capture in Wireshark with the plugin and the profile. Screenshots are left in
build/release/gui/, to be looked at."""
import re

import pytest
from desktop import HEIGHT, WIDTH, until
from support import paths

PROFILE = "TCP Handshake"
SCREENSHOTS = paths.BUILD / "gui"
# Wireshark's colours: of an error in the details, of a filter that is valid.
EXPERT_ERROR, VALID_FILTER = "ff5c5c", "afffaf"


def colour_of(rule):
    """The background of a coloring rule, as a screenshot has it."""
    text = (paths.ROOT / "plugin/profile" / PROFILE / "colorfilters").read_text()
    parts = re.search(rf"^@Handshake: {rule}@[^@]*@\[(\d+),(\d+),(\d+)\]", text, re.MULTILINE).groups()
    return "".join(f"{int(part) >> 8:02x}" for part in parts)


def banner(picture, colour):
    """The rows of the screen that are mostly of one colour: as many bands as there are lines of that colour."""
    return picture.rows_with(colour, WIDTH // 3)


@pytest.fixture(scope="module", name="main")
def fixture_main(desktop, story):
    """The main window: its id, its program, and a picture once the list is painted."""
    # The segment with the error is selected, so the list is painted when a neighbour has its colour.
    program = desktop.open("-C", PROFILE, "-r", story, "-g", "12")
    window = until(lambda: desktop.window(r"^story\.pcap$"), "a window named after the capture")
    until(lambda: banner(desktop.picture(), colour_of("malformed")), "the list of packets in the profile's colours")
    SCREENSHOTS.mkdir(exist_ok=True)
    return window, program


def test_nothing_is_complained_about(desktop, main):
    """A mistake in profile or plugin is told in a dialog or on stderr."""
    _, program = main
    assert desktop.titles() == ["story.pcap"]
    assert program.complaints() == []


@pytest.mark.usefixtures("main")
def test_the_list_shows_verdicts_by_colour(desktop):
    picture = until(lambda: (picture := desktop.picture()) and banner(picture, colour_of("half-open")) and picture,
                    "the half-open connection")
    for rule in ("malformed", "half-open", "incomplete", "step of a complete one", "complete"):
        assert banner(picture, colour_of(rule)), rule
    # In the order of the story: a complete connection above, then the malformed one, a refused one, a half-open one.
    tops = [banner(picture, colour_of(rule))[0] for rule in ("step of a complete one", "malformed", "incomplete",
                                                               "half-open")]
    assert tops == sorted(tops)
    desktop.save(SCREENSHOTS / "list.png")


def test_the_section_opens_and_tells_the_error(desktop, main):
    """The headline of our section is red; opened, the finding below it is, too."""
    window, _ = main
    headline = until(lambda: banner(desktop.picture(), EXPERT_ERROR), "our section in the colour of an error")
    desktop.click(WIDTH // 4, headline[len(headline) // 2])
    desktop.press(window, "shift+Right")
    below = until(lambda: [y for y in banner(desktop.picture(), EXPERT_ERROR) if y > headline[-1] + 40],
                  "the finding further down")
    assert below[0] < HEIGHT - 20
    desktop.save(SCREENSHOTS / "details.png")


def labels(picture):
    """[(left, right)] of the filter buttons: groups of dark pixels to the right of the filter's box."""
    dark = [x for x in range(WIDTH // 2, WIDTH)
            if any(sum(bytes.fromhex(picture.row(y, x, x + 1)[0])) < 300 for y in range(68, 88))]
    groups = []
    for x in dark:
        if groups and x - groups[-1][1] < 12:
            groups[-1][1] = x
        else:
            groups.append([x, x])
    return groups


@pytest.mark.usefixtures("main")
def test_a_click_on_a_button_leaves_what_it_names(desktop):
    """The buttons stand behind the filter: handshakes, half-open, incomplete, malformed, unanswered, slow."""
    button = until(lambda: labels(desktop.picture()), "buttons")[-5]
    desktop.click(sum(button) // 2, 77)
    picture = until(lambda: (picture := desktop.picture()) and not banner(picture, colour_of("malformed")) and picture,
                    "the list without the malformed connection")
    assert VALID_FILTER in picture.colours(0, 68, WIDTH // 2, 88)
    assert banner(picture, colour_of("half-open")) and not banner(picture, colour_of("incomplete"))
    desktop.save(SCREENSHOTS / "half-open.png")
