#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mutated.py [--count N] [--seed N] [--valgrind N] [FOLDER...] - captures with damage, in masses.

Captures below captures/, tests/fuzz/corpus and the folders are damaged at random - octets and bits changed, numbers
made extreme, parts cut out, doubled, moved, sewn to parts of others, packed, and damaged when they are packed - and
given to the analyzer a thousand at a time, under names that are hostile, too. It has to end with 0, 1 or 3, without a
word from a sanitizer, in bounded time and memory; and all of its reports have to be what they say they are: JSON, XML,
HTML, CSV, text without control characters. The same seed makes the same damage. --valgrind: so many once more by
valgrind, with a build that has no sanitizers, against reads of what was never set. TCPHS and TCPHS_BUILD choose the
analyzer.
"""

import argparse
import csv
import gzip
import io
import json
import lzma
import os
import random
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import html5lib

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
from support import paths

LONGEST = 64 * 1024
BATCH = 1000
SECONDS = 600            # for a batch, on a machine that has other things to do, too
OCTETS = 1500 << 20      # of memory, most of it what the sanitizers keep for themselves
EXTREMES = [0, 1, 0x7F, 0x80, 0xFE, 0xFF]
NAMES = [b"", b"\x1b[2J", b"\n", b"<b>&\"'", b"\xff\xfe", b"]]>", "\u202e\u2028".encode(), b",;\t=1+1", b"%s%n", b"\\"]
# What a terminal could take for an order, but for the end of a line.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def seeds(folders):
    """Octets to begin with."""
    found = []
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and 0 < path.stat().st_size and path.suffix not in (".md", ".txt", ".tcphs", ".c", ".h"):
                with path.open("rb") as file:
                    found.append(file.read(LONGEST))
    return found


def kept_inputs():
    """What fuzzing kept of captures, of pcapng and of packed ones."""
    for name in ("capture", "pcapng", "packed"):
        with tarfile.open(paths.ROOT / f"tests/fuzz/corpus/fuzz_{name}.tar.xz") as archive:
            for member in archive:
                octets = archive.extractfile(member).read() if member.isfile() else b""
                if octets:
                    yield octets


def damage(rand, octets, others):
    """One change."""
    at, size = rand.randrange(len(octets)), rand.randrange(1, 64)
    kind = rand.randrange(9)
    if kind == 0:
        octets[at] = rand.randrange(256)
    elif kind == 1:
        octets[at] ^= 1 << rand.randrange(8)
    elif kind == 2:
        octets[at:at + rand.choice((1, 2, 4))] = bytes([rand.choice(EXTREMES)]) * rand.choice((1, 2, 4))
    elif kind == 3:
        del octets[at:at + size]
    elif kind == 4:
        octets[at:at] = octets[rand.randrange(len(octets)):][:size]
    elif kind == 5:
        octets[at:at + size] = octets[rand.randrange(len(octets)):][:size]
    elif kind == 6:
        other = rand.choice(others)
        octets[at:] = other[rand.randrange(len(other)):]
    elif kind == 7 and rand.randrange(4) == 0:
        del octets[at:]
    else:
        for _ in range(rand.randrange(20)):
            octets[rand.randrange(len(octets))] = rand.randrange(256)


def pack(rand, octets):
    """As it may be packed."""
    kind = rand.randrange(3)
    if kind == 0:
        return gzip.compress(octets, 1, mtime=0)
    if kind == 1:
        return lzma.compress(octets, preset=0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a\x1b<&.pcap"), octets)
    return out.getvalue()


def mutant(rand, found):
    """A capture with damage."""
    octets = bytearray(rand.choice(found))
    for _ in range(rand.randrange(1, 9)):
        damage(rand, octets, found)
        octets = octets[:LONGEST] or bytearray(b"\0")
    if rand.randrange(12) == 0:
        octets = bytearray(pack(rand, bytes(octets)))
        if rand.randrange(2):
            damage(rand, octets, found)
    return bytes(octets)


def write_batch(rand, found, folder, count):
    """|count| of them, under names of which some are hostile."""
    for number in range(count):
        name = b"%05d" % number + (rand.choice(NAMES) if number % 8 == 0 else b"") + b".pcap"
        (Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))).write_bytes(mutant(rand, found))


def problem_of(done):
    """What a run did that it may not, or None."""
    if done.returncode not in (0, 1, 3):
        return f"exit code {done.returncode}"
    if re.search(r"Sanitizer|runtime error|Assertion|CRITICAL|ERROR SUMMARY: [1-9]", done.stderr):
        return "a report on standard error"
    for line in done.stderr.split("\n")[:-1]:
        if not line.startswith(("tcphs: ", "==")) or CONTROL.search(line):
            return f"this on standard error: {line!r}"
    return None


def run(folder, out, command=(), options=()):
    """The analyzer over a folder, all reports at once; standard output is text. CompletedProcess."""
    kinds = ("ndjson", "junit", "html", "csv", "zeek", "summary", "stats")
    reports = [f"--report={kind}={out}/{kind}" for kind in kinds]
    arguments = [*command, str(paths.built(paths.ANALYZER)), "--checksums", "--color=never", "-j2", *options, *reports,
                 f"--write={out}/write", str(folder)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "exitcode=99:detect_leaks=1",
                   "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1", "LSAN_OPTIONS": "exitcode=99"}
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="strict",
                          timeout=SECONDS, env=environment, check=False)


def check_reports(out, text):
    """Each report parses as what it is. The number of connections."""
    lines = [json.loads(line) for line in (out / "ndjson").read_text(encoding="utf-8").split("\n")[:-1]]
    connections = [line for line in lines if line["type"] == "connection"]
    assert not any(CONTROL.search(finding["text"]) for line in connections for finding in line["findings"])
    suites = ElementTree.parse(out / "junit").getroot()
    assert suites.tag == "testsuites"
    with (out / "csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert len(rows) == len(connections) + 1 and {len(row) for row in rows} == {len(rows[0])}
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse((out / "html").read_text(encoding="utf-8"))
    for name, content in [("table", text), *((kind, (out / kind).read_text(encoding="utf-8"))
                                             for kind in ("summary", "stats"))]:
        stray = CONTROL.search(content)
        assert not stray, f"{name} holds {stray.group()!r}"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", (out / "zeek").read_text(encoding="utf-8"))
    return len(connections)


def find_culprit(folder, keep):
    """Of a folder that breaks the analyzer, the file that does so alone; it is kept. Its name, or None."""
    for path in sorted(folder.iterdir()):
        with tempfile.TemporaryDirectory() as out:
            done = run(path, Path(out))
        if problem_of(done):
            keep.mkdir(parents=True, exist_ok=True)
            target = keep / f"mutant-{time.time_ns()}"
            target.write_bytes(path.read_bytes())
            return f"{target}: {problem_of(done)}\n{done.stderr[-3000:]}"
    return None


def batch(rand, found, count, command=(), options=()):
    """Makes, runs and checks |count| of them. (connections, files that could not be read to their end)."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as room:
        folder, out = Path(room) / "captures", Path(room) / "reports"
        folder.mkdir()
        out.mkdir()
        write_batch(rand, found, folder, count)
        done = run(folder, out, command, options)
        problem = problem_of(done)
        if problem:
            sys.exit(f"{problem}: {find_culprit(folder, paths.ROOT / 'build/mutated') or done.stderr[-3000:]}")
        return check_reports(out, done.stdout), done.stderr.count("\n")


def check_folder(folder, command=(), options=()):
    """The captures of a folder as they are."""
    with tempfile.TemporaryDirectory() as out:
        done = run(folder, Path(out), command, options)
        if problem_of(done):
            sys.exit(f"{folder}: {problem_of(done)}\n{done.stderr[-3000:]}")
        return check_reports(Path(out), done.stdout)


def main():
    """All of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--valgrind", type=int, default=0)
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    found = [*seeds([paths.ROOT / "captures", *options.folders]), *kept_inputs()]
    for folder in options.folders:
        print(f"a folder of others' captures as they are: {check_folder(folder)} connections")
    rand, start, total, damaged = random.Random(options.seed), time.monotonic(), 0, 0
    command = []
    if options.valgrind:
        command = ["valgrind", "-q", "--error-exitcode=98", "--leak-check=no"]
        options.count = options.valgrind
    for done in range(0, options.count, BATCH):
        connections, complaints = batch(rand, found, min(BATCH, options.count - done), command,
                                        ["--no-sandbox"] if options.valgrind else [])
        total, damaged = total + connections, damaged + complaints
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    assert memory <= OCTETS, f"{memory} octets of memory"
    print(f"{options.count} mutants of {len(found)} captures (seed {options.seed}){', by valgrind' * bool(command)}: "
          f"{total} connections, {damaged} complaints, {memory >> 20} MiB at most, {time.monotonic() - start:.0f} s; "
          "no exit code but 0, 1 and 3, no report of a sanitizer, and all reports are what they say they are")


if __name__ == "__main__":
    main()
