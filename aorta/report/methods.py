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


_TAKEN = re.compile(r"(.*?)(, ((?:lumen|outer wall) by .*))?$")
_GIVEN = {"label map": "given as a label map", "surfaces": "given as surfaces"}


def methods(results: Results) -> list[str]:
    """Sentences, in the order of the stages, about stages that ran."""
    return [re.sub(r"[ \n]+", " ", text) for text in _sentences(results)]  # keeps the no-break spaces in numbers


def _second(results: Results, taken: str | None) -> Iterator[str]:
    """The second image, where it lies, and what was taken from it (``taken``: as the labels' method says)."""
    if (second := results.second) is None:
        return
    apart = next((f for f in second.findings if f.name == "registration_repeatability_mm"), None)
    how = "by a transform given by the user"
    if apart is not None:
        kind = results.case.second.transform if results.case.second is not None else "rigid"
        how = f"""by {kind} registration with Mattes mutual information (coarse to fine, repeatable from other starts to
            {show(apart.value)} mm)"""
    yield f"A second image ({second.volume.modality}) was laid over the first {how}."
    if taken:
        what, _, method = taken.partition(" by ")
        made = _GIVEN.get(method, f"segmented on it by the method '{method}'")
        yield f"The {what} was taken from the second image, {made}; where that does not reach, the first image's labels stand."
    elif results.finding("phase_lumen_volume_change") is not None:
        yield "Its lumen was compared with the first's as that of another phase of the heart beat."


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
        method, _, taken = _TAKEN.match(segmentation.method).groups()
        yield _SEGMENTATION.get(method, f"The vessel was segmented by the method '{method}'") + "."
        yield from _second(results, taken)
    if results.anatomy is not None:
        yield f"""Smooth closed surfaces were made from the labels and a centreline was traced through the lumen; diameters were
            measured outer face to outer face in planes perpendicular to it, every {show(case.anatomy.section_spacing)} mm. Volumes
            are those of the labels."""
    if (mesh := results.mesh) is not None:
        thickness = f"{show(case.wall.thickness)} mm"
        if case.wall.thickness_by_region:
            thickness += " (" + ", ".join(f"{name}: {show(t)} mm" for name, t in case.wall.thickness_by_region.items()) + ")"
        if (points := results.finding("mesh_thickness_points")) is not None:
            thickness = f"""the thickness measured at {show(points.value, "1")} points and interpolated between them by inverse
                squares of the distance ({thickness} where no point is near)"""
        else:
            thickness = f"a thickness of {thickness}"
        thrombus = int((mesh.region == THROMBUS).sum())
        inside = f"and {show(thrombus)} in the thrombus" if thrombus else "(there is no thrombus)"
        yield f"""The wall was grown inward from the outer surface with {thickness}, thrombus filling what is left to
            the lumen, and meshed by gmsh with {show(int((mesh.region == WALL).sum()))} quadratic tetrahedra in the wall {inside},
            edge length {show(case.mesh.size)} mm."""
        if (shown := results.finding("wall_mean_thickness_mm")) is not None and shown.value is not None:
            low, high = (show(results.finding(f"wall_{name}_thickness_mm").value) for name in ("min", "max"))
            yield f"""The labels show a wall of {show(shown.value)} mm on average (5th to 95th percentile {low} to {high} mm);
                that is reported beside the results and the mesh does not have it."""
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
