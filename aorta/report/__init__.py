"""From records to what people open: report.html, report.pdf, result.json, methods.md, VTU and VTP."""

import os

# Before the first import of matplotlib: its font list goes to the cache, and no personal style reaches the report
_CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
os.environ.setdefault("MPLCONFIGDIR", os.path.join(_CACHE, "aorta", "matplotlib"))
