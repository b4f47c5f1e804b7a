"""Shared by all tests: the folder of the tests is importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
