"""Fixtures of the interop tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import stack  # noqa: E402, F401
