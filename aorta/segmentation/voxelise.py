"""From closed surfaces of lumen and outer wall (or thrombus) to a label map."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import InputError
from aorta.records import CLASSES, Array, Finding, Grid, Labels, Segmentation, Surface
from aorta.segmentation.caps import beyond_caps
from aorta.segmentation.compose import compose
from aorta.segmentation.distance import signed_distance
from aorta.segmentation.quality import shape_findings, volume_findings
from aorta.segmentation.solids import check_solid, fill, merged

MOST_VOXELS = 3e8
MAIN_SHARE = 0.99  # of the lumen in one piece; what else there is is left out
MOST_OUTSIDE = 0.02  # of the lumen outside the outer wall
CROOKED_MM = 40.0


def voxelise(
    lumen: Surface,
    outer: Surface | None = None,
    thrombus: Surface | None = None,
    *,
    spacing_mm: float,
    wall_thickness_mm: float,
) -> Segmentation:
    """Labels on a cubic, axis-aligned LPS grid.

    Parameters
    ----------
    lumen : Surface
        Closed.
    outer : Surface or None
        Closed outer face of the wall: between it and the lumen are thrombus and, as the outermost
        ``wall_thickness_mm``, wall.
    thrombus : Surface or None
        Instead of ``outer``: a closed solid, taken as drawn: all of it is labelled thrombus, its
        outer face is the wall's. Where it does not cover the lumen, wall is added outside.
        Neither: the wall is added outside the lumen.

    Raises
    ------
    InputError
        A surface is open, passes through itself, is in the wrong unit; the lumen leaves the outer
        surface; the grid would be too large.
    """
    if outer is not None and thrombus is not None:
        raise InputError("give the outer wall or the thrombus, not both", where="case file: surfaces", fix="remove one of them")
    solids = {name: merged(s) for name, s in (("lumen", lumen), ("outer wall", outer), ("thrombus", thrombus)) if s is not None}
    for name, solid in solids.items():
        check_solid(solid, name)
    grid = _grid(list(solids.values()), spacing_mm, wall_thickness_mm)
    masks = {name: fill(solid, grid) for name, solid in solids.items()}
    blood = masks["lumen"]
    if not blood.any():
        raise InputError("the lumen holds no voxel centre", where="lumen", fix="make surfaces.voxel smaller")
    _check_one_piece(blood)
    nothing, cautions = np.zeros(blood.shape, bool), []
    past = np.logical_or.reduce([beyond_caps(solid, grid) for solid in solids.values()])
    if outer is not None:
        cautions += _check_nested(blood, masks["outer wall"])
        voxels = compose(blood, masks["outer wall"], nothing, grid.spacing_kji, wall_thickness_mm, beyond=past)
    elif thrombus is not None:
        voxels = _with_thrombus(blood, masks["thrombus"], past, grid.spacing_kji, wall_thickness_mm)
    else:
        voxels = compose(blood, blood, nothing, grid.spacing_kji, wall_thickness_mm, beyond=past)
        cautions.append(f"no outer wall was given: it was taken {wall_thickness_mm:g} mm outside the lumen, without thrombus")
    labels = Labels(grid, voxels)
    findings = volume_findings(labels) + shape_findings(labels)
    for name, solid in solids.items():
        findings.append(
            Finding(
                f"{name.replace(' ', '_')}_solid_volume_mL",
                abs(solid.volume_mm3) / 1000.0,
                "mL",
                "divergence theorem on the surface",
            )
        )
    if max(np.ptp(solids["lumen"].points, axis=0)) < CROOKED_MM:
        cautions.append("the lumen is under 40 mm long: is the unit right?")
    return Segmentation(labels, "surfaces", None, (), tuple(findings), tuple(cautions))


def _grid(solids: list[Surface], spacing: float, margin: float) -> Grid:
    points = np.concatenate([s.points for s in solids])
    low = points.min(axis=0) - margin - 3.0 * spacing
    count = np.ceil((points.max(axis=0) + margin + 3.0 * spacing - low) / spacing).astype(int) + 1
    if float(np.prod(count.astype(float))) > MOST_VOXELS:
        raise InputError(
            "the label grid would be too large",
            where="case file: surfaces.voxel",
            why=f"{count.tolist()} voxels of {spacing:g} mm",
            fix="make surfaces.voxel larger, or check surfaces.unit",
        )
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = low
    return Grid(tuple(int(c) for c in count[::-1]), affine)  # type: ignore[arg-type]


def _check_one_piece(blood: Array) -> None:
    sizes = np.bincount(ndi.label(blood, np.ones((3, 3, 3), bool))[0].ravel())[1:]
    if sizes.max() < MAIN_SHARE * sizes.sum():
        raise InputError(
            f"the lumen is in {len(sizes)} pieces",
            where="lumen",
            why=f"the largest has {sizes.max() / sizes.sum():.1%} of its volume ({MAIN_SHARE:.0%} needed)",
            fix="join the pieces, remove those that do not belong to the vessel, or make surfaces.voxel smaller",
        )


def _check_nested(blood: Array, outer: Array) -> list[str]:
    outside = float((blood & ~outer).sum() / blood.sum())
    if outside > MOST_OUTSIDE:
        raise InputError(
            "the lumen is not inside the outer wall",
            where="surfaces",
            why=f"{outside:.1%} of its volume lies outside",
            fix="check that both surfaces have the same frame and unit, and that they are not exchanged",
        )
    return [f"{outside:.1%} of the lumen lies outside the outer wall; the wall was moved out there"] if outside > 0.001 else []


def _with_thrombus(blood: Array, thrombus: Array, past: Array, spacing: Array, wall_thickness_mm: float) -> Array:
    """Labels where the thrombus is a solid of its own."""
    between = ndi.binary_closing(blood | thrombus) & ~blood & ~thrombus  # slits between the two facetings
    near = signed_distance(blood, spacing, wall_thickness_mm + float(spacing.max())) <= wall_thickness_mm
    labels = np.zeros(blood.shape, np.uint8)
    labels[near & ~past] = CLASSES["wall"]
    touches = ndi.binary_dilation(thrombus)
    labels[thrombus | (between & touches)] = CLASSES["thrombus"]
    labels[blood] = CLASSES["lumen"]
    return labels
