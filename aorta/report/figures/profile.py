"""Diameters along the centrelines."""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt

from aorta.records import Anatomy, Array, Landmark, Sections
from aorta.report.figures.figure import LUMEN, MARK, MINIMUM, OUTER, SOFT, STYLE, Picture, finish


def profile(anatomy: Anatomy | None) -> Picture | None:
    """One panel per branch with sections: outer maximum and equivalent diameter, lumen; landmarks marked."""
    if anatomy is None:
        return None
    shown = [s for s in anatomy.sections if np.isfinite(s.outer_max_diameter_mm).any()]
    if not shown:
        return None
    lengths = [float(np.ptp(s.arc_length_mm)) + 8.0 for s in shown]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(shown), squeeze=False, sharey=True, figsize=(7.6, 3.3), layout="constrained",
                                    width_ratios=np.maximum(lengths, 0.22 * sum(lengths)))  # fmt: skip
        for ax, sections in zip(axes[0], shown):
            s = sections.arc_length_mm
            ax.plot(s, sections.outer_max_diameter_mm, color=OUTER, lw=1.8, label="outer, maximum")
            ax.plot(s, sections.outer_equivalent_diameter_mm, color=MINIMUM, lw=1.2, label="outer, equal area")
            ax.plot(s, sections.lumen_equivalent_diameter_mm, color=LUMEN, lw=1.5, label="lumen, equal area")
            ax.set_title(sections.branch.replace("_", " "), loc="left", fontsize=9)
            ax.set_xlabel("mm along the centreline")
            for mark, at in _marks(anatomy, sections):
                ax.axvline(at, color=MARK, lw=0.8, ls=(0, (4, 3)))
                ax.text(at, 0.02, f" {mark.name.replace('_', ' ')}", rotation=90, va="bottom", ha="right", fontsize=7, color=MARK,
                        transform=ax.get_xaxis_transform())  # fmt: skip
            peak = int(np.nanargmax(sections.outer_max_diameter_mm))
            top = float(sections.outer_max_diameter_mm[peak])
            ax.plot(s[peak], top, "o", ms=4, color=OUTER)
            ax.annotate(f"{top:.1f}", (s[peak], top), (0, 5), textcoords="offset points", ha="center", fontsize=8, color=OUTER)
        axes[0, 0].set_ylabel("diameter (mm)")
        axes[0, 0].set_ylim(bottom=0, top=1.12 * max(float(np.nanmax(q.outer_max_diameter_mm)) for q in shown))
        handles, words = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, words, loc="outside upper right", ncols=3, fontsize=8, labelcolor=SOFT)
    peaks = "; ".join(f"{q.branch.replace('_', ' ')}: largest {np.nanmax(q.outer_max_diameter_mm):.1f} mm" for q in shown)
    alt = f"Outer and lumen diameter along the centreline of {', '.join(q.branch.replace('_', ' ') for q in shown)}. {peaks}."
    caption = "Diameters in planes perpendicular to the centreline, outer face to outer face; landmarks dashed."
    return finish(figure, "svg", alt, caption)


def _marks(anatomy: Anatomy, sections: Sections) -> list[tuple[Landmark, float]]:
    """Landmarks of this branch with their arc length; the nearest section's where none is recorded."""
    found = []
    for mark in anatomy.landmarks:
        if mark.branch == sections.branch:
            at = mark.arc_length_mm if np.isfinite(mark.arc_length_mm) else _nearest(sections, mark.point)
            found.append((mark, float(at)))
    return found


def _nearest(sections: Sections, point: Array) -> float:
    return float(sections.arc_length_mm[np.nanargmin(np.linalg.norm(sections.centre - point, axis=1))])
