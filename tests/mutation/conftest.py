# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes tests/support and mutate.py importable."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]
