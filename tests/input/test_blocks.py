# SPDX-License-Identifier: GPL-2.0-or-later
"""pcapng: our reader gives the frames that Wireshark gives, with the same numbers, and stops where it stops.

Each file is made of one sound frame, something odd, and another sound frame: what the odd thing is worth shows in
whether it is counted, and whether the frame after it is reached.
"""

import struct

import pytest
from craft import ETH, NULL, RAW, Ng, eth, ip4, pad4, tcp
from oracle import ask_tshark, dump, same_time

FRAME = eth(ip4(tcp()))
JOURNAL = b"__REALTIME_TIMESTAMP=1234567890123456\nMESSAGE=the time is a field\n"
SYSDIG = struct.pack("<HQQIH", 1, 1234567890123456789, 5, 50, 3) + bytes(12)


def start(order="<"):
    return Ng(order).section().interface().enhanced(FRAME, 1_000_000)


def after(kind, body, **lengths):
    """A block between two frames."""
    return start().block(kind, pad4(body), **lengths).enhanced(FRAME, 2_000_000)


def resolution(*values):
    ng = Ng().section()
    ng.interface(options=b"".join(ng.option(9, bytes([value])) for value in values))
    return ng.enhanced(FRAME, 1_234_567_890_123)


def offset(seconds):
    ng = Ng().section()
    ng.interface(options=ng.option(14, struct.pack("<q", seconds)))
    return ng.enhanced(FRAME, 5_000_000)


def sections():
    ng = start(">").obsolete(FRAME, 3_000_000)
    return ng.section(order="<").interface(RAW).enhanced(ip4(tcp()), 7_000_000)


def linktypes():
    ng = Ng().section().interface(ETH).interface(RAW).interface(999).interface(NULL, snaplen=40)
    for interface, frame in enumerate([FRAME, ip4(tcp()), FRAME, b"\2\0\0\0" + ip4(tcp())]):
        ng.enhanced(frame, 1_000_000, interface)
    return ng


CASES = {
    "enhanced": start(),
    "simple": start().simple(FRAME).enhanced(FRAME, 2_000_000),
    "simple-cut": Ng().section().interface(snaplen=50).simple(FRAME[:50], wire=54).enhanced(FRAME, 2_000_000),
    "simple-before-interface": Ng().section().simple(FRAME),
    "obsolete": start().obsolete(FRAME, 5_000_000),
    "big-endian": start(">").obsolete(FRAME, 5_000_000).simple(FRAME).enhanced(FRAME, 6_000_000),
    "sections": sections(),
    "section-without-interface": start().section().enhanced(FRAME),
    "section-1.1": start().section(minor=1),
    "section-1.2": start().section(minor=2).interface().enhanced(FRAME, 2_000_000),
    "section-2.0": start().section(major=2),
    "linktypes": linktypes(),
    **{f"type-{kind:#x}": after(kind, SYSDIG) for kind in
       [5, 7, 8, 0xB, 0xC, 0x101, 0x201, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0xBAD, 0x40000BAD, 0x1234,
        0x80000001]},
    "names": after(4, struct.pack("<HHI", 0, 0, 0)),
    "secrets": after(0xA, struct.pack("<II", 0x544C534B, 4) + b"abcd"),
    "journal": after(9, JOURNAL),
    "journal-without-time": after(9, b"MESSAGE=nobody looked at the clock when this was written"),
    "journal-time-at-end": after(9, b"MESSAGE=xxxxxxxxxxx\n__REALTIME_TIMESTAMP=77"),
    "journal-short": after(9, b"MESSAGE=hello"),
    "custom-short": after(0xBAD, b""),
    "custom-skipped-events": after(0xBAD, struct.pack("<III", 10949, 2, 7)),
    "sysdig-short": after(0x204, bytes(20)),
    "sysdig-v2-short": after(0x216, bytes(24)),
    "length-rounded-up": after(0x1234, bytes(8), first=19, last=19),
    "length-rounded-up-once": after(0x1234, bytes(8), first=17, last=20),
    "lengths-differ": after(0x1234, bytes(8), first=20, last=24),
    **{f"length-{length}": after(0x1234, bytes(8), first=length) for length in (0, 4, 8, 0x7FFFFFFF, 0xFFFFFFFF)},
    "interface-short": after(1, bytes(4)),
    "interface-unknown": start().enhanced(FRAME, 1, interface=1).enhanced(FRAME),
    "packet-longer-than-block": start().enhanced(FRAME, 1, captured=60).enhanced(FRAME),
    "packet-longer-than-snaplen": Ng().section().interface(snaplen=20).enhanced(FRAME, 1),
    "packet-longer-than-on-the-wire": start().enhanced(FRAME, 1, wire=20),
    "packet-block-short": start().block(6, bytes(16)).enhanced(FRAME),
    "largest-packet": start().enhanced(bytes(262144), 1).enhanced(bytes(262145), 1).enhanced(FRAME),
    "large-block": start().enhanced(FRAME, 1, options=Ng().option(0x8001, bytes(60000)) * 12).enhanced(FRAME, 2),
    **{f"resolution-{value:#x}": resolution(value) for value in (0, 3, 6, 7, 9, 10, 0x80, 0x8A, 0xA0)},
    "resolution-twice": resolution(9, 3),
    "offset": offset(100),
    "offset-back": offset(-3),
    **{f"cut-{cut}": cut for cut in (1, 4, 5, 40, 80)},
}


@pytest.mark.parametrize("name", CASES)
def test_same_frames(tshark, written, name):
    """Number, time and captured length of every frame, and whether the end was reached."""
    case = CASES[name]
    path = written(start().enhanced(FRAME, 2).data[:-case] if isinstance(case, int) else case.data)
    mine = dump(path)
    theirs, status = ask_tshark(tshark, path)
    assert len(mine.frames) == len(theirs)
    assert (mine.damaged is None) == (status == 0)
    for frame, row in zip(mine.frames, theirs):
        assert (frame.time == "-") == (not row["frame.time_epoch"])
        assert frame.time == "-" or beyond(frame) or same_time(frame.time, row["frame.time_epoch"])
        if frame.linktype >= 0:
            assert frame.captured == int(row["frame.cap_len"][0])


def beyond(frame):
    """After the year 2116: our last moment, since differences of times must fit."""
    return frame.time == "4611686018.427387904"


def test_netflix_events_of_unknown_kind(written):
    """Wireshark 4.0 takes one for the end of the file and says nothing; we go on, as it does with other blocks."""
    assert len(dump(written(after(0xBAD, struct.pack("<III", 10949, 3, 7)).data)).frames) == 3


def test_resolution_finer_than_wireshark_can(written):
    """Wireshark 4.0 multiplies in 64 bits and is off; ours is exact."""
    assert dump(written(resolution(12).data)).frames[0].time == "1.234567890"
    assert dump(written(resolution(0xBF).data)).frames[0].time == "0.000000133"


def test_message_names_place(written):
    """What is wrong, where, and what was read: one line of ASCII."""
    found = dump(written(start().enhanced(FRAME, 1, interface=1).data))
    assert found.status == 3
    assert "octet 136, after frame 1" in found.damaged
