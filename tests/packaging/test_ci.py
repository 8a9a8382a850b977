# SPDX-License-Identifier: GPL-2.0-or-later
"""test_ci.py - the recipes of docs/ci.md are run: what they install is there already, all else is as it says."""

import os
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
import yaml
from support import paths

PAGE = (paths.ROOT / "docs/ci.md").read_text(encoding="utf-8")
GOOD = "textbook/handshake.pcap"
BAD = "textbook/wrong-ack.pcap"


def blocks(language):
    """The blocks of the page in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def environment(folder):
    """tcphs is on the path, and nothing of the caller's git settings counts."""
    (folder / "home").mkdir(exist_ok=True)
    return {"PATH": f"{paths.built(paths.ANALYZER).parent}:{os.environ['PATH']}", "HOME": str(folder / "home"),
            "LC_ALL": "C.UTF-8", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_NOSYSTEM": "1"}


def shell(folder, text):
    """The exit status of a block, as GitHub and GitLab run it: sh -e."""
    done = subprocess.run(["sh", "-e", "-c", text], cwd=folder, env=environment(folder), capture_output=True, text=True,
                          timeout=300, check=False)
    return done.returncode


@pytest.fixture(name="project")
def fixture_project(tmp_path):
    """A folder with captures/ in it."""
    (tmp_path / "captures").mkdir()
    shutil.copy(paths.SYNTHETIC / GOOD, tmp_path / "captures")
    return tmp_path


def add_bad(project):
    shutil.copy(paths.SYNTHETIC / BAD, project / "captures")


def github():
    """The shell lines of the step that checks."""
    (workflow,) = [text for text in blocks("yaml") if "runs-on" in text]
    steps = yaml.safe_load(workflow)["jobs"]["handshakes"]["steps"]
    return [step["run"] for step in steps if step.get("name") == "Check the handshakes"]


def gitlab():
    """The same of the job."""
    (job,) = [text for text in blocks("yaml") if "image:" in text]
    return yaml.safe_load(job)["handshakes"]["script"]


@pytest.mark.parametrize("recipe", [github, gitlab])
def test_a_recipe_fails_with_the_captures_and_leaves_its_reports(recipe, project):
    text = "\n".join(recipe())
    assert shell(project, text) == 0
    add_bad(project)
    assert shell(project, text) == 1
    suites = ElementTree.parse(project / "handshakes.xml").getroot()
    assert suites.findall(".//failure")
    assert "wrong-ack.pcap" in (project / "handshakes.html").read_text(encoding="utf-8")


def git(project, *arguments):
    return subprocess.run(["git", *arguments], cwd=project, env=environment(project), capture_output=True, text=True,
                          timeout=300, check=False)


def commit(project):
    git(project, "add", "captures")
    return git(project, "commit", "-m", "captures")


def test_the_plain_hook_stops_a_commit(project):
    git(project, "init", "-q")
    (hook,) = [text for text in blocks("sh") if text.startswith("#!/bin/sh")]
    path = project / ".git/hooks/pre-commit"
    path.write_text(hook)
    path.chmod(0o755)
    assert commit(project).returncode == 0
    add_bad(project)
    done = commit(project)
    assert done.returncode != 0 and "synack_bad_ack" in done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("pre-commit"), reason="no pre-commit")
def test_pre_commit_stops_a_commit(project, tmp_path_factory):
    """With this project's own hook, from a repository made of what lies here."""
    hooks = tmp_path_factory.mktemp("hooks")
    shutil.copy(paths.ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "init", "-q")
    git(hooks, "add", ".")
    git(hooks, "commit", "-q", "-m", "hooks")
    git(hooks, "tag", "v0.1.0")
    (config,) = [text for text in blocks("yaml") if "repos:" in text]
    git(project, "init", "-q")
    (project / ".pre-commit-config.yaml").write_text(config.replace("https://example.org/tcphs", str(hooks)))
    git(project, "add", ".pre-commit-config.yaml", "captures")

    def run():
        return subprocess.run(["pre-commit", "run", "--all-files"], cwd=project, env=environment(project),
                              capture_output=True, text=True, timeout=300, check=False)

    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    add_bad(project)
    git(project, "add", "captures")
    done = run()
    assert done.returncode == 1 and "synack_bad_ack" in done.stdout
