"""The methods paragraph: what was really run on this case, in words one may paste into a paper."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from aorta import RESEARCH_USE, __version__
from aorta.records import THROMBUS, WALL, Results
from aorta.report.display import show
from aorta.report.methods_mechanics import mechanics
from aorta.report.references import references

_SEGMENTATION = {
    "ct-contrast": "The lumen was segmented from the contrast, the outer wall around it, automatically",
    "mr-angiography": "The lumen was segmented automatically from the angiogram",
    "label map": "The vessel was given as a label map",
    "label map, corrected by hand": "The vessel was segmented automatically and the label map then corrected by hand",
    "surfaces": "The vessel was given as surfaces, turned into labels",
}


def methods(results: Results) -> list[str]:
    """Sentences, in the order of the stages, about stages that ran."""
    return [re.sub(r"[ \n]+", " ", text) for text in _sentences(results)]  # keeps the no-break spaces in numbers


def methods_text(results: Results) -> str:
    """``methods.md``."""
    listed = "\n".join(f"{q}. {text}" for q, text in enumerate(references(results), 1))
    skipped = "".join(f"- {stage}: {reason}\n" for stage, reason in results.skipped.items())
    parts = [f"# Methods: case {results.case.case_id}", RESEARCH_USE, " ".join(methods(results))]
    parts += [f"## Not run\n\n{skipped}".rstrip()] if skipped else []
    parts += [f"## References\n\n{listed}"] if listed else []
    return "\n\n".join(parts) + "\n"


def _sentences(results: Results) -> Iterator[str]:
    case = results.case
    yield f"The case was computed with aorta {__version__}."
    if (volume := results.volume) is not None:
        k, j, i = volume.grid.shape_kji
        spacing = " × ".join(show(float(s)) for s in volume.grid.spacing_ijk)
        yield f"A {volume.modality} image of {i} × {j} × {k} voxels ({spacing} mm) was read."
    if (segmentation := results.segmentation) is not None:
        yield _SEGMENTATION.get(segmentation.method, f"The vessel was segmented by the method '{segmentation.method}'") + "."
    if results.anatomy is not None:
        yield f"""Smooth closed surfaces were made from the labels and a centreline was traced through the lumen; diameters were
            measured outer face to outer face in planes perpendicular to it, every {show(case.anatomy.section_spacing)} mm. Volumes
            are those of the labels."""
    if (mesh := results.mesh) is not None:
        thickness = f"{show(case.wall.thickness)} mm"
        if case.wall.thickness_by_region:
            thickness += " (" + ", ".join(f"{name}: {show(t)} mm" for name, t in case.wall.thickness_by_region.items()) + ")"
        thickness += ", replaced near measured points by what was measured there" if case.wall.thickness_points else ""
        thrombus = int((mesh.region == THROMBUS).sum())
        inside = f"and {show(thrombus)} in the thrombus" if thrombus else "(there is no thrombus)"
        yield f"""The wall was grown inward from the outer surface with a thickness of {thickness}, thrombus filling what is left to
            the lumen, and meshed by gmsh with {show(int((mesh.region == WALL).sum()))} quadratic tetrahedra in the wall {inside},
            edge length {show(case.mesh.size)} mm."""
        if (rounds := results.finding("mesh_refinement_rounds")) is not None and rounds.value:
            yield f"""It was made finer in {show(rounds.value, "1")} rounds, where the stress with its local error comes near to the
                99th percentile, which brought the estimated discretisation error of that percentile to
                {show(results.finding("mesh_accuracy_percent").value)} %."""
    if results.solution is not None and case.pressure is not None:
        yield from mechanics(results)
    if results.risk is not None:
        yield f"""Stress is the first principal Cauchy stress in the wall at systole, further than
            {show(case.risk.end_exclusion)} mm from the cut ends, as maximum and as 99th percentile by volume."""
        if np.isfinite(results.risk.node_fields.get("wall_strength_kPa", np.array([np.nan]))).any():
            yield "Wall strength is the statistical model of Vande Geest et al. (2006); the rupture index is stress over strength."
    if results.stent is not None:
        devices = len(results.stent.candidates)
        yield f"The landing zones were tested against {devices} catalogue row{'s' if devices != 1 else ''}."
        if results.stent.ring is not None:
            yield f"The proximal ring of {results.stent.ring.device} was brought into equilibrium with the finite-element neck."
