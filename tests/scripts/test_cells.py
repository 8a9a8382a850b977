# SPDX-License-Identifier: GPL-2.0-or-later
"""The capture scripts together reach every cell of the engine's two tables that says what happens.

A cell that no script reaches is either one that cannot be reached, and then has to say so (NEVER), or behaviour that
nobody has thought through. The program `cells` replays all scripts and names what is missing.
"""

import json
import subprocess

import pytest
from support import paths


@pytest.fixture(scope="module", name="cells")
def fixture_cells():
    """What the program says of both tables."""
    program = paths.built(paths.BUILD / "tests/scripts/cells")
    command = [str(program), str(paths.SCRIPTS)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def listed(cells):
    """Cells for people, one a line."""
    return "\n  ".join(["", *cells])


def test_every_cell_is_set(cells):
    """A cell of the opening table that nobody wrote is an oversight: a segment would fall through it."""
    assert not cells["unset"], f"write these cells in engine/transition.c:{listed(cells['unset'])}"


def test_every_possible_cell_is_reached(cells):
    """Each cell that says what happens has a script in which it happens."""
    assert cells["reached"] > 0
    assert not cells["unreached"], f"no script reaches:{listed(cells['unreached'])}"


def test_no_impossible_cell_is_reached(cells):
    """The update puts up with an event that the table rules out, so it would go unnoticed in a release build."""
    assert not cells["impossible"], f"the table says NEVER, yet these come:{listed(cells['impossible'])}"
