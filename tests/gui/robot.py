#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""robot.py - Wireshark's window as a screen reader knows it: starts Wireshark, then reads questions, one a line.

    dbus-run-session -- robot.py LOG ARGUMENT...

Questions and answers are JSON. A question is [what, argument...]; an answer is {"answer": ...}, null where there is no
such thing (yet). The window is asked over AT-SPI, the protocol of screen readers, so that words are compared as words
and a button is found by its name. To be run as an ordinary user, in a session bus of its own.
"""
import json
import os
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  pylint: disable=wrong-import-position

LISTS = ("table", "tree", "tree table", "list")


def children(item):
    """What is directly inside, as it is now."""
    item.clear_cache()
    return [child for child in (item.get_child_at_index(i) for i in range(item.get_child_count())) if child]


def application():
    """Wireshark, once it has told the bus of itself."""
    found = [item for item in children(Atspi.get_desktop(0)) if item.get_name() == "Wireshark"]
    return found[0] if found else None


def windows():
    """{title: window}."""
    top = application()
    return {item.get_name(): item for item in children(top)} if top else {}


def find(item, fits, deepest=12):
    """The first thing inside that fits; lists are long and are not entered, but for those of combo boxes."""
    for child in children(item):
        if fits(child):
            return child
        if deepest and (child.get_role_name() not in LISTS or item.get_role_name() == "combo box"):
            found = find(child, fits, deepest - 1)
            if found:
                return found
    return None


def act(item):
    """Does what a click would do; True."""
    Atspi.Action.do_action(item, 0)
    return True


def titles():
    """Titles of all windows."""
    return [title for title in windows() if title]


def cells(title, name, columns):
    """Rows of a list: texts of all cells, of so many columns."""
    window = windows().get(title)
    table = window and find(window, lambda item: item.get_role_name() in LISTS and
                            item.get_name() == name)
    if not table:
        return None
    texts = [item.get_name() for item in children(table)]
    return [texts[i:i + columns] for i in range(0, len(texts), columns)]


def press(title, name):
    """Presses a button."""
    window = windows().get(title)
    button = window and find(window, lambda item: item.get_role_name() in ("push button", "toggle button", "button") and
                             item.get_name() == name)
    return act(button) if button else None


def menu(title, *path):
    """Chooses from the menu bar."""
    place = windows().get(title)
    for name in path:
        place = place and find(place, lambda item, name=name: item.get_role_name() == "menu item" and
                               item.get_name().replace("&", "") == name)
    return act(place) if place else None


def place_of(item):
    """Where it is on the screen, once it is there and stays there; None if it does not come."""
    before = None
    for _ in range(100):
        item.clear_cache()
        box = Atspi.Component.get_extents(item, Atspi.CoordType.SCREEN)
        now = (box.x, box.y, box.width, box.height)
        if now == before and box.width > 0 and item.get_state_set().contains(Atspi.StateType.SHOWING):
            return box
        before = now
        time.sleep(0.1)
    return None


def click_on(item):
    """A real click, into the middle of what is seen of it; True."""
    box = place_of(item)
    if not box:
        return None
    done = Atspi.generate_mouse_event(box.x + min(box.width, 60) // 2, box.y + box.height // 2, "b1c")
    # What the pointer rests on is highlighted, and told about where something else stood.
    return done and Atspi.generate_mouse_event(0, 0, "abs")


def click(title, name, text):
    """Clicks on the cell of a list, or the entry of an open combo box, that begins so."""
    window = windows().get(title)
    found = window and find(window, lambda item: item.get_name() == name and item.get_role_name() in LISTS)
    for cell in children(found) if found else []:
        if cell.get_name().startswith(text):
            return click_on(cell)
    return None


def choose(title, text):
    """Chooses from whichever combo box has such an entry."""
    window = windows().get(title)
    combo = window and find(window, lambda item: item.get_role_name() == "combo box" and
                            any(entry.get_name() == text for part in children(item) for entry in children(part)))
    if not combo:
        return None
    act(combo)
    entry = find(combo, lambda item: item.get_name() == text)
    return click_on(entry)


def label(title, part):
    """The text of a label that has such a part."""
    window = windows().get(title)
    found = window and find(window, lambda item: item.get_role_name() == "label" and part in item.get_name())
    return found.get_name() if found else None


def outline(title):
    """Everything in a window: for finding out how something is called."""
    lines = []

    def walk(item, depth):
        lines.append(f"{'  ' * depth}{item.get_role_name()} {item.get_name()!r} {item.get_child_count()}")
        if depth < 14:
            for child in children(item)[:40]:
                walk(child, depth + 1)

    if title in windows():
        walk(windows()[title], 0)
    return lines


QUESTIONS = {"titles": titles, "cells": cells, "press": press, "menu": menu, "click": click, "choose": choose,
             "label": label, "outline": outline}


def main():
    """As the first lines say."""
    with open(sys.argv[1], "w", encoding="utf-8") as log:
        program = subprocess.Popen(["wireshark", *sys.argv[2:]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=log, env={**os.environ, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"})
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        try:
            answer = QUESTIONS[what](*arguments)
        except GLib.Error:
            answer = None   # what was asked went away meanwhile, or is busy
        print(json.dumps({"answer": answer, "running": program.poll() is None}), flush=True)
    program.kill()
    program.wait()


if __name__ == "__main__":
    main()
