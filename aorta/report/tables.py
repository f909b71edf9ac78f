"""Tables of the report, made from records: rows of texts and numbers, laid out by the template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import numpy as np

from aorta.records import THROMBUS, WALL, Anatomy, Finding, Results, Sections, Solution, WallMesh
from aorta.report.figures.quality import mean_ratio
from aorta.settings import Case
from aorta.units import mmhg

DEFINITIONS = (
    ("outer_max_diameter_mm", "Outer, maximum", "mm", "longest chord of the outer contour"),
    ("outer_min_diameter_mm", "Outer, minimum", "mm", "smallest width between parallel tangents"),
    ("outer_equivalent_diameter_mm", "Outer, equal area", "mm", "circle of the same area"),
    ("outer_perimeter_diameter_mm", "Outer, equal perimeter", "mm", "circle of the same perimeter"),
    ("lumen_equivalent_diameter_mm", "Lumen, equal area", "mm", "circle of the same area"),
    ("lumen_max_diameter_mm", "Lumen, maximum", "mm", "longest chord of the lumen's contour"),
    ("lumen_min_diameter_mm", "Lumen, minimum", "mm", "smallest width between parallel tangents"),
    ("thrombus_max_thickness_mm", "Thrombus, thickest", "mm", "largest thickness in the plane"),
    ("thrombus_area_share", "Thrombus, share of area", "%", "of the outer area"),
    ("calcified_share", "Calcified share", "%", "of the outer perimeter"),
)


def diameters(sections: Sections) -> dict[str, Any] | None:
    """One branch: each definition at the section of largest outer diameter, and its range along the branch."""
    outer = sections.outer_max_diameter_mm
    if not np.isfinite(outer).any():
        return None
    peak = int(np.nanargmax(outer))
    rows = []
    for name, words, unit, definition in DEFINITIONS:
        values = np.asarray(getattr(sections, name), float) * (100.0 if unit == "%" else 1.0)
        if np.isfinite(values).any():
            rows.append((words, definition, unit, float(values[peak]), float(np.nanmin(values)), float(np.nanmax(values))))
    return {"branch": sections.branch.replace("_", " "), "at": float(sections.arc_length_mm[peak]), "rows": rows}


def landmarks(anatomy: Anatomy) -> list[tuple[str, str, list[float], float, str]]:
    """Name, branch, LPS point, arc length, source."""
    return [
        (m.name.replace("_", " "), m.branch.replace("_", " "), [float(c) for c in m.point], float(m.arc_length_mm), m.source)
        for m in anatomy.landmarks
    ]


def mesh_facts(mesh: WallMesh) -> list[tuple[str, Any, str]]:
    """Counts, and the shape of elements, computed here from the mesh itself."""
    ratio = mean_ratio(mesh)
    return [
        ("Nodes", len(mesh.points), ""),
        ("Quadratic tetrahedra, wall", int((mesh.region == WALL).sum()), ""),
        ("Quadratic tetrahedra, thrombus", int((mesh.region == THROMBUS).sum()), ""),
        ("Facets on the outer face", len(mesh.facets["outer"]), ""),
        ("Facets that blood touches", len(mesh.facets["blood"]), ""),
        ("Mean ratio, lowest", float(ratio.min()), ""),
        ("Mean ratio, median", float(np.median(ratio)), ""),
    ]


def states(solution: Solution) -> list[tuple[str, float, float]]:
    """Name, pressure in mmHg, largest displacement in mm."""
    return [(s.name, mmhg(s.pressure_MPa), float(np.linalg.norm(s.displacement_mm, axis=1).max())) for s in solution.states]


def own_findings(results: Results, record: Any, but: Iterable[str] = ()) -> list[Finding]:
    """The findings of one stage as they ended up (overrides applied), without those shown elsewhere."""
    return [] if record is None else [results.finding(f.name) or f for f in record.findings if f.name not in set(but)]


def of_the_labels(results: Results) -> list[Finding]:
    """Findings of the images, the registration and the labels."""
    return [found for record in (results.volume, results.second, results.segmentation) for found in own_findings(results, record)]


# a path may name the patient
_PATHS = {
    *("image.path", "second.path", "second.transform_file", "second.labels", "labels.path"),
    *("surfaces.lumen", "surfaces.outer", "surfaces.thrombus", "segmentation.weights", "segmentation.python"),
    *("wall.thickness_points", "cycle.waveform", "stent.catalogue"),
}
_NOT_SHOWN = _PATHS | {"schema_version", "case_id"}


def changed_settings(case: Case) -> list[tuple[str, str]]:
    """Settings that differ from the defaults: key as in the case file, value in internal units (mm, MPa, N)."""
    return list(_changed(case, Case(1, ""), ""))


def _changed(value: Any, default: Any, key: str) -> Iterator[tuple[str, str]]:
    if is_dataclass(value):
        other = default if type(default) is type(value) else None
        for f in fields(value):
            name = f"{key}.{f.name}".lstrip(".")
            if name not in _NOT_SHOWN:
                usual = None if f.default is MISSING else f.default
                yield from _changed(getattr(value, f.name), getattr(other, f.name, usual), name)
    elif value != default and value not in (None, "", (), {}):
        yield key, f"{value:.6g}" if isinstance(value, float) else str(value)
