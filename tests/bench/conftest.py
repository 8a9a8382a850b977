# SPDX-License-Identifier: GPL-2.0-or-later
"""conftest.py - puts tests/ on the path, for tests/support."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
