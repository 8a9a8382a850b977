# SPDX-License-Identifier: GPL-2.0-or-later
"""test_sandbox.py - what is left to whoever takes the analyzer over by a capture, tried; and that it is entered."""

import ctypes
import os
import shutil
import subprocess

import pytest
from support import paths
from support.processes import PATIENCE, wait_for_input

FILES = ("write_input", "read_other", "write_other", "create_other", "remove_other", "link")
CALLS = ("mode", "program", "process", "network", "local_socket", "kill", "trace", "dump", "code", "protect", "limit")
NEEDED = ("read", "scratch", "replace", "thread", "poke", "memory")

UNSANITIZED = pytest.mark.skipif(paths.sanitized(), reason="a sanitizer needs what the sandbox takes away")


def has_landlock():
    """Whether the kernel has Landlock: landlock_create_ruleset(NULL, 0, VERSION)."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1


@pytest.fixture(name="escape")
def fixture_escape(tmp_path):
    """Runs an attempt: (exit status, what it printed)."""
    program = paths.built(paths.BUILD / "tests/hardening/escape")
    for folder in ("in", "out", "scratch", "other"):
        (tmp_path / folder).mkdir()
    (tmp_path / "in/capture").write_text("in")
    (tmp_path / "out/report.beside").write_text("new")
    (tmp_path / "other/secret").write_text("secret")

    def run(attempt):
        files = [tmp_path / name for name in ("in/capture", "out/report", "scratch", "other/secret")]
        done = subprocess.run([program, attempt, *files], capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode == 77:
            pytest.skip(done.stdout.strip())
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize("attempt", FILES + CALLS + NEEDED)
def test_everything_can_be_done_outside(escape, attempt):
    """Or the tests below would prove nothing."""
    if attempt == "trace" and paths.sanitized():
        pytest.skip("the sanitizer's leak check cannot look at a process that is traced")
    if attempt == "replace":
        assert escape("!" + attempt)[0] == 0
    else:
        assert escape("!" + attempt) == (0, "done\n")


@pytest.mark.parametrize("attempt", NEEDED)
def test_what_reading_needs_can_be_done(escape, attempt):
    assert escape(attempt) == (0, "done\n")


@UNSANITIZED
@pytest.mark.skipif(not has_landlock(), reason="this kernel has no Landlock")
@pytest.mark.parametrize("attempt", FILES)
def test_other_files_are_out_of_reach(escape, attempt, tmp_path):
    status, text = escape(attempt)
    assert status == 1 and text.startswith("denied: E")
    assert (tmp_path / "other/secret").read_text() == "secret"


@UNSANITIZED
@pytest.mark.parametrize("attempt", CALLS)
def test_what_reading_does_not_need_is_gone(escape, attempt):
    status, text = escape(attempt)
    assert status == 1 and "denied: E" in text


def status_of(process):
    """Lines of /proc/PID/status, once the analyzer waits for its input: it is confined before, but not at once."""
    wait_for_input(process)
    with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
        return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)


@pytest.mark.parametrize("arguments, confined", [((), True), (("--no-sandbox",), False)])
def test_the_analyzer_is_confined_while_it_reads(arguments, confined, tmp_path):
    """Standard input is a pipe in which nothing comes, so that it can be looked at."""
    analyzer = paths.built(paths.ANALYZER)
    with subprocess.Popen([analyzer, *arguments, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, cwd=tmp_path) as process:
        status = status_of(process)
        process.stdin.close()
    assert status["NoNewPrivs"] == ("1" if confined else "0")
    if not paths.sanitized():
        assert status["Seccomp"] == ("2" if confined else "0")


def test_reports_captures_and_links_work_inside(tmp_path):
    """A folder with a link that leads out of it, a report in another folder that replaces an older one."""
    captures = sorted((paths.ROOT / "captures/synthetic/textbook").glob("*.pcap"))
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/all.ndjson").write_text("old")
    shutil.copy(captures[0], tmp_path / "in/copy.pcap")
    os.symlink(captures[1], tmp_path / "in/link.pcap")
    done = subprocess.run([paths.built(paths.ANALYZER), "--fail-on", "never", "--jobs", "2", "--report",
                           "ndjson=out/all.ndjson", "in"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = (tmp_path / "out/all.ndjson").read_text().splitlines()
    assert sum('"type":"file"' in line for line in lines) == 2
    assert os.listdir(tmp_path / "out") == ["all.ndjson"]


def test_a_file_that_is_not_there_is_still_said_to_be_missing(tmp_path):
    done = subprocess.run([paths.built(paths.ANALYZER), "missing.pcap"], cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 3
    assert "missing.pcap: cannot be opened (No such file or directory)" in done.stderr
