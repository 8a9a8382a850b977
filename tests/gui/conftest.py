# SPDX-License-Identifier: GPL-2.0-or-later
"""conftest.py - a desktop with Wireshark, the plugin and the profile, and a capture with something of everything."""
import os
import shutil
import struct
import sys
from pathlib import Path

import pytest
from scapy.utils import RawPcapReader

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

import desktop as screen  # noqa: E402  pylint: disable=wrong-import-position
from support import paths, shark  # noqa: E402  pylint: disable=wrong-import-position

PROFILE = paths.ROOT / "plugin/profile/TCP Handshake"
# One behind the other, each with a client of its own.
STORY = ["recorded/normal", "synthetic/textbook/wrong-ack", "recorded/refused", "recorded/final-ack-lost-server",
         "synthetic/final_ack/slow", "recorded/icmp-prohibited", "recorded/syn-lost"]
SENDER = bytes([192, 0, 2, 1])
RECENT = f"""gui.geometry_main_x: 0
gui.geometry_main_y: 0
gui.geometry_main_width: {screen.WIDTH}
gui.geometry_main_height: {screen.HEIGHT}
gui.geometry_main_maximized: FALSE
"""


def tell(path):
    """Writes the story to a file: times from zero on, 192.0.2.1 of the nth capture is 192.0.2.(10 + n)."""
    now, frames = 1_700_000_000.0, []
    for number, name in enumerate(STORY, 1):
        client = bytes([192, 0, 2, 10 + number])
        reader = RawPcapReader(str(paths.ROOT / f"captures/{name}.pcap"))
        told = [(meta.sec + meta.usec / 1e6, octets.replace(SENDER, client)) for octets, meta in reader]
        reader.close()
        frames += [(now + when - told[0][0], octets) for when, octets in told]
        now = frames[-1][0] + 0.25
    header = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    path.write_bytes(header + b"".join(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(octets), len(octets)) +
                                       octets for when, octets in frames))
    path.chmod(0o644)


@pytest.fixture(scope="session", name="home")
def fixture_home():
    """A home with plugin, profile and a window of known size."""
    if paths.sanitized():
        pytest.skip("Wireshark cannot load a plugin that was built with sanitizers")
    home = shark.Shark()
    settings = home.home / ".config/wireshark"
    shutil.copytree(PROFILE, settings / "profiles" / PROFILE.name)
    (settings / "recent_common").write_text(RECENT)
    home.home.chmod(0o700)
    tell(home.copies / "story.pcap")
    if os.getuid() == 0:
        for path in (home.home, *home.home.rglob("*")):
            shutil.chown(path, 65534, 65534)
    return home


@pytest.fixture(scope="session", name="story")
def fixture_story(home):
    """The capture that the window shows."""
    return home.copies / "story.pcap"


@pytest.fixture(scope="module", name="desktop")
def fixture_desktop(home):
    """A display."""
    display = screen.Desktop(home)
    yield display
    display.close()
