#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mutate.py - tests the tests: makes one small mistake at a time in the engine, and sees whether a test notices.

    mutate.py [--part N/M] [--jobs N] [--file NAME]... [--list]

A mistake (a mutant) is a comparison turned round, an && for an ||, a ! left away, a + for a -, a constant answer, a
cell of the opening or closing table dropped, its rule or its next state forgotten. It is noticed if the engine does not
compile with it, crashes, hangs, or if an expectation of a capture script is missed, a unit test of the engine fails, or
one of its fuzz targets on a few inputs.

Prints each mutant that nobody noticed, then 'mutants N, noticed N, equivalent N, score P %'. What cannot be noticed,
because the program means the same, is listed in equivalent.txt with the reason. --part 3/10 takes each tenth mutant
from the third on. Exit status 0, 1 if the score is below 95 %, 2 if something is wrong with the run.

Theory of operation. A mutant differs in one line of one file. So the engine's other files are compiled once, and for
each mutant that file alone, then the program that replays all capture scripts (judge_engine) is linked and run: half a
second. Only what it lets through is shown to the other tests. Its answers are compared by the code that the suite of
scripts itself uses; what is not expected by a script may change freely.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/scripts")]

from support import paths, replays  # noqa: E402  pylint: disable=wrong-import-position
import test_scripts  # noqa: E402  pylint: disable=wrong-import-position

ENGINE = ROOT / "engine"
EQUIVALENT = Path(__file__).with_name("equivalent.txt")

# The tables and whatever decides: which event, which rule, which verdict. Not what formats or stores.
FILES = ("transition.c", "classify.c", "checks.c", "judge.c", "notice.c", "agree.c", "icmp.c", "segment.c", "seq.h")
# Programs that fail if something is wrong: {name: (sources below tests/, arguments)}. Of the fuzz targets a few inputs.
TESTS = {
    **{name: ((f"unit/{name}.c",), ())
       for name in ("test_agree", "test_segment", "test_format", "test_words", "test_zeek", "test_isn")},
    "fuzz_agree": (("fuzz/fuzz_agree.c", "fuzz/standalone.c"), ("400",)),
    "fuzz_engine": (("fuzz/fuzz_engine.c", "fuzz/standalone.c"), ("500",)),
}
SCORE = 95.0
# Of the program without a mistake times this; a mutant that takes longer hangs.
PATIENCE = 10.0

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
OPERATORS = {**COMPARISONS, "&&": "||", "||": "&&", "+": "-", "-": "+"}


class Mutant(NamedTuple):
    """One mistake: in |line| (from 1) of |file|, |column| to |end| becomes |after|."""
    file: str
    line: int
    column: int
    end: int
    after: str
    text: str
    place: str

    @property
    def key(self):
        """How equivalent.txt names it: by function and what the line says, so that it may move."""
        before = self.text[self.column:self.end]
        nth = self.text[:self.column].count(before)
        text = re.sub(r"\s*/\*.*?(\*/|$)", "", self.text).strip()
        return (f"{self.file}: {self.place}: {text} | {nth} {before.strip()} -> "
                f"{self.after.strip() or 'nothing'}")

    def applied(self, source):
        """The file with the mistake in it."""
        lines = source.split("\n")
        lines[self.line - 1] = self.text[:self.column] + self.after + self.text[self.end:]
        return "\n".join(lines)


# ---- which mistakes there are ----------------------------------------------------------------------------------------

def code_of(source):
    """The lines, with strings, comments and preprocessor lines blanked."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())  # noqa: E731
    source = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", blank, source, flags=re.S)
    return re.sub(r"^#.*(?:\\\n.*)*$", blank, source, flags=re.M).split("\n")


def place_of(code, place):
    """Where a line is: the function that has begun, or stage and role of the opening table; |place| is the last one."""
    function = re.match(r"[a-z].*?(\w+)\(", code)
    stage = re.match(r"\t\[TCPHS_(?:STAGE_)?(\w+)\] *= \{", code)
    role = re.match(r"\t\t\[TCPHS_(CLIENT|SERVER)\] = \{", code)
    if function:
        return function.group(1)
    if stage:
        return stage.group(1)
    return f"{place.split(' ')[0]} {role.group(1)}" if role else place


def operator_mutants(file, number, text, code, place):
    """Binary operators have spaces round them; a ! stands before what it turns round."""
    if "assert" in code or "sizeof" in code or re.match(r"\s*for \(", code):
        return
    for match in re.finditer(r"(?<= )(<=|>=|==|!=|&&|\|\||<|>|\+|-)(?= |$)", code):
        yield Mutant(file, number, match.start(), match.end(), OPERATORS[match.group()], text, place)
    for match in re.finditer(r"!(?=[\w(])", code):
        yield Mutant(file, number, match.start(), match.end(), "", text, place)
    for match in re.finditer(r"\breturn (true|false);", code):
        other = "false" if match.group(1) == "true" else "true"
        yield Mutant(file, number, match.start(1), match.end(1), other, text, place)


def cell_mutants(number, text, code, place):
    """Cells of both tables: dropped; without its rule; with the stage or state that was there before."""
    for match in re.finditer(r"\b(KEEP|GO)\((\w+), (\w+)((?:, \w+)*), (\w+)\)", code):
        yield Mutant("transition.c", number, match.start(), match.end(), f"NEVER({match.group(2)})", text,
                     place)
        if match.group(5) != "NONE":
            yield Mutant("transition.c", number, match.start(5), match.end(5), "NONE", text, place)
        for part in re.finditer(r"\b(ESTABLISHED|SYN_SENT|SYN_RECEIVED|LISTEN|CLOSED)\b", match.group(4)):
            start = match.start(4) + part.start()
            yield Mutant("transition.c", number, start, start + len(part.group()), "STATE_NONE", text, place)
        if match.group(1) == "GO" and match.group(3) != "MIDSTREAM":
            yield Mutant("transition.c", number, match.start(3), match.end(3), "MIDSTREAM", text, place)
    for match in re.finditer(r"\[TCPHS_CLOSE_\w+\] = (TCPHS_\w+)", code):
        yield Mutant("transition.c", number, match.start(1), match.end(1), "TCPHS_STATE_NONE", text, place)


def mutants_of(file):
    """All mistakes in one file, in order."""
    source = (ENGINE / file).read_text(encoding="utf-8")
    place = ""
    for number, (text, code) in enumerate(zip(source.split("\n"), code_of(source)), 1):
        place = place_of(code, place)
        if file == "transition.c":
            yield from cell_mutants(number, text, code, place)
        else:
            yield from operator_mutants(file, number, text, code, place)


def equivalents():
    """{key: reason} of equivalent.txt: 'KEY # REASON' on each line."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []
    return dict(line.rsplit(" # ", 1) for line in lines if line and not line.startswith("#"))


# ---- trying one ------------------------------------------------------------------------------------------------------

class Trouble(Exception):
    """The run itself does not work."""


class Workshop:
    """Object files of everything, and what the engine says without a mistake."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tcphs-mutants-"))
        self.flags = ["-std=gnu11", "-O1", "-w", f"-I{ENGINE}", f"-I{ROOT}/captures/generator",
                      '-DTCPHS_VERSION="0"', *self.pkg_config("--cflags", "glib-2.0")]
        self.libraries = [str(paths.built(paths.BUILD / "captures/libtcphs-script.a")),
                          *self.pkg_config("--libs", "glib-2.0", "libpcap"), "-lm"]
        self.sources = sorted(ENGINE.glob("*.c"))
        programs = {ROOT / "tests" / source for sources, _ in TESTS.values() for source in sources}
        programs.add(ROOT / "tests/scripts/judge_engine.c")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda source: self.compile(source, self.folder), [*self.sources, *programs]))
        self.expectations = {(wanted["script"], wanted["variant"]): wanted for wanted in replays.generate()}
        self.link("judge_engine", ("judge_engine",), self.folder, {})
        self.runs = self.answers(self.folder)
        if self.runs is None or self.misses(self.runs, {}):
            raise Trouble("the scripts do not even pass without a mistake; see tests/scripts")

    def close(self):
        """Nothing stays."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def pkg_config(*arguments):
        return subprocess.run(["pkg-config", *arguments], capture_output=True, text=True, check=True).stdout.split()

    def compile(self, source, folder, include=()):
        """An object file in |folder|; whether that worked."""
        done = subprocess.run(["gcc", *(f"-I{path}" for path in include), *self.flags, "-c", source, "-o",
                               folder / f"{source.stem}.o"], capture_output=True, check=False)
        return done.returncode == 0

    def link(self, program, parts, folder, changed):
        """A program in |folder|, with some of the engine's object files from elsewhere."""
        objects = [changed.get(source.stem, self.folder / f"{source.stem}.o") for source in self.sources]
        parts = [self.folder / f"{part}.o" for part in parts]
        done = subprocess.run(["gcc", *parts, *objects, "-o", folder / program, *self.libraries], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"{program} cannot be linked: {done.stderr}")

    def answers(self, folder):
        """{(script, variant): its lines}, or None if the program did not end as it should."""
        try:
            done = subprocess.run([folder / "judge_engine", paths.SCRIPTS], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
        except (subprocess.TimeoutExpired, UnicodeDecodeError):
            return None
        if done.returncode != 0:
            return None
        chunks = re.split(r'^(?=\{"type":"run")', done.stdout, flags=re.M)[1:]
        head = re.compile(r'"script":"([^"]*)","variant":"([^"]*)"')
        return {head.search(chunk).groups(): chunk for chunk in chunks}

    def misses(self, runs, same):
        """Whether an expectation is missed in a run that differs from the one in |same|."""
        for name, chunk in runs.items():
            if same.get(name) == chunk:
                continue
            answer = replays.parse_engine(chunk)[name]
            for mode in ("keep", "drain"):
                if test_scripts.compare(self.expectations[name], answer[mode]):
                    return True
        return set(runs) != set(self.expectations)

    def a_test_fails(self, folder, changed):
        """Whether one of them notices."""
        for name, (sources, arguments) in TESTS.items():
            self.link(name, [Path(source).stem for source in sources], folder, changed)
            try:
                done = subprocess.run([folder / name, *arguments], cwd=ROOT, capture_output=True, timeout=60,
                                      check=False)
            except subprocess.TimeoutExpired:
                return True
            if done.returncode != 0:
                return True
        return False

    def noticed(self, mutant):
        """Whether a test notices the mistake."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            return self.tried(mutant, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def tried(self, mutant, folder):
        """As above, with a folder for what is made."""
        wrong = folder / mutant.file
        wrong.write_text(mutant.applied((ENGINE / mutant.file).read_text(encoding="utf-8")), encoding="utf-8")
        # A header is compiled into all files; they find the wrong one first, from copies beside it.
        files = [wrong] if wrong.suffix == ".c" else [Path(shutil.copy(source, folder)) for source in self.sources]
        changed = {}
        for source in files:
            if not self.compile(source, folder, include=(folder,)):
                return True
            changed[source.stem] = folder / f"{source.stem}.o"
        self.link("judge_engine", ("judge_engine",), folder, changed)
        runs = self.answers(folder)
        return runs is None or self.misses(runs, self.runs) or self.a_test_fails(folder, changed)


# ---- all of them -----------------------------------------------------------------------------------------------------

class Result(NamedTuple):
    """What came of a run."""
    mutants: int
    equivalent: int
    unnoticed: list
    stale: list

    @property
    def score(self):
        """Noticed, of those that can be noticed, in percent."""
        possible = self.mutants - self.equivalent
        return 100.0 * (possible - len(self.unnoticed)) / possible if possible else 100.0

    def __str__(self):
        noticed = self.mutants - self.equivalent - len(self.unnoticed)
        return (f"mutants {self.mutants}, noticed {noticed}, equivalent {self.equivalent}, "
                f"score {self.score:.1f} %")


def run(files=FILES, part=1, parts=1, jobs=None):
    """Tries each |parts|th mutant of |files|, from the |part|th on."""
    everything = [mutant for file in files for mutant in mutants_of(file)]
    known = equivalents()
    keys = {mutant.key for mutant in everything}
    stale = [key for key in known if key not in keys and key.split(":")[0] in files]
    chosen = everything[part - 1::parts]
    possible = [mutant for mutant in chosen if mutant.key not in known]
    workshop = Workshop()
    try:
        with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
            noticed = list(pool.map(workshop.noticed, possible))
    finally:
        workshop.close()
    unnoticed = [mutant for mutant, seen in zip(possible, noticed) if not seen]
    return Result(len(chosen), len(chosen) - len(possible), unnoticed, stale)


def main():
    """As the first lines say."""
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--file", action="append", choices=FILES)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    files = arguments.file or FILES
    part, parts = map(int, arguments.part.split("/"))
    if arguments.list:
        for file in files:
            print("\n".join(mutant.key for mutant in mutants_of(file)))
        return 0
    result = run(files, part, parts, arguments.jobs)
    for mutant in result.unnoticed:
        print(f"engine/{mutant.file}:{mutant.line}: {mutant.key.partition(': ')[2]}")
    for key in result.stale:
        print(f"equivalent.txt: no such mutant any more: {key}")
    print(result)
    return 1 if result.score < SCORE or result.stale else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"mutate.py: {error}", file=sys.stderr)
        sys.exit(2)
