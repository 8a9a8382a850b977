# SPDX-License-Identifier: GPL-2.0-or-later
"""test_completions.py - the manual and the completions of three shells know what the program knows, and complete."""

import os
import re
import shutil
import subprocess

import pytest
from support import paths

PACKAGING = paths.ROOT / "packaging"
FILES = ("tcphs.1", "completions/tcphs.bash", "completions/_tcphs", "completions/tcphs.fish")
# Bash asks the program.
LISTING = ("tcphs.1", "completions/_tcphs", "completions/tcphs.fish")


def text_of(name):
    return (PACKAGING / name).read_text(encoding="utf-8")


def run(*arguments, **extra):
    return subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, check=False,
                          timeout=300, **extra)


def options():
    """The long options that --help lists."""
    help_text = run(paths.built(paths.ANALYZER), "--help").stdout
    found = re.findall(r"^ +(?:-\w, )?--([a-z][a-z-]*)", help_text, re.M)
    assert len(found) > 15
    return found


def engine_words(kind):
    """Ids in verdicts.def."""
    return re.findall(rf"^TCPHS_{kind}\((\w+),", (paths.ROOT / "engine/verdicts.def").read_text(), re.M)


def formats():
    """The words of --format."""
    kinds = (paths.ROOT / "analyzer/report/kinds.c").read_text()
    return re.findall(r'^\t\{ "(\w+)"', kinds, re.M)


@pytest.mark.parametrize("name", LISTING)
def test_every_option_is_known(name):
    """And none that is gone."""
    text = text_of(name).replace("\\-", "-")
    if name.endswith(".fish"):
        known = re.findall(r"^complete .*? -l ([a-z-]+)", text, re.M)
    elif name == "tcphs.1":
        known = re.findall(r"^\.BR? .*?--([a-z][a-z-]*)", text, re.M)
    else:
        known = re.findall(r"--([a-z][a-z-]*)=?-?[\[}]", text)
    assert sorted(set(known)) == sorted(options())


@pytest.mark.parametrize("name", FILES)
def test_every_word_is_known(name):
    text = text_of(name)
    missing = [word for word in (*engine_words("VERDICT"), *engine_words("REASON"), *formats())
               if not re.search(rf"\b{word}\b", text)]
    assert not missing


def in_bash(program, line):
    """What bash offers after |line|."""
    words = line.split(" ")
    script = f"""
        source /usr/share/bash-completion/bash_completion
        source {PACKAGING}/completions/tcphs.bash
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
        COMP_LINE='{line}'; COMP_POINT={len(line)}
        compopt() {{ :; }}
        _tcphs {program} '{words[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return run("bash", "-c", script, cwd="/").stdout.split()


@pytest.mark.skipif(not os.path.exists("/usr/share/bash-completion/bash_completion"), reason="no bash-completion")
@pytest.mark.parametrize("line, offered", [
    ("tcphs --fo", ["--format=", "--forget="]),
    ("tcphs --format nd", ["ndjson"]),
    ("tcphs --explain synack_bad", ["synack_bad_ack"]),
    ("tcphs --fail-on refused,half", ["refused,half_open"]),
    ("tcphs --severity syn_ag", ["syn_again="]),
])
def test_bash_completes(line, offered):
    assert sorted(in_bash(paths.built(paths.ANALYZER), line)) == sorted(offered)


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish")
@pytest.mark.parametrize("line, offered", [
    ("tcphs --stream", ["--stream-rule"]),
    ("tcphs --format nd", ["ndjson"]),
    ("tcphs --explain synack_bad", ["synack_bad_ack"]),
    ("tcphs --fail-on refused,half", ["refused,half_open"]),
])
def test_fish_completes(line, offered, tmp_path):
    path = f"{paths.built(paths.ANALYZER).parent}:{os.environ['PATH']}"
    done = run("fish", "-c", f"source {PACKAGING}/completions/tcphs.fish; complete -C '{line}'",
               env={"PATH": path, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})
    assert [words.split("\t")[0] for words in done.stdout.splitlines()] == offered, done.stderr


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh")
def test_zsh_loads_it():
    """Completing takes a terminal; here it is parsed, and the function is there."""
    done = run("zsh", "-f", "-c", f"fpath=({PACKAGING}/completions $fpath); autoload -U compinit; compinit -u -D; "
               "whence -w _tcphs; autoload +X _tcphs && print loaded; print $_comps[tcphs]")
    assert done.stdout.splitlines()[-2:] == ["loaded", "_tcphs"], done.stderr


@pytest.mark.skipif(not shutil.which("man"), reason="no man")
def test_the_manual_has_no_mistakes():
    """As lintian looks at it: man prints warnings about what it does not understand."""
    done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", PACKAGING / "tcphs.1",
               env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0
    assert done.stderr == ""
