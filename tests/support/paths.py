# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the project, the build under test and the captures are.

TCPHS_BUILD names the build folder (default: build/release), TCPHS the analyzer (default: the build's).
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TCPHS_BUILD") or ROOT / "build/release").resolve()
SCRIPTS = ROOT / "captures/scripts"
SYNTHETIC = ROOT / "captures/synthetic"
RECORDED = ROOT / "captures/recorded"
CAPTURE_SUFFIXES = {".pcap", ".pcapng", ".cap"}

ANALYZER = Path(os.environ.get("TCPHS") or BUILD / "analyzer/tcphs")
PLUGIN = BUILD / "plugin/tcphs.so"
GENERATE = BUILD / "captures/tcphs-generate"
JUDGE_ENGINE = BUILD / "tests/scripts/judge_engine"


def built(program):
    """The program's path; an error that says what to do if it has not been built."""
    if not program.exists():
        raise FileNotFoundError(f"{program} is missing: build it first (cmake --build --preset release)")
    return program


def configured(option):
    """Whether the build was configured with an option of CMake on."""
    try:
        return f"{option}:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text()
    except FileNotFoundError:
        return False


def sanitized():
    """Whether the build has sanitizers in it: tshark, which has none, cannot load its plugin."""
    return configured("TCPHS_SANITIZE")


def covered():
    """Whether the build counts which lines are reached."""
    return configured("TCPHS_COVERAGE")


def captures(*folders):
    """All capture files below the folders, sorted."""
    return sorted(path for folder in folders for path in Path(folder).rglob("*")
                  if path.suffix in CAPTURE_SUFFIXES and path.is_file())
