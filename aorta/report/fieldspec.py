"""The node fields of the wall: where each comes from, its unit, its fixed colour range.

Ranges are the same in every report, so that two patients can be compared by eye; what lies beyond
takes the colour of the end. They are a choice of display, not limits of any kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Array, Results
from aorta.report import shown_wall
from aorta.report.derived import stresses


@dataclass(frozen=True)
class FieldSpec:
    """Name in VTU files, words, unit, colour range and perceptually uniform colour map."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    colours: str = "viridis"


SPECS = (
    FieldSpec("max_principal_kPa", "First principal stress", "kPa", 0.0, 400.0),
    FieldSpec("von_mises_kPa", "Von Mises stress", "kPa", 0.0, 400.0),
    FieldSpec("wall_strength_kPa", "Wall strength", "kPa", 200.0, 1400.0, "cividis"),
    FieldSpec("rupture_index", "Rupture index", "", 0.0, 1.0, "plasma"),
    FieldSpec("thrombus_thickness_mm", "Thrombus thickness", "mm", 0.0, 30.0, "cividis"),
    FieldSpec(shown_wall.NAME, "Wall thickness that the image shows (the mesh has the stated one)", "mm", 0.0, 5.0, "cividis"),
    FieldSpec("displacement_mm", "Displacement from the scan to systole", "mm", 0.0, 3.0),
)


def wall_fields(results: Results) -> dict[str, Array]:
    """Fields (n,) on the mesh's nodes that this case has, NaN off the wall, in the order of ``SPECS``."""
    mesh, solution, risk = results.mesh, results.solution, results.risk
    if mesh is None:
        return {}
    on_wall = mesh.wall_thickness_mm > 0
    found = {"thrombus_thickness_mm": np.where(on_wall, mesh.thrombus_thickness_mm, np.nan)}
    if (shown := shown_wall.shown_thickness(results)) is not None:
        found[shown_wall.NAME] = shown
    systole = solution.state("systole") if solution is not None else None
    if systole is not None:
        found |= {name: np.where(on_wall, values, np.nan) for name, values in stresses(systole).items()}
        found["displacement_mm"] = np.where(on_wall, np.linalg.norm(systole.displacement_mm, axis=1), np.nan)
    if risk is not None:
        found |= risk.node_fields
    return {spec.name: found[spec.name] for spec in SPECS if spec.name in found and np.isfinite(found[spec.name]).any()}


def linear_triangles(facets: Array) -> Array:
    """Four flat triangles (4k, 3) for each quadratic one (k, 6, VTK order: mid-edges 01, 12, 20)."""
    return np.concatenate([facets[:, list(q)] for q in ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))])
