"""Labels of two registered images of one patient into one map: blood from one, the outer wall from the other.

Both images are labelled by themselves. The second's boundary is carried to the first's grid as a
signed distance, so that it stays smooth whatever the two voxel sizes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import InputError
from aorta.records import VESSEL, Array, Finding, Grid, Labels, Segmentation
from aorta.segmentation.compose import compose
from aorta.segmentation.distance import depth_in, signed_distance
from aorta.segmentation.mr_angiography import LUMEN_ONLY
from aorta.segmentation.quality import shape_findings, volume_findings
from aorta.segmentation.reach import together

Gives = Literal["lumen", "wall", "phase"]
FAR_MM = 3.0
"""Mean distance between the two lumens above which they are not the same lumen."""
LEAST_FAR, MOST_FAR = 0.02, 0.25
"""Share of the lumen's surface farther off than that: above the first a caution, above the second refused."""
MOST_MISSED = 0.5
"""Share of the first lumen, within the second image, over which the second may have no lumen."""
LEAST_TOLD = 0.01
_INTENSITIES = ("lumen_intensity_", "thrombus_intensity_")
_OF_THE_REPLACED = {
    "lumen": (*_INTENSITIES, "blood_intensity", "side_branches_cut", "true_lumen_", "false_lumen_"),
    "wall": (*_INTENSITIES, "wall_without_edge_share", "wall_assumed_share"),
}
"""How findings begin that describe what is no longer in the map."""
_REACH_MM = 8.0
_ROUNDING = 1e-6  # of a voxel


def carried(mask: Array, grid: Grid, to_first: Array, onto: Grid) -> Array:
    """Signed distance (negative inside), mm, of a mask on ``grid`` at the voxels of ``onto``; beyond ``grid`` its border's."""
    distance = signed_distance(mask, grid.spacing_kji, _REACH_MM)
    distance = np.clip(distance, -_REACH_MM, _REACH_MM)
    back = np.linalg.inv(grid.affine_lps) @ np.linalg.inv(to_first) @ onto.affine_lps  # (i, j, k) of onto -> of grid
    swap = np.eye(4)[[2, 1, 0, 3]]
    back = swap @ back @ swap
    return ndi.affine_transform(distance, back[:3, :3], back[:3, 3], onto.shape_kji, order=1, mode="nearest")


def combine(first: Segmentation, second: Segmentation, to_first: Array, gives: Gives, wall_thickness_mm: float) -> Segmentation:
    """The first's labels with what the second gives.

    "lumen": the lumen is the second's. "wall": the outer wall is. "phase": nothing is; the second
    is another phase of the heart beat, whose lumen is compared with the first's. Where the second
    image does not reach, or one of the segmentations ends before the other, the first's labels stand.

    Raises
    ------
    InputError
        The two lumens do not lie on each other; the wall is to be taken from a segmentation of the lumen alone.
    """
    if gives == "wall" and LUMEN_ONLY in second.cautions:
        raise without_wall("MR angiography shows the blood only; with its lumen grown by a wall any thrombus would be lost")
    grid = first.labels.grid
    other = carried(second.labels.mask("lumen"), second.labels.grid, to_first, grid)
    box = _seen(second.labels.grid, to_first, grid)
    lumen, vessel = first.labels.mask("lumen"), first.labels.mask(*VESSEL)
    outer = carried(second.labels.mask(*VESSEL), second.labels.grid, to_first, grid) < 0 if gives == "wall" else vessel
    seen = box & together(lumen, (other < 0) & box, grid.spacing_kji, lumen | vessel | outer | (other < 0))
    findings, doubts = _agreement(lumen, grid, other, box, seen)
    theirs = [f"second image: {text}" for text in second.cautions if text != LUMEN_ONLY]
    if gives == "phase":
        compared = (*first.findings, *findings, *_phase(lumen, grid, other, seen))
        return replace(first, findings=compared, cautions=(*first.cautions, *theirs, *doubts))
    if gives == "lumen":
        blood, outside = np.where(seen, other < 0, lumen), vessel
    else:
        blood, outside = lumen, np.where(seen, outer, vessel)
    poking = float((blood & ~outside).sum() / max(1, blood.sum()))
    method = "of the lumen outside the outer wall, before both are joined"
    findings += (Finding("second_lumen_outside_share", poking, "share", method),)
    spacing, calcified = grid.spacing_kji, first.labels.mask("calcification")
    voxels = compose(blood, outside | blood, first.labels.mask("branch") & ~blood, spacing, wall_thickness_mm, calcified)
    spine = first.labels.mask("vertebra") & (voxels == 0)
    voxels[spine] = first.labels.voxels[spine]
    labels = Labels(grid, voxels)
    anew = {f.name for f in (*volume_findings(labels), *shape_findings(labels))}
    kept = tuple(f for f in first.findings if f.name not in anew and not f.name.startswith(_OF_THE_REPLACED[gives]))
    told = {"lumen": "lumen", "wall": "outer wall"}[gives]
    said = [text for text in first.cautions if text != LUMEN_ONLY]
    return replace(
        first,
        labels=labels,
        confidence=None,
        doubtful_slices=(),
        doubts=(),
        # still marked where nothing of it is left: a dissection with one lumen drawn is no aneurysm
        false_lumen=None if first.false_lumen is None else first.false_lumen & labels.mask("lumen"),
        method=f"{first.method}, {told} by {second.method}",
        findings=(*kept, *volume_findings(labels), *shape_findings(labels), *findings),
        cautions=(*said, *theirs, f"the {told} was taken from the second image", *doubts),
    )


def without_wall(why: str) -> InputError:
    """The error for an outer wall from where there is none."""
    return InputError(
        "the second image's segmentation has no outer wall of its own",
        where="second.gives of the case file",
        why=why,
        fix="take the lumen from it (gives: lumen), or give a label map of the second image with the wall under second.labels",
    )


def _agreement(lumen: Array, grid: Grid, other: Array, box: Array, seen: Array) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Findings and cautions on how well the two lumens lie on each other; an error where they do not."""
    beyond = 1.0 - float(box[lumen].mean())
    missed = 1.0 - float(seen[lumen & box].mean()) if (lumen & box).any() else 1.0
    if missed > MOST_MISSED:
        raise _apart(f"over {missed:.0%} of the first lumen within the second image there is no lumen of the second")
    off = _distances(lumen, grid, other, seen)
    apart, far = float(off.mean()), float((off > FAR_MM).mean())
    if apart > FAR_MM or far > MOST_FAR:
        raise _apart(
            f"their surfaces are {apart:.1f} mm apart on average ({FAR_MM:g} mm allowed), over {far:.0%} of the surface by more "
            f"than {FAR_MM:g} mm ({MOST_FAR:.0%} allowed)"
        )
    method = "of the first lumen's surface from the second's, after registration, where both segmentations have a lumen"
    findings = (
        Finding("second_lumen_distance_mm", apart, "mm", f"mean distance {method}"),
        Finding("second_lumen_far_share", far, "share", f"farther than {FAR_MM:g} mm, {method}"),
        Finding(
            "second_lumen_missed_share", missed, "share", "of the first lumen within the second image, where the second has none"
        ),
    )
    cautions = ()
    if beyond > LEAST_TOLD:
        cautions += (f"{beyond:.0%} of the lumen lie outside the second image: there the first image's labels stand",)
    if missed > LEAST_TOLD:
        cautions += (
            f"the second image's segmentation ends early: over {missed:.0%} of the lumen within that image it has none; there the "
            "first image's labels stand",
        )
    if far > LEAST_FAR:
        cautions += (
            f"over {far:.0%} of the lumen's surface the two images' lumens are over {FAR_MM:g} mm apart: look at the overlay, one "
            "of them may have taken thrombus for blood or blood for thrombus",
        )
    return findings, cautions


def _apart(why: str) -> InputError:
    return InputError(
        "the lumens of the two images do not lie on each other",
        where="second of the case file",
        why=why,
        fix="look at both segmentations; align the images in 3D Slicer and give second.transform_file",
    )


def _seen(grid: Grid, to_first: Array, onto: Grid) -> Array:
    """Voxels of ``onto`` within the second image; a slice at a time, for they are many."""
    back = np.linalg.inv(grid.affine_lps) @ np.linalg.inv(to_first) @ onto.affine_lps  # (i, j, k) of onto -> of grid
    nk, nj, ni = onto.shape_kji
    last = np.array(grid.shape_kji[::-1]) - 1
    i, j = np.arange(ni)[None, :], np.arange(nj)[:, None]
    seen = np.ones(onto.shape_kji, bool)
    for k in range(nk):
        for (along_i, along_j, along_k, at), end in zip(back[:3], last):
            index = along_i * i + along_j * j + (along_k * k + at)
            seen[k] &= (index >= -_ROUNDING) & (index <= end + _ROUNDING)
    return seen


def _rim(lumen: Array, other: Array, seen: Array) -> Array:
    """The lumen's outermost voxels; not the face of an end beyond which the other lumen goes on."""
    goes_on = (other < 0) & ~seen
    return lumen & seen & ~ndi.binary_erosion(lumen, border_value=1) & ~ndi.binary_dilation(goes_on)


def _distances(lumen: Array, grid: Grid, other: Array, seen: Array) -> Array:
    """Of the first lumen's outermost voxels, which lie about half a voxel inside, from the other's surface."""
    rim = _rim(lumen, other, seen)
    own = -depth_in(lumen, grid.spacing_kji)[rim] / 2  # the surface is half the way to the next voxel outside
    return np.abs(other[rim] - own)


def _volume(distance: Array, grid: Grid) -> float:
    """In voxels, those at the surface in part."""
    return float(np.clip(0.5 - distance / float(np.cbrt(grid.voxel_volume_mm3)), 0.0, 1.0).sum())


def _phase(lumen: Array, grid: Grid, other: Array, seen: Array) -> tuple[Finding, ...]:
    """How the lumen changed from the first image to the second."""
    here, there = (_volume(d[seen], grid) for d in (signed_distance(lumen, grid.spacing_kji, _REACH_MM), other))
    rim = _rim(lumen, other, seen)
    outward = -(other[rim] + depth_in(lumen, grid.spacing_kji)[rim] / 2)
    note = "breathing and patient motion are in it as well"
    return (
        Finding("phase_lumen_volume_change", float(there / here - 1.0), "share", "second image's lumen over the first's, less 1"),
        Finding("phase_wall_motion_mean_mm", float(outward.mean()), "mm", "of the lumen's surface, outward", caution=note),
        Finding("phase_wall_motion_p95_mm", float(np.percentile(np.abs(outward), 95)), "mm", "either way", caution=note),
    )
