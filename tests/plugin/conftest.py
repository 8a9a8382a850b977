# SPDX-License-Identifier: GPL-2.0-or-later
"""conftest.py - tshark and sharkd with the plugin and without, and captures made for one test each."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from scapy.config import conf
from scapy.layers.inet import IP
from scapy.packet import Raw
from scapy.utils import wrpcap

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parents[1] / "docs/generate")]

import plugin_captures as made  # noqa: E402  pylint: disable=wrong-import-position
from support import paths, shark  # noqa: E402  pylint: disable=wrong-import-position


class Wireshark(shark.Shark):
    """Questions that these tests ask of tshark."""

    def tshark(self, *arguments):
        """What tshark prints."""
        return self.run(*arguments).stdout

    @staticmethod
    def asking(names):
        """The options that have tshark print fields of every frame."""
        return ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=;", "-e", "frame.number",
                *[part for name in names for part in ("-e", name)]]

    @staticmethod
    def told(out, names):
        """What it prints then: one dict a frame, field name -> list of its values in that frame."""
        rows = []
        for line in out.splitlines():
            number, *cells = line.split("\t")
            # 4.4 prints a truth value as a word.
            values = [[{"True": "1", "False": "0"}.get(value, value) for value in cell.split(";")] if cell else []
                      for cell in cells]
            rows.append({"frame": int(number), **dict(zip(names, values))})
        return rows

    def fields(self, capture, *names, options=("-2",)):
        """One dict a frame: field name -> list of its values in that frame."""
        return self.told(self.tshark(*options, "-r", self.readable(capture), *self.asking(names)), names)

    def matching(self, capture, display_filter, options=("-2",)):
        """Numbers of the frames that a display filter lets through."""
        out = self.tshark(*options, "-r", capture, "-Y", display_filter, "-T", "fields", "-e", "frame.number")
        return [int(line) for line in out.split()]

    def pdml(self, capture, options=("-2",)):
        """The PDML document, less what says when it was written."""
        root = ElementTree.fromstring(self.tshark(*options, "-r", capture, "-T", "pdml"))
        root.attrib.clear()
        return root

    def trees(self, capture, options=("-2",)):
        """(frame number, the lines that a person sees) of every tree of ours."""
        found = []
        for packet in self.pdml(capture, options).iter("packet"):
            number = int(packet.find(".//field[@name='num']").get("show"))
            for tree in packet.findall("proto[@name='tcphs']"):
                lines = [line.get("showname") or line.get("show") for line in tree.iter() if line.get("hide") != "yes"]
                found.append((number, lines))
        return found


@pytest.fixture(scope="session")
def wireshark():
    """tshark with the plugin; an error, rather than tests of nothing, if it does not load it."""
    if paths.sanitized():
        pytest.skip("tshark cannot load a plugin that was built with sanitizers")
    return Wireshark()


@pytest.fixture(scope="session")
def plain():
    """tshark without the plugin."""
    return Wireshark(plugin=None)


@pytest.fixture
def sharkd(wireshark):
    """A sharkd with the plugin."""
    process = shark.Sharkd(wireshark)
    yield process
    process.close()


@pytest.fixture(scope="session")
def folder():
    """A folder that everybody can read."""
    path = Path(tempfile.mkdtemp(prefix="tcphs-plugin-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def capture(folder):
    """Writes packets to a file. Every IPv4 header gets an id of its own, so that none looks like a copy or a piece."""
    count = 0

    def write(packets, keep_ids=False, **keywords):
        nonlocal count
        count += 1
        # For packets of octets scapy 2.6 looks here only, whatever the argument says.
        if "linktype" in keywords:
            conf.l2types.register_layer2num(keywords["linktype"], Raw)
        path = folder / f"capture-{count}.pcap"
        for number, packet in enumerate(packets, 1):
            if IP in packet and not keep_ids:
                packet[IP].id = number
        wrpcap(str(path), packets, **keywords)
        path.chmod(0o644)
        return path

    return write


@pytest.fixture(scope="session")
def story(capture):
    """A file with several connections, one of each main verdict, and other traffic after them."""
    return capture(made.story())


def merged(path, captures):
    """The captures one behind the other in one file."""
    subprocess.run(["mergecap", "-a", "-w", path, *captures], check=True)
    path.chmod(0o644)
    return path


@pytest.fixture(scope="session")
def everything(folder, layers):
    """Every capture of the project one behind the other in one file: all link types, time that jumps, ports reused."""
    return merged(folder / "everything.pcapng", [layers, *paths.captures(paths.RECORDED, paths.SYNTHETIC)])


@pytest.fixture(scope="session")
def medley(folder, layers):
    """As everything, but every eighth of them, for what takes its time."""
    return merged(folder / "medley.pcapng", [layers, *paths.captures(paths.RECORDED, paths.SYNTHETIC)[::8]])


@pytest.fixture(scope="session")
def layers(capture):
    """A file with tunnels, quoted headers and payload that other dissectors look at."""
    return capture(made.layered())
