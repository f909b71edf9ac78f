"""The hand-made tube records are those of the risk tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "risk"))
