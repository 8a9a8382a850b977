#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mutate.py - tests the tests: makes one small mistake at a time in the engine, and sees whether a test notices.

    mutate.py [--part N/M] [--jobs N] [--file NAME]... [--list]

A mistake (a mutant) is a comparison turned round, an && for an ||, a ! left away, a + for a -, a constant answer, a
cell of the opening or closing table dropped, its rule or its next state forgotten, a row of another table dropped, a
reason's verdict or blame exchanged. It is noticed if the engine does not compile with it, crashes, hangs, or if an
expectation of a capture script is missed, a unit test of the engine fails, or one of its fuzz targets on a few inputs.
It hangs if it takes many times the processor time that the same takes without a mistake; a machine that is busy with
other things makes nothing hang.

Prints each mutant that nobody noticed, then 'mutants N, noticed N, equivalent N, score P %'. What cannot be noticed,
because the program means the same, is listed in equivalent.txt with the reason. --part 3/10 takes each tenth mutant
from the third on. Exit status 0, 1 if the score is below 95 %, 2 if something is wrong with the run.

Theory of operation. A mutant differs in one line of one file. So the engine is compiled once, and for each mutant only
what that file is part of; the objects become a shared library, which the programs, linked once, load instead of the
one without a mistake. First comes the program that replays all capture scripts (judge_engine); only what it lets
through is shown to the other tests, and of these to none that the file is no part of. Its answers are compared by the
code that the suite of scripts itself uses; what is not expected by a script may change freely.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/scripts")]

from support import paths, replays  # noqa: E402  pylint: disable=wrong-import-position
import test_scripts  # noqa: E402  pylint: disable=wrong-import-position

ENGINE = ROOT / "engine"
EQUIVALENT = Path(__file__).with_name("equivalent.txt")

# The tables and whatever decides: which event, which rule, which verdict, which letter, and what is kept for how long.
FILES = ("transition.c", "classify.c", "connection.c", "connection.h", "checks.c", "judge.c", "notice.c", "agree.c",
         "icmp.c", "segment.c", "seq.h", "rules.def", "verdicts.def", "words.c", "format.c", "zeek.c", "isn.c", "sip.h",
         "tracker.c", "lone.c", "store.c", "store.h", "index.c", "index.h", "pool.c", "pool.h")
# Programs that fail if something is wrong: {name: (sources below tests/, arguments)}. Of the fuzz targets a few inputs.
TESTS = {
    **{name: ((f"unit/{name}.c",), ())
       for name in ("test_agree", "test_segment", "test_format", "test_words", "test_zeek", "test_isn", "test_store",
                     "test_tracker")},
    "test_memory": (("unit/test_memory.c",), ()),
    "fuzz_agree": (("fuzz/fuzz_agree.c", "fuzz/standalone.c"), ("400",)),
    "fuzz_engine": (("fuzz/fuzz_engine.c", "fuzz/standalone.c"), ("2000",)),
}
# Programs that stand between the engine and memory: for each mutant they are linked anew, and do not load it.
WRAPPED = {"test_memory": [f"-Wl,--wrap={name}" for name in ("malloc", "calloc", "realloc", "aligned_alloc", "free")]}
# Functions that only tell whether an ordinary segment may go the short way, and go it. What both ways leave behind is
# the same, as test_store and test_zeek see. Most mistakes here make a segment go the other way, which nobody can see.
SHORT_WAY = {"quick_of", "set_quick", "may_wait", "is_sound", "is_printed", "next_in_order",
             "tcphs_zeek_waits", "is_plain_ack", "is_plain_syn", "tcphs_checks_pass", "is_usual", "plain_of"}
SCORE = 95.0
# What a program may use before it is thought to hang: processor seconds (none takes one), octets of memory and output.
LIMITS = ("prlimit", "--cpu=6", f"--as={1 << 31}", f"--fsize={1 << 28}", "--core=0")
# Nothing waits longer than this for a processor.
PATIENCE = 300.0

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
OPERATORS = {**COMPARISONS, "&&": "||", "||": "&&", "+": "-", "-": "+"}
# Of the *.def files: which word of a row becomes which.
BREAKS = {"NOTHING": "FLAGS", "ARITHMETIC": "NOTHING", "FLAGS": "NOTHING", "SEGMENT": "NOTHING"}
VERDICTS = {"COMPLETE": "UNKNOWN", "UNKNOWN": "COMPLETE", "INCOMPLETE": "UNKNOWN", "HALF_OPEN": "INCOMPLETE",
            "MALFORMED": "INCOMPLETE"}
BLAMES = {"NONE": "PATH", "PATH": "NONE", "CLIENT": "SERVER", "SERVER": "CLIENT", "CAPTURE": "NONE"}


class Mutant(NamedTuple):
    """One mistake: in |line| (from 1) of |file|, |column| to |end| becomes |after|."""
    file: str
    line: int
    column: int
    end: int
    after: str
    text: str
    place: str
    nth: int = 1   # of those that would have the same key

    @property
    def key(self):
        """How equivalent.txt names it: by function and what the line says, so that it may move."""
        before = self.text[self.column:self.end]
        nth = self.text[:self.column].count(before)
        text = re.sub(r"\s*/\*.*?(\*/|$)", "", self.text).strip()
        again = f" ({self.nth})" if self.nth > 1 else ""
        return (f"{self.file}: {self.place}: {text} | {nth} {before.strip()} -> "
                f"{self.after.strip() or 'nothing'}{again}")

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
    function = re.match(r"(?=[a-z]).*?\b(\w+)\(", re.sub(r"__attribute__\(\(.*?\)\) ?", "", code))
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


def row_mutants(file, number, text, code, place):
    """Rows of the tables that say which function belongs to what: dropped."""
    match = re.fullmatch(r"\t+(\{ TCPHS_RULE_\w+, \w+ \},|\[TCPHS_EV_\w+\] = \w+,)", code)
    if match:
        yield Mutant(file, number, match.start(1), match.end(1), "", text, place)


def word_mutants(file, number, text, code, place):
    """Rows of the *.def files: what a rule about a single segment breaks, the verdict and the blame of a reason."""
    match = re.match(r"TCPHS_RULE\(\w+, (\w+), \w+, \w+, (\w+),", code)
    if match and f"{{ TCPHS_RULE_{match.group(1)}, " in (ENGINE / "checks.c").read_text(encoding="utf-8"):
        yield Mutant(file, number, match.start(2), match.end(2), BREAKS[match.group(2)], text, place)
    if match := re.match(r"TCPHS_REASON\(\w+, \w+, (\w+), (\w+),", code):
        yield Mutant(file, number, match.start(1), match.end(1), VERDICTS[match.group(1)], text, place)
        yield Mutant(file, number, match.start(2), match.end(2), BLAMES[match.group(2)], text, place)


def mutants_of(file):
    """All mistakes in one file, in order."""
    source = (ENGINE / file).read_text(encoding="utf-8")
    place = ""
    seen = Counter()
    for number, (text, code) in enumerate(zip(source.split("\n"), code_of(source)), 1):
        place = place_of(code, place)
        if file == "transition.c":
            found = cell_mutants(number, text, code, place)
        elif file.endswith(".def"):
            found = word_mutants(file, number, text, code, place)
        else:
            found = (*operator_mutants(file, number, text, code, place),
                     *row_mutants(file, number, text, code, place))
        for mutant in found if place not in SHORT_WAY else ():
            seen[mutant.key] += 1
            yield mutant._replace(nth=seen[mutant.key])


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
        # What is edited while this runs, perhaps for hours, does not matter.
        self.engine = shutil.copytree(ENGINE, self.folder / "engine")
        self.scripts = shutil.copytree(paths.SCRIPTS, self.folder / "scripts")
        self.expectations = {(wanted["script"], wanted["variant"]): wanted for wanted in replays.generate()}
        self.flags = ["-std=gnu11", "-w", "-fPIC", f"-I{self.engine}", f"-I{ROOT}/captures/generator",
                      '-DTCPHS_VERSION="0"', *self.pkg_config("--cflags", "glib-2.0")]
        self.libraries = [*self.pkg_config("--libs", "glib-2.0", "libpcap"), "-lm"]
        self.sources = sorted(self.engine.glob("*.c"))
        self.includes = {source: self.included(source) for source in self.sources}
        self.expanded = {source: self.expand(source) for source in self.sources}
        programs = {ROOT / "tests" / source for sources, _ in TESTS.values() for source in sources}
        programs.add(ROOT / "tests/scripts/judge_engine.c")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda source: self.compile(source, self.folder), [*self.sources, *programs]))
        self.share(self.folder, {})
        subprocess.run(["ar", "rcs", self.folder / "engine.a", *map(self.object_of, self.sources)], check=True)
        self.link("judge_engine", ["judge_engine"], [paths.built(paths.BUILD / "captures/libtcphs-script.a")])
        self.parts = {name: self.link(name, [Path(source).stem for source in sources], WRAPPED.get(name, ()))
                      for name, (sources, _) in TESTS.items()}
        self.runs = self.answers(self.folder)
        if self.runs is None or self.misses(self.runs, {}):
            raise Trouble("the scripts do not even pass without a mistake; see tests/scripts")
        failing = [name for name in TESTS if self.fails(name, self.folder, {})]
        if failing:
            raise Trouble(f"{' and '.join(failing)} do not even pass without a mistake")

    def close(self):
        """Nothing stays."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def pkg_config(*arguments):
        """Words for the compiler."""
        return subprocess.run(["pkg-config", *arguments], capture_output=True, text=True, check=True).stdout.split()

    def included(self, source):
        """Names of all files that the source is made of."""
        done = subprocess.run(["gcc", *self.flags, "-MM", source], capture_output=True, text=True, check=True)
        return {Path(word).name for word in done.stdout.replace("\\\n", " ").split()[1:]}

    def expand(self, source):
        """What the compiler sees of it, paths aside."""
        command = ["gcc", *self.flags, "-DNDEBUG", "-E", "-P", source]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def object_of(self, source):
        """Its object file, without a mistake."""
        return self.folder / f"{source.stem}.o"

    def compile(self, source, folder, include=()):
        """An object file in |folder|; whether that worked."""
        # What is compiled once may take its time.
        level = "-O0" if include else "-O1"
        done = subprocess.run(["gcc", *(f"-I{path}" for path in include), *self.flags, level, "-c", source, "-o",
                               folder / f"{source.stem}.o"], capture_output=True, check=False)
        return done.returncode == 0

    def share(self, folder, changed):
        """The engine as a shared library in |folder|, with some of its object files from elsewhere."""
        objects = [changed.get(source.stem, self.object_of(source)) for source in self.sources]
        self.linked(["-shared", *objects, "-o", folder / "libengine.so", "-lm"])

    def link(self, program, parts, libraries=()):
        """A program that loads the engine; the names of the engine's sources that it needs."""
        objects = [self.folder / f"{part}.o" for part in parts]
        self.linked([*objects, *libraries, "-o", self.folder / program, f"-L{self.folder}", "-lengine",
                     *self.libraries])
        trace = self.linked([*objects, *libraries, self.folder / "engine.a", "-o", self.folder / f"{program}.whole",
                             "-Wl,-t,-t", *self.libraries])
        return {f"{name}.c" for name in re.findall(r"engine\.a\)(\w+)\.o", trace)}

    @staticmethod
    def linked(arguments):
        """What the linker said."""
        done = subprocess.run(["gcc", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"the linker failed: {done.stderr}")
        return done.stdout

    def succeeds(self, program, arguments, folder, output):
        """Whether it ends as it should, with the engine that is in |folder|."""
        done = subprocess.run([*LIMITS, self.folder / program, *arguments], cwd=ROOT, stdout=output,
                              stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE,
                              env={**os.environ, "LD_LIBRARY_PATH": str(folder)})
        return done.returncode == 0

    def answers(self, folder):
        """{(script, variant): its lines}, or None if the program did not end as it should."""
        with open(folder / "answers", "w+b") as output:
            if not self.succeeds("judge_engine", [self.scripts], folder, output):
                return None
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
        head = re.compile(r'"script":"([^"]*)","variant":"([^"]*)"')
        chunks = text.split('{"type":"run"')[1:]
        return {head.search(chunk).groups(): chunk for chunk in chunks}

    def misses(self, runs, same):
        """Whether an expectation is missed in a run that differs from the one in |same|."""
        for name, chunk in runs.items():
            if same.get(name) == chunk:
                continue
            answer = replays.parse_engine('{"type":"run"' + chunk)[name]
            for mode in ("keep", "drain"):
                if test_scripts.compare(self.expectations[name], answer[mode]):
                    return True
        return set(runs) != set(self.expectations)

    def fails(self, name, folder, changed):
        """Whether a test notices."""
        if name in WRAPPED:
            objects = [changed.get(source.stem, self.object_of(source)) for source in self.sources]
            self.linked([self.folder / f"{name}.o", *objects, "-o", folder / name, *WRAPPED[name], *self.libraries])
            return not self.succeeds(folder / name, TESTS[name][1], folder, subprocess.DEVNULL)
        return not self.succeeds(name, TESTS[name][1], folder, subprocess.DEVNULL)

    def noticed(self, mutant):
        """Whether a test notices the mistake."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            return self.tried(mutant, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def tried(self, mutant, folder):
        """As above, with a folder for what is made."""
        wrong = mutant.applied((self.engine / mutant.file).read_text(encoding="utf-8"))
        header = not mutant.file.endswith(".c")
        # What includes a header finds the wrong one first, because everything is beside it.
        if header:
            shutil.copytree(self.engine, folder, dirs_exist_ok=True)
        (folder / mutant.file).write_text(wrong, encoding="utf-8")
        changed = {}
        for source in self.sources:
            if mutant.file not in self.includes[source]:
                continue
            if header and self.expand(folder / source.name) == self.expanded[source]:
                continue
            if not self.compile(folder / source.name, folder, include=(folder,)):
                return True
            changed[source.stem] = folder / f"{source.stem}.o"
        self.share(folder, changed)
        runs = self.answers(folder)
        if runs is None or self.misses(runs, self.runs):
            return True
        names = {f"{stem}.c" for stem in changed}
        return any(self.fails(name, folder, changed) for name, parts in self.parts.items() if names & parts)


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


def tell(mutant):
    """A line for a mistake that nobody noticed."""
    print(f"engine/{mutant.file}:{mutant.line}: {mutant.key.partition(': ')[2]}", flush=True)


def run(files=FILES, part=1, parts=1, jobs=None):
    """Tries each |parts|th mutant of |files|, from the |part|th on; tells of those that nobody noticed."""
    everything = [mutant for file in files for mutant in mutants_of(file)]
    known = equivalents()
    keys = {mutant.key for mutant in everything}
    stale = [key for key in known if key not in keys and key.split(":")[0] in files]
    chosen = everything[part - 1::parts]
    possible = [mutant for mutant in chosen if mutant.key not in known]
    unnoticed = []
    workshop = Workshop()
    try:
        with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
            for mutant, seen in zip(possible, pool.map(workshop.noticed, possible)):
                if not seen:
                    unnoticed.append(mutant)
                    tell(mutant)
    finally:
        workshop.close()
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
