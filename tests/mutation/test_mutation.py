# SPDX-License-Identifier: GPL-2.0-or-later
"""The tests of the tests: a tenth of the small mistakes in the engine, each day another one.

script/verify mutation tries all of them; see mutate.py.
"""

from collections import Counter
from datetime import date

import mutate
import pytest
from support import paths

PARTS = 10
# All tenths together have to reach mutate.SCORE. Of one it is chance how many of its 280 are hard to notice, and no day
# is to fail for that: if all together reach 95 %, chance makes a tenth that does not reach this once in centuries.
LEAST = 88.0


def test_equivalents_are_mistakes_that_exist():
    """Each names one mistake that can still be made, once, and says why it means the same."""
    lines = [line for line in mutate.EQUIVALENT.read_text(encoding="utf-8").splitlines()
             if line and not line.startswith("#")]
    keys = [line.rpartition(" # ")[0] for line in lines]
    assert [key for key, count in Counter(keys).items() if not key or count > 1] == []
    assert [line for line in lines if not line.rpartition(" # ")[2].strip()] == []
    known = [mutant.key for file in mutate.FILES for mutant in mutate.mutants_of(file)]
    assert [key for key, count in Counter(known).items() if count > 1] == []
    assert sorted(set(keys) - set(known)) == []


def test_a_tenth_of_the_mistakes_is_noticed():
    """The day's tenth; what is not noticed is listed."""
    if paths.sanitized():
        pytest.skip("the release build does this")
    result = mutate.run(part=date.today().toordinal() % PARTS + 1, parts=PARTS)
    print(result)
    assert result.score >= LEAST
