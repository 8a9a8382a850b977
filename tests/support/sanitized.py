#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sanitized.py [FOLDER...] - tshark with the plugin of the sanitized build, on every capture of ours and below folders.

Forty of them are merged into one, since tshark takes longer to begin than to read most, and read
three times: in one pass with the statistics, in two with all details, and as fields by a display filter. tshark itself
is not built with sanitizers, so the library is loaded before it; leaks are for leaks.py. The exit code is 1 if the
plugin made a mistake that a sanitizer sees, or tshark crashed.
"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import paths, pdml, shark  # noqa: E402  pylint: disable=wrong-import-position

PLUGIN = paths.ROOT / "build/debug/plugin/tcphs.so"
STATUS = 99  # of a process that a sanitizer ended
TOGETHER = 40
WAYS = [
    ["-q", "-z", "tcphs,verdicts", "-z", "tcphs,tree", "-z", "tcphs,srt", "-z", "expert"],
    ["-2", "-V"],
    ["-2", "-R", "tcphs", "-Y", "tcphs.finding or tcphs.verdict", "-T", "fields", "-e", "tcphs.arithmetic"],
]


class Sanitized(shark.Shark):
    """tshark with a sanitized plugin."""

    def environment(self):
        """What the sanitizers need, too; and no programs for capturing, which would be asked what they can do."""
        library = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
        return {**super().environment(), "LD_PRELOAD": library.stdout.strip(),
                "WIRESHARK_EXTCAP_DIR": str(self.home),
                "ASAN_OPTIONS": f"detect_leaks=0:exitcode={STATUS}:detect_stack_use_after_return=1",
                "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode={STATUS}"}


def complaint(tshark, capture, options):
    """What went wrong, or None. Status 2 is a damaged capture; 1 one of a format that cannot be read."""
    result = tshark.run("-n", *options, "-r", tshark.readable(capture), check=False, text=False)
    if result.returncode in (0, 1, 2) and b"Sanitizer" not in result.stderr and b"runtime error" not in result.stderr:
        return None
    return f"{capture}, {' '.join(options)}: ended with {result.returncode}\n{result.stderr.decode(errors='replace')}"


def merged(captures, folder):
    """Files with the captures one behind the other; those that cannot be merged, since one is damaged, in halves."""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".pcapng", delete=False) as file:
        done = subprocess.run(["mergecap", "-a", "-w", file.name, *captures], stderr=subprocess.DEVNULL, check=False)
        Path(file.name).chmod(0o644)
    if done.returncode == 0:
        yield file.name
    elif len(captures) == 1:
        yield captures[0]
    else:
        yield from merged(captures[:len(captures) // 2], folder)
        yield from merged(captures[len(captures) // 2:], folder)


def main(folders):
    """Every capture below the folders, in every way."""
    tshark = Sanitized(PLUGIN)
    captures = [path for folder in folders for path in sorted(Path(folder).resolve().rglob("*"))
                if path.is_file() and pdml.is_capture(path)]
    with tempfile.TemporaryDirectory() as room, ThreadPoolExecutor(max_workers=2) as pool:
        Path(room).chmod(0o755)
        files = [file for first in range(0, len(captures), TOGETHER)
                 for file in merged(captures[first:first + TOGETHER], room)]
        found = list(filter(None, pool.map(lambda asked: complaint(tshark, *asked),
                                           [(file, way) for file in files for way in WAYS])))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(captures)} captures, merged into {len(files)}, in {len(WAYS)} ways by tshark {shark.Shark.version()} "
          f"with the sanitized plugin: {len(found)} mistakes")
    return 1 if found or not captures else 0


if __name__ == "__main__":
    sys.exit(main([paths.ROOT / "captures", *sys.argv[1:]]))
