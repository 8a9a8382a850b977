# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures with damage: a small sample of what script/verify mutated does in masses."""

import random

import mutated
import pytest
from support import paths

COUNT = 400


@pytest.mark.parametrize("seed", [1, 2])
def test_damage_is_reported_and_breaks_nothing(seed):
    """Exit code 0, 1 or 3, nothing from a sanitizer, and reports that can be parsed."""
    found = mutated.seeds([paths.SYNTHETIC, paths.RECORDED])
    connections, complaints = mutated.batch(random.Random(seed), found, COUNT)
    assert connections > COUNT / 4 and complaints > COUNT / 10
