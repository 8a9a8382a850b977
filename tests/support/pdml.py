# SPDX-License-Identifier: GPL-2.0-or-later
"""PDML with the plugin, less the plugin's own elements, is PDML without it: line for line, as tshark prints it.

As a program: pdml.py [FOLDER], for every capture below a folder (default: captures/), in one pass and in two. It prints
what differs, and a count; the exit code is 1 if anything does. Captures are named by their place below the folder.
"""

import difflib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import paths, shark  # noqa: E402  pylint: disable=wrong-import-position

PASSES = {"one pass": [], "two passes": ["-2"]}
OURS = '  <proto name="tcphs"'
END = "  </proto>"
SHOWN = 6  # lines of a difference


def written(tshark, capture, options):
    """What tshark writes of a capture (damaged ones too), less when; and its exit code."""
    result = tshark.run("-n", *options, "-r", tshark.readable(capture), "-T", "pdml", check=False, text=False)
    if result.returncode == 1 or result.returncode < 0:
        raise shark.SharkError(f"tshark ended with {result.returncode}: {result.stderr.decode(errors='replace')}")
    lines = result.stdout.decode(errors="surrogateescape").split("\n")
    return [line for line in lines if not line.startswith("<pdml ")], result.returncode


def without_ours(lines):
    """The lines less our elements, and how many elements that were; ours stand directly in a packet."""
    rest, count, inside = [], 0, False
    for line in lines:
        if line.startswith(OURS):
            count += 1
            inside = not line.endswith("/>")
        elif not inside:
            rest.append(line)
        elif line == END:
            inside = False
    return rest, count


def compare(ours, plain, capture, options):
    """How many elements of ours there were, and the first lines of the difference, none if all is well."""
    with_us, status = written(ours, capture, options)
    without_us, status_without = written(plain, capture, options)
    rest, count = without_ours(with_us)
    if status != status_without:
        return count, [f"exit code {status}, without the plugin {status_without}"]
    if rest == without_us:
        return count, []
    changes = difflib.unified_diff(without_us, rest, "without", "with", lineterm="", n=1)
    return count, [line[:200] for line, _ in zip(changes, range(SHOWN))]


def is_capture(path):
    """Whether Wireshark's own library takes the file for a capture, whatever its name is."""
    kind = subprocess.run(["captype", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return not kind.stdout.endswith(": unknown\n")


def main(folder):
    """Every capture below the folder."""
    ours, plain = shark.Shark(), shark.Shark(plugin=None)
    captures = [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and is_capture(path)]
    asked = [(path, name) for path in captures for name in PASSES]

    def answer(question):
        path, name = question
        try:
            return compare(ours, plain, path, PASSES[name])
        except shark.SharkError as error:
            return 0, [str(error)]

    differing, elements = 0, 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for (path, name), (count, lines) in zip(asked, pool.map(answer, asked)):
            elements += count
            if lines:
                differing += 1
                print(f"{path.relative_to(folder)}, {name}:", *lines, sep="\n    ")
    print(f"{len(captures)} captures in one pass and in two, {elements} elements of ours, {differing} differences")
    if elements == 0:
        print("no element of ours anywhere: this proves nothing")
    return 1 if differing or elements == 0 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else paths.ROOT / "captures"))
