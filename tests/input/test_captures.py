# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole captures: frame by frame the same TCP headers as tshark, frame for frame as many as libpcap.

The project's captures are joined into one file by mergecap, so that tshark starts once, and our pcapng reader meets
many link types in one file. Captures below TCPHS_CORPUS, if that is set, are asked about one by one; differences that
are known are in KNOWN, each with its reason.
"""

import os

import pytest
from oracle import compare, dump, libpcap_count
from support import paths

CORPUS = os.environ.get("TCPHS_CORPUS")
PROJECT = paths.captures(paths.SYNTHETIC, paths.RECORDED)
OTHERS = paths.captures(CORPUS) if CORPUS else []

# capture's name -> kinds of differences, which are right
KNOWN = {
    # An IP option of security that is too short: Wireshark's dissector for that option gives the packet up.
    "tcp-session-decode-malformed-ipv4/input.pcap": {"extra"},
}


def known(path):
    """Differences allowed in this capture; what only reassembly can show is allowed in all."""
    kinds = {"reassembled"}
    for name, more in KNOWN.items():
        if str(path).endswith(name):
            kinds |= more
    return kinds


def test_project(tshark, tmp_path):
    """All captures of the project, joined."""
    joined = tmp_path / "joined.pcapng"
    files = [tshark.readable(path) for path in PROJECT]
    joined.write_bytes(tshark.run("-a", "-w", "-", *files, program="mergecap", text=False).stdout)
    found, equal, mine = compare(tshark, joined)
    assert [difference for difference in found if difference[0] not in known(joined)] == []
    assert mine.damaged is None
    assert equal > len(mine.frames) / 2


@pytest.mark.parametrize("path", OTHERS, ids=str)
def test_corpus(tshark, path):
    """One capture of others'."""
    found, _, _ = compare(tshark, path)
    assert [difference for difference in found if difference[0] not in known(path)] == []


@pytest.mark.parametrize("where", ["path", "pipe"])
def test_as_many_as_libpcap(where):
    """Every classic pcap has the frames that an empty libpcap loop counts, read by name or from a pipe."""
    wrong = []
    for path in PROJECT + OTHERS:
        if path.read_bytes()[:4] == b"\x0a\x0d\x0d\x0a":
            continue
        mine = dump(path) if where == "path" else dump("-", data=path.read_bytes())
        if len(mine.frames) != (libpcap_count(path) or 0):
            wrong.append(f"{path}: {len(mine.frames)} frames, libpcap {libpcap_count(path)}")
    assert wrong == []
