#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""seeds.py FOLDER - what the fuzz targets begin with, in FOLDER/TARGET/, made of what the project already has.

From captures/: captures as such, as pcapng, packed, and their frames and segments. From tests/input: frames of every
link type and tunnel. From docs/policy.md: its examples. Each target's form of input is said at its head.
"""

import gzip
import hashlib
import io
import lzma
import re
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/input")]

# pylint: disable=wrong-import-position
import test_layers
import test_tunnels

LONGEST = 4096


def put(folder, octets):
    """Writes an input, named by its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(octets).hexdigest()[:16]).write_bytes(octets[:LONGEST])


def captures():
    """Captures of captures/synthetic: every tenth, they are much alike."""
    return [path.read_bytes() for path in sorted((ROOT / "captures/synthetic").rglob("*.pcap*"))[::10]]


def frames(capture):
    """The link type and the frames of a classic pcap of this machine's byte order."""
    linktype, at, found = struct.unpack_from("<I", capture, 20)[0], 24, []
    while at < len(capture):
        size = struct.unpack_from("<I", capture, at + 8)[0]
        found.append(capture[at + 16:at + 16 + size])
        at += 16 + size
    return linktype, found


def pcapng(linktype, packets):
    """The packets as pcapng, in each kind of block for packets."""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
           block(1, struct.pack("<HHIHHB3xHH", linktype, 0, 65535, 9, 1, 9, 0, 0))]
    for number, octets in enumerate(packets):
        heads = [(6, struct.pack("<IIIII", 0, 0, number, len(octets), len(octets))),
                 (3, struct.pack("<I", len(octets))),
                 (2, struct.pack("<HHIIII", 0, 0, 0, number, len(octets), len(octets)))]
        kind, head = heads[number % 3]
        out.append(block(kind, head + octets))
    return b"".join(out)


def packed(name, octets):
    """A capture in each form of packing."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), octets, zipfile.ZIP_DEFLATED)   # without today's date
    yield plain.getvalue()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(octets)
        archive.addfile(member, io.BytesIO(octets))
    yield gzip.compress(plain.getvalue(), mtime=0)
    yield gzip.compress(octets, mtime=0)
    yield lzma.compress(octets)


def for_decode(linktype, packets):
    """The form of fuzz_decode."""
    return struct.pack(">H", linktype) + b"".join(struct.pack(">BH", 0, len(octets)) + octets for octets in packets)


def main(folder):
    """Writes all of them."""
    made = [frames(capture) for capture in captures()]
    for name, linktype, frame, _ in test_tunnels.CASES + test_tunnels.HIDDEN:
        made.append((linktype, [frame] if isinstance(frame, bytes) else []))
    for linktype, packets in (case for case in test_layers.CASES.values() if not callable(case)):
        made.append((linktype, [packet for packet in packets if isinstance(packet, bytes)]))
    for linktype, packets in made:
        packets = [packet for packet in packets if len(packet) <= LONGEST]
        if packets:
            put(folder / "fuzz_decode", for_decode(linktype, packets[:8]))
    for number, capture in enumerate(captures()):
        put(folder / "fuzz_capture", capture)
        linktype, packets = frames(capture)
        put(folder / "fuzz_pcapng", pcapng(linktype, packets))
        for octets in packed("a.pcap", capture) if number % 4 == 0 else ():
            put(folder / "fuzz_packed", octets)
        for packet in packets[:4]:
            put(folder / "fuzz_segment", b"\0\0" + packet[34:])
    for example in re.findall(r"^```(?:ini)?\n(\[.*?)^```", (ROOT / "docs/policy.md").read_text(encoding="utf-8"),
                              re.MULTILINE | re.DOTALL):
        put(folder / "fuzz_policy", example.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
