"""``python -m aorta``."""

import sys

from aorta.cli.main import main

sys.exit(main())
