"""A picture with its words, and the look that all pictures share."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot as plt  # noqa: E402  the backend comes first
from matplotlib.figure import Figure  # noqa: E402

INK, SOFT, LINE = "#1f2933", "#6b7785", "#d5dbe1"
LUMEN, OUTER, MINIMUM, MARK = "#c2410c", "#0f4c81", "#7ba7cc", "#8a6d1f"

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e8ecf0",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "text.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "aorta",  # the same figure gives the same bytes
}


@dataclass(frozen=True)
class Picture:
    """A finished picture: bytes, the alternative text for who cannot see it, a caption."""

    data: bytes
    mime: str
    alt: str
    caption: str

    @property
    def uri(self) -> str:
        """As a data: address, so that it travels inside the page."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"


def finish(figure: Figure, kind: str, alt: str, caption: str, dpi: int = 150) -> Picture:
    """Turn a matplotlib figure into a ``Picture`` ("svg", "png" or "jpeg") and close it."""
    file = io.BytesIO()
    if kind == "svg":
        figure.savefig(file, format="svg", metadata={"Date": None})
    else:
        extra = {"pil_kwargs": {"quality": 88}} if kind == "jpeg" else {}
        figure.savefig(file, format=kind, dpi=dpi, facecolor="white", **extra)
    plt.close(figure)
    return Picture(file.getvalue(), {"svg": "image/svg+xml"}.get(kind, f"image/{kind}"), alt, caption)
