"""The proximal ring in the neck, around the clock."""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot as plt

from aorta.records import RingFit
from aorta.report.figures.figure import LUMEN, OUTER, SOFT, STYLE, Picture, finish


def ring(fit: RingFit | None) -> Picture | None:
    """Polar plot of wall and ring, contact pressure around, and the ring's force against diameter."""
    if fit is None:
        return None
    angle = np.radians(np.r_[fit.angle_deg, fit.angle_deg[0] + 360])

    def close(values: np.ndarray) -> np.ndarray:
        return np.r_[values, values[0]]

    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(7.6, 3.1), layout="constrained")
        polar = figure.add_subplot(1, 3, 1, projection="polar")
        polar.plot(angle, close(fit.wall_radius_mm), color=OUTER, lw=1.8, label="vessel")
        polar.plot(angle, close(fit.ring_radius_mm), color=LUMEN, lw=1.4, ls="--", label="ring")
        polar.set(ylim=(0, 1.15 * np.nanmax(fit.wall_radius_mm)))
        polar.set_title("radius (mm)", fontsize=9)
        polar.tick_params(labelsize=7)
        polar.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, fontsize=8)
        around = figure.add_subplot(1, 3, 2)
        around.plot(fit.angle_deg, fit.contact_pressure_kPa, color=OUTER, lw=1.5)
        around.set(xlabel="angle (°)", ylabel="contact pressure (kPa)", xlim=(0, 360), xticks=(0, 90, 180, 270, 360))
        around.set_ylim(bottom=0)
        law = figure.add_subplot(1, 3, 3)
        law.plot(fit.ring_law["diameter_mm"], fit.ring_law["radial_force_N"], color=SOFT, lw=1.5)
        law.axvline(fit.equilibrium_diameter_mm, color=LUMEN, lw=1, ls="--")
        law.set(xlabel="ring diameter (mm)", ylabel="radial force (N)")
    gap = float(np.nanmax(fit.gap_mm))
    alt = (
        f"Ring of {fit.device} in the neck: equilibrium diameter {fit.equilibrium_diameter_mm:.1f} mm, largest gap {gap:.2f} mm, "
        f"largest contact pressure {np.nanmax(fit.contact_pressure_kPa):.1f} kPa."
    )
    caption = "Left: vessel and ring at equilibrium. Middle: contact pressure around. Right: the ring's law, dashed at equilibrium."
    return finish(figure, "svg", alt, caption)
