# SPDX-License-Identifier: GPL-2.0-or-later
"""test_cli_archives.py - captures that are compressed, in archives, in archives of archives; and such that do harm."""

import bz2
import gzip
import io
import lzma
import random
import struct
import subprocess
import tarfile
import zipfile
import zlib

import pytest

from cli_captures import START, Talk, complete, flood, pcap, pcapng, refused
from test_cli_inputs import files, ndjson, only


def filtered_by(*command):
    return lambda octets: subprocess.run(command, input=octets, stdout=subprocess.PIPE, check=True).stdout


COMPRESSIONS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": filtered_by("zstd", "-qc"),
                "lz4": filtered_by("lz4", "-qc")}


def tar(members, **extra):
    """The octets of a tar; |members| are (name, octets)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **extra) as archive:
        for name, octets in members:
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return out.getvalue()


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in members:
            archive.writestr(name, octets)
    return out.getvalue()


MEMBERS = [("a.pcap", complete()), ("notes.txt", b"nothing\n" * 100), ("d/b.pcapng", pcapng(Talk().syn().frames)),
           ("empty", b""), ("c", refused())]
NAMES = ["a.pcap", "d/b.pcapng", "c"]


@pytest.mark.parametrize("kind", COMPRESSIONS)
@pytest.mark.parametrize("where", ["file", "pipe"])
def test_compressed_is_as_good_as_plain(tcphs, write, kind, where):
    plain = ndjson(tcphs, write("a.pcap", complete()))
    packed = COMPRESSIONS[kind](complete())
    if where == "file":
        done = ndjson(tcphs, write("b", packed))
        assert done.out == plain.out.replace('"a.pcap"', '"b"')
    else:
        done = ndjson(tcphs, "-", input=packed)
        assert done.out == plain.out.replace('"a.pcap"', '"-"')
    assert done.status == 0 and done.err == ""


@pytest.mark.parametrize("pack", [tar, zipped, lambda members: zipped(members, zipfile.ZIP_STORED),
                                  lambda members: gzip.compress(tar(members)),
                                  lambda members: lzma.compress(tar(members, format=tarfile.USTAR_FORMAT)),
                                  lambda members: tar(members, format=tarfile.GNU_FORMAT)],
                         ids=["tar", "zip", "zip_stored", "tar.gz", "tar.xz", "tar_gnu"])
@pytest.mark.parametrize("where", ["file", "pipe"])
def test_each_member_is_an_input(tcphs, write, pack, where):
    """What is no capture is passed over; numbers of frames and streams begin anew."""
    archive = pack(MEMBERS)
    done = ndjson(tcphs, write("x", archive)) if where == "file" else ndjson(tcphs, "-", input=archive)
    name = "x" if where == "file" else "-"
    assert done.status == 1 and done.err == ""
    assert files(done) == [f"{name}/{member}" for member in NAMES]
    connections = [line for line in done.lines() if line["type"] == "connection"]
    assert [line["reason"] for line in connections] == ["three_way", "capture_ended", "refused"]
    assert [(line["stream"], line["first_frame"]) for line in connections] == [(0, 1)] * 3


def test_members_are_named_for_people(tcphs, write):
    done = tcphs(write("x.zip", zipped(MEMBERS)))
    for member in NAMES:
        assert f"x.zip/{member}" in done.out
    assert "3 connections in 3 files" in done.out
    assert "x.zip/c: " in tcphs("--format", "summary", "x.zip").out


def test_packed_within_packed(tcphs, write):
    inner = tar([("1.pcap.gz", gzip.compress(complete())), ("2.pcap", refused())])
    done = ndjson(tcphs, write("x.zip", zipped([("t.tar.bz2", bz2.compress(inner)), ("3.pcap", complete())])))
    assert files(done) == ["x.zip/t.tar.bz2/1.pcap.gz", "x.zip/t.tar.bz2/2.pcap", "x.zip/3.pcap"]
    assert done.err == ""


def test_too_deep_is_said_and_the_rest_read(tcphs, write):
    deep = complete()
    for _ in range(6):
        deep = zipped([("a", deep)])
    done = ndjson(tcphs, write("x.zip", zipped([("deep", deep), ("b", complete())])))
    assert done.status == 3
    assert "packed more than 4 times" in done.complaint()
    assert files(done)[-1] == "x.zip/b"
    assert only([line for line in done.lines() if line["file"] == "x.zip/b"], "connection")["verdict"] == "complete"


def test_folder_with_packed_captures(tcphs, write):
    """Told by content, too; what only looks packed, or holds no capture, is passed over."""
    write("d/1", gzip.compress(complete()))
    write("d/2.pcap", zipped([("m", complete())]))
    write("d/3.log.gz", gzip.compress(b"not a capture\n"))
    write("d/4.docx", zipped([("word/document.xml", b"<xml/>")]))
    write("d/5.tar", tar([("m", complete())]))
    write("d/6.txt", b"BZh is how a bzip2 file begins\n")
    done = ndjson(tcphs, "d")
    assert done.status == 0 and done.err == ""
    assert files(done) == ["d/1", "d/2.pcap/m", "d/5.tar/m"]


@pytest.mark.parametrize("octets", [gzip.compress(b"text\n"), gzip.compress(b""), zipped([("a", b"text")]), zipped([])],
                         ids=["gz", "gz_empty", "zip", "zip_empty"])
def test_no_capture_in_it(tcphs, write, octets):
    done = tcphs(write("x", octets))
    assert done.status == 3
    assert "x: holds no capture" in done.complaint()
    write("d/x", octets)
    done = tcphs("d")
    assert done.status == 3
    assert "no capture" in done.complaint()


def large():
    """A capture that compresses badly enough to be cut in its middle."""
    isns = random.Random(7)
    return pcap([(time, octets[:38] + isns.randbytes(4) + octets[42:]) for time, octets in flood(3000)])


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_cut_compressed_capture(tcphs, write, kind):
    """What had been unpacked before the cut is reported."""
    packed = COMPRESSIONS[kind](large())
    done = ndjson(tcphs, write("x", packed[:len(packed) * 3 // 4]))
    assert done.status == 3
    line = only(done.lines(), "file")
    assert line["damaged"] in done.complaint()
    if kind == "gz":
        assert line["frames"] > 500


@pytest.mark.parametrize("pack", [tar, zipped], ids=["tar", "zip"])
def test_every_cut_of_an_archive_is_survived(tcphs, write, pack):
    whole = pack(MEMBERS)
    for end in range(600 if pack is tar else 8, len(whole), 97):
        done = ndjson(tcphs, write("x", whole[:end]))
        assert done.status in (1, 3, 0)
        damaged = [line["damaged"] for line in done.lines() if line["type"] == "file" and line["damaged"]]
        assert (done.status == 3) == bool(damaged)
        assert all(len(text) < 200 for text in damaged)


def test_damaged_member_and_the_rest(tcphs, write):
    """A member whose octets are damaged is one error; those around it are read."""
    octets = bytearray(zipped([("a", complete()), ("b", large()), ("c", refused())]))
    at = octets.index(b"b", octets.index(b"PK\x03\x04", 10)) + 2000
    octets[at:at + 40] = bytes(40)
    done = ndjson(tcphs, write("x.zip", bytes(octets)))
    assert done.status == 3
    assert done.complaint().startswith("tcphs: x.zip/b: ")
    assert files(done) == ["x.zip/a", "x.zip/b", "x.zip/c"]
    lines = {line["file"]: line for line in done.lines() if line["type"] == "file"}
    assert lines["x.zip/c"]["connections"] == 1 and lines["x.zip/c"]["damaged"] is None


def encrypted(octets, name):
    """Marks a member as encrypted, in its own header and in the directory."""
    octets = bytearray(octets)
    for magic, flag, at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        start = octets.index(magic)
        while octets[start + at:start + at + len(name)] != name:
            start = octets.index(magic, start + 1)
        octets[start + flag] |= 1
    return bytes(octets)


def test_encrypted_member(tcphs, write):
    archive = zipped([("a", complete()), ("secret", complete()), ("c", refused())])
    done = ndjson(tcphs, write("x.zip", encrypted(archive, b"secret")))
    assert done.status == 3
    assert done.complaint().startswith("tcphs: x.zip/secret: is encrypted")
    assert files(done) == ["x.zip/a", "x.zip/secret", "x.zip/c"]


def bomb(megabytes):
    """A capture of frames that hold zeros, as a gzip of a thousandth of its size."""
    frame = struct.pack("<IIII", START, 0, 1 << 18, 1 << 18) + bytes(1 << 18)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = [packer.compress(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 1))]
    out += [packer.compress(frame) for _ in range(megabytes * 4)]
    return b"".join(out) + packer.flush()


@pytest.fixture(scope="module", name="large_bomb")
def fixture_large_bomb():
    return bomb(120)


def test_bomb_is_given_up(tcphs, write, large_bomb):
    done = ndjson(tcphs, write("bomb", large_bomb))
    assert done.status == 3
    assert "250 times its size" in done.complaint()
    assert 0 < only(done.lines(), "file")["frames"] < 440
    assert ndjson(tcphs, "--max-expansion", "100000", "bomb").status == 0


def test_bomb_in_an_archive_ends_the_archive(tcphs, write, large_bomb):
    done = ndjson(tcphs, write("x.tar", tar([("a", complete()), ("bomb", large_bomb), ("c", complete())])))
    assert done.status == 3
    assert done.complaint().startswith("tcphs: x.tar/bomb: ")
    assert files(done) == ["x.tar/a", "x.tar/bomb"]


def test_bomb_that_is_no_capture(tcphs, write):
    """Nothing but zeros between members: passing over them costs time as well."""
    zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
    member = tarfile.TarInfo("a")
    member.size = len(complete())
    parts = [zeros.compress(member.tobuf() + complete() + bytes(-len(complete()) % 512))]
    info = tarfile.TarInfo("zeros")
    info.size = 300 << 20
    parts.append(zeros.compress(info.tobuf()))
    parts += [zeros.compress(bytes(1 << 20)) for _ in range(300)]
    parts.append(zeros.flush())
    done = ndjson(tcphs, write("x", b"".join(parts)))
    assert done.status == 3
    assert "250 times its size" in done.complaint()
    assert files(done)[0] == "x/a"


@pytest.mark.parametrize("raw", ["\x1b[2J", "a\nb", "../../etc/passwd", "\u202egpj"])
def test_hostile_names_of_members(tcphs, write, raw):
    done = tcphs(write("x.zip", zipped([(raw, complete()[:-3])])))
    assert done.status == 3
    for text in (done.out, done.err):
        for letter in text.replace("\n", ""):
            assert letter.isprintable() and letter != "\u202e"
    assert len(done.err.splitlines()) == 1


def test_archives_among_others_whatever_the_jobs(tcphs, write):
    """The same octets with one job and with several."""
    names = []
    for number in range(12):
        names.append(write(f"{number}.pcap", complete()))
        names.append(write(f"{number}.zip", zipped(MEMBERS)))
    alone = tcphs("-j", "1", "--format", "ndjson", *names)
    assert alone.status == 1
    assert len(files(alone)) == 12 * 4
    for report in ("ndjson", "table", "summary"):
        alone = tcphs("-j", "1", "--format", report, *names)
        several = tcphs("-j", "4", "--format", report, *names)
        assert several.out == alone.out


def test_broken_member_does_not_stop_a_live_pipe(tcphs):
    archive = tar([("a", complete()), ("b", complete()[:-1]), ("c", refused())])
    done = ndjson(tcphs, "-", input=archive)
    assert done.status == 3
    assert files(done) == ["-/a", "-/b", "-/c"]
