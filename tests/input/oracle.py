# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle.py - what tshark and libpcap make of a capture, beside what our reader and decoder make of it.

Ours comes from the program `dump` (dump.c). tshark's is asked for frame by frame and brought into the same
shape. compare() gives the differences, each as a sentence with a kind before it, so that a test can say which it
allows.
"""

import ctypes
import ctypes.util
import os
import subprocess
from dataclasses import dataclass, field

from support import paths

DUMP = paths.BUILD / "tests/input/dump"

FIELDS = [
    "frame.number", "frame.time_epoch", "frame.cap_len", "frame.len", "frame.protocols",
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.cur_rt", "_ws.col.Source", "_ws.col.Destination",
    "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.ack", "tcp.flags", "tcp.len", "tcp.hdr_len",
    "ip.fragment", "ipv6.fragment", "ip.ttl", "ipv6.hlim", "ip.id",
    "icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code", "tcp.checksum.status", "frame.encap_type",
]

@dataclass
class Header:
    """One TCP header, of a segment or quoted."""

    quote: bool
    encap: str
    src: str
    dst: str
    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    length: int
    have: int
    ip_id: int
    ttl: int
    checksum: str
    error: tuple = ()  # sender, type, code


@dataclass
class Frame:
    number: int
    time: str
    linktype: int
    captured: int
    length: int
    headers: list = field(default_factory=list)


@dataclass
class Dump:
    frames: list = field(default_factory=list)
    hidden: dict = field(default_factory=dict)
    damaged: str = None
    status: int = 0


def dump(path, *options, data=None):
    """What `dump` says of a capture; `data` goes to its standard input. A crash is an error here."""
    run = subprocess.run([paths.built(DUMP), *options, str(path)], input=data, capture_output=True, check=False)
    assert run.returncode in (0, 3), f"dump {path}: exit {run.returncode}\n{run.stderr.decode(errors='replace')}"
    result = Dump(status=run.returncode)
    for line in run.stdout.decode("ascii").splitlines():
        word, *rest = line.split("\t")
        if word == "frame":
            result.frames.append(Frame(int(rest[0]), rest[1], int(rest[2]), int(rest[3]), int(rest[4])))
        elif word in ("tcp", "quote"):
            numbers = [int(text, 0) for text in rest[4:13]]
            header = Header(word == "quote", *rest[1:4], *numbers, rest[13])
            if header.quote:
                header.error = (rest[14], int(rest[15]), int(rest[16]))
            result.frames[-1].headers.append(header)
        elif word == "hidden":
            result.hidden[rest[0]] = int(rest[1])
        elif word == "damaged":
            result.damaged = rest[0]
        else:
            assert line == "end", line
    return result


def ask_tshark(shark, path, *options):
    """Rows of FIELDS, as dictionaries of lists; and what tshark said of damage."""
    command = ["-n", "-o", "ip.defragment:TRUE", "-o", "tcp.relative_sequence_numbers:FALSE", *options]
    command += ["-r", shark.readable(path), "-T", "fields", "-E", "occurrence=a"]
    for name in FIELDS:
        command += ["-e", name]
    run = shark.run(*command, check=False)
    assert "aren't valid" not in run.stderr, run.stderr
    rows = []
    for line in run.stdout.splitlines():
        values = line.split("\t")
        assert len(values) == len(FIELDS), line
        rows.append({name: value.split(",") if value else [] for name, value in zip(FIELDS, values)})
    return rows, run.returncode


def layers_to_tcp(row):
    """For each TCP header of the frame the layers above it; no header of TCP is above another."""
    layers = ":".join(row["frame.protocols"]).split(":")
    for index in range(len(layers) - 2, -1, -1):
        if layers[index : index + 2] == ["ip", "ipv6"] and layers.count("ip") > len(row["ip.src"]):
            del layers[index]  # IPv6 where IPv4 was announced
    return [layers[:index] for index, layer in enumerate(layers) if layer == "tcp"]


def nearest_ip(layers):
    """The version of the IP header nearest to TCP, and which of its kind it is in the frame."""
    versions = [layer for layer in layers if layer in ("ip", "ipv6")]
    return versions[-1], versions.count(versions[-1]) - 1


def addresses(row, layers):
    """Source and destination of the IP header nearest to TCP; of IPv6 the column has the end of a source route."""
    version, index = nearest_ip(layers)
    if "ipv6.routing" in layers:
        quote = is_quote(layers)
        return (None, None) if quote else (row["_ws.col.Source"][0], row["_ws.col.Destination"][0])
    return tuple(row[version + end][index] if len(row[version + end]) > index else None for end in (".src", ".dst"))


def same_address(mine, theirs):
    return theirs is None or mine == theirs


def number(values, index=0):
    return int(values[index], 0) if len(values) > index and values[index] != "" else None


def is_quote(layers):
    """Whether a header tells of a segment elsewhere: quoted by an error, or sampled."""
    return not {"icmp", "icmpv6", "sflow"}.isdisjoint(layers)


def compare_header(mine, row, layers, which):
    """Names of what differs between our header and tshark's, of which it is the one numbered |which|."""
    wrong = []
    quote = is_quote(layers)
    if mine.quote != quote:
        wrong.append("quote")
    src, dst = addresses(row, layers)
    if not same_address(mine.src, src):
        wrong.append("src")
    if not same_address(mine.dst, dst):
        wrong.append("dst")
    checks = [("tcp.srcport", mine.sport), ("tcp.dstport", mine.dport), ("tcp.seq", mine.seq)]
    if mine.have & 2:
        checks += [("tcp.ack", mine.ack), ("tcp.flags", mine.flags)]
    # Of a quoted header, and of a first fragment, Wireshark counts what is there; we do not know the length.
    if mine.have & 8 and not quote:
        checks.append(("tcp.len", mine.length))
    for name, value in checks:
        theirs = number(row[name], which)
        if name == "tcp.flags" and theirs is not None:
            theirs &= 0x1FF  # the reserved bits are not ours
        if theirs != value and (theirs is not None or name == "tcp.srcport"):
            wrong.append(f"{name} ({value}, tshark {theirs})")
    return wrong + compare_ip(mine, row, layers, quote)


def compare_ip(mine, row, layers, quote):
    wrong = []
    version, index = nearest_ip(layers)
    ttl = number(row["ip.ttl" if version == "ip" else "ipv6.hlim"], index)
    if ttl is not None and ttl != mine.ttl:
        wrong.append("ttl")
    if version == "ip" and number(row["ip.id"], index) not in (None, mine.ip_id):
        wrong.append("ip_id")
    if quote and "sflow" not in layers:
        kind = "icmpv6" if "icmpv6" in layers else "icmp"
        sender, _ = addresses(row, layers[: layers.index(kind)])
        if mine.error != (sender, number(row[kind + ".type"]), number(row[kind + ".code"])):
            wrong.append("icmp")
    return wrong


def compare_frame(mine, row):
    """(kind, sentence) for a frame that differs, or None."""
    where = f"frame {mine.number}: "
    if mine.time != "-" and not same_time(mine.time, row["frame.time_epoch"]):
        return "time", f"{where}time {mine.time}, tshark {row['frame.time_epoch']}"
    if mine.linktype >= 0 and mine.captured != number(row["frame.cap_len"]):
        return "captured", f"{where}{mine.captured} octets captured, tshark {row['frame.cap_len']}"
    theirs = layers_to_tcp(row)
    if not theirs and mine.headers:
        return "extra", f"{where}{mine.headers[0]}, tshark {row['frame.protocols']}"
    if not mine.headers and not row["tcp.seq"]:
        return None  # less than 8 octets of TCP say nothing
    if not mine.headers:
        return "missing", f"{where}tshark has {':'.join(theirs[0])}:tcp, seq {row['tcp.seq']}"
    wrong = []
    # Of a header that was cut off early nothing is known.
    if not len(row["tcp.seq"]) <= len(mine.headers) <= len(theirs):
        wrong.append(f"{len(mine.headers)} headers, tshark {len(theirs)}")
    for which, (header, layers) in enumerate(zip(mine.headers, theirs)):
        wrong += [f"{what} in {':'.join(layers)}" for what in compare_header(header, row, layers, which)]
    return ("header", f"{where}{', '.join(wrong)}") if wrong else None


def nanoseconds(text):
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction)


def same_time(mine, theirs):
    """A stamp with more than a second of fraction is printed as it is by tshark: its value counts, if it has one."""
    return bool(theirs) and ("-" in theirs[0] or nanoseconds(mine) == nanoseconds(theirs[0]))


def compare(shark, path, *options):
    """(differences as (kind, sentence), number of TCP headers found equal, our dump)."""
    mine = dump(path)
    rows, _ = ask_tshark(shark, path, *options)
    found = []
    equal = 0
    if len(mine.frames) != len(rows):
        found.append(("frames", f"{len(mine.frames)} frames, tshark {len(rows)}"))
    for frame, row in zip(mine.frames, rows):
        assert frame.number == number(row["frame.number"])
        difference = compare_frame(frame, row)
        if difference:
            found.append(difference)
        else:
            equal += len(frame.headers)
    return found, equal, mine


def libpcap_count(path):
    """Frames that libpcap reads from a classic pcap file, and their octets: through ctypes, nothing of ours."""
    pcap = ctypes.CDLL(ctypes.util.find_library("pcap"))
    pcap.pcap_open_offline.restype = ctypes.c_void_p
    pcap.pcap_open_offline.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    pcap.pcap_next_ex.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    pcap.pcap_close.argtypes = [ctypes.c_void_p]
    handle = pcap.pcap_open_offline(os.fsencode(path), ctypes.create_string_buffer(256))
    if not handle:
        return None
    header, data = ctypes.c_void_p(), ctypes.c_void_p()
    count = 0
    while pcap.pcap_next_ex(handle, ctypes.byref(header), ctypes.byref(data)) == 1:
        count += 1
    pcap.pcap_close(handle)
    return count
