# SPDX-License-Identifier: GPL-2.0-or-later
"""The same input gives the same octets: whatever runs beside it, wherever, and with whatever secrets."""

import platform
import subprocess
from pathlib import Path

import pytest

from cli_captures import Talk, flood, pcap, wrong_ack

RECORDED = Path(__file__).resolve().parents[2] / "captures/recorded"
FORMATS = ["ndjson", "csv", "junit", "zeek", "html", "summary", "stats"]
RANDOMLESS = ["setarch", platform.machine(), "-R"]


def reports(program, tmp_path, inputs, options=(), before=(), **environment):
    """{format: octets} of one run, the table and what is written by --write among them; and its status."""
    files = {form: tmp_path / form for form in FORMATS}
    command = [*before, program, "--write", str(tmp_path / "frames"), *options,
               *(f"--report={form}={path}" for form, path in files.items()), *map(str, inputs)]
    done = subprocess.run(command, capture_output=True, timeout=300, check=False, cwd=tmp_path,
                          env={"PATH": "/usr/bin:/bin", **environment})
    found = {form: path.read_bytes() for form, path in {**files, "write": tmp_path / "frames"}.items()}
    return {**found, "table": done.stdout, "errors": done.stderr, "status": done.returncode}


@pytest.fixture(name="inputs")
def fixture_inputs(write, tmp_path):
    """Captures of many kinds: recorded ones, damage, a flood that fills tables, streams that share a number."""
    talk = Talk().handshake().shutdown(1.0)
    talk.frames += Talk(isn=99).handshake(2.0).frames
    names = [write("flood.pcap", pcap(flood(3000, refuse=True))), write("again.pcap", talk.end().pcap()),
             write("cut.pcap", wrong_ack()[:-7]), write("none.pcap", b"no capture")]
    return [*(tmp_path / name for name in names), *sorted(RECORDED.glob("*.pcap*"))]


VARIATIONS = {
    "again": {},                           # another secret of the hash tables, other addresses, another second
    "one job": {"options": ["--jobs", "1"]},
    "many jobs": {"options": ["--jobs", "7"]},
    "without sandbox": {"options": ["--no-sandbox"]},
    "fixed addresses": {"before": RANDOMLESS},
    "locale C": {"LC_ALL": "C"},
    "decimal comma": {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"},
    "time zone": {"TZ": "Asia/Kathmandu"},
    "another user": {"HOME": "/nonexistent", "USER": "somebody", "TMPDIR": "/dev/shm"},
    "little memory to start with": {"MALLOC_PERTURB_": "165"},
}


@pytest.fixture(name="german")
def fixture_german(tmp_path_factory):
    """A folder with the German locale, made where its sources are installed; else an empty one."""
    folder = tmp_path_factory.mktemp("locale")
    if Path("/usr/share/i18n/locales/de_DE").exists():
        subprocess.run(["localedef", "--no-archive", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")],
                       timeout=300, check=True)
    return str(folder)


def test_the_same_octets_whatever_is_around(program, tmp_path, inputs, german):
    """Every report, one after another of the variations against the first run."""
    first = reports(program, tmp_path, inputs)
    assert first["status"] == 3 and len(first["ndjson"]) > 100_000
    for name, variation in VARIATIONS.items():
        other = reports(program, tmp_path, inputs, **variation, LOCPATH=german)
        different = [form for form, content in first.items() if other[form] != content]
        assert not different, f"{name}: {different}"
