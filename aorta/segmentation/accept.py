"""Labels drawn or corrected elsewhere: are they a vessel, and where is its outer boundary?"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import InputError
from aorta.records import CLASSES, VESSEL, Array, Labels, Segmentation, Volume
from aorta.segmentation.border import SURE_CONTACT_MM2, refuse_cut_off
from aorta.segmentation.distance import signed_distance
from aorta.segmentation.quality import border_cautions, intensity_findings, shape_findings, volume_findings

MAIN_SHARE = 0.99  # of the vessel in one piece; crumbs beside it are dropped
LEAST_OUTSIDE = 0.20  # of a thrombus's surface that is not beside blood; a crescent has about half, a core within blood none
MOST_BARE = 0.10  # of the lumen's surface beside background in a map with a wall; its open ends are some 3 %


def accept_labels(labels: Labels, volume: Volume | None = None, wall_thickness_mm: float | None = None) -> Segmentation:
    """Checked labels with quality findings.

    Where the map has no wall class, the outer boundary is that of lumen, thrombus and
    calcification; where the lumen lies bare, or nearly so, a wall of the stated thickness is added
    outside of it (None: nothing is added). A map with a wall class is taken as drawn.

    Raises
    ------
    InputError
        No lumen; the vessel in several pieces; the lumen cut off lengthwise by the image's border; lumen and
        thrombus exchanged.
    """
    if not labels.mask("lumen").any():
        present = [name for name in CLASSES if labels.mask(name).any()]
        raise InputError(
            "the label map has no lumen",
            where="label map",
            why=f"classes found: {', '.join(present) or 'none, every voxel is background'}",
            fix="map the file's values to our classes under labels.classes, e.g. {lumen: 1, thrombus: 2}",
        )
    voxels, cautions = labels.voxels.copy(), []
    cautions += _keep_main(voxels, labels, VESSEL, "vessel")
    cautions += _keep_main(voxels, labels, ("lumen",), "lumen")
    kept = Labels(labels.grid, voxels)
    _refuse_exchanged(kept)
    refuse_cut_off(kept, ("lumen",), SURE_CONTACT_MM2, "label map")
    if wall_thickness_mm is not None and not kept.mask("wall").any():
        bare = _grow_wall(voxels, kept, wall_thickness_mm)
        kept = Labels(labels.grid, voxels)
        if bare:
            cautions.append(
                f"the labels have no wall class: {wall_thickness_mm:g} mm of wall were added outside the lumen "
                "where no thrombus covers it; elsewhere the thrombus's outer boundary is taken as the wall's outer face"
            )
    elif kept.mask("wall").any() and (share := _bare_share(kept)) > MOST_BARE:
        cautions.append(
            f"the lumen lies bare over {share:.0%} of its surface although the labels have a wall class: "
            "outer diameters are those of the lumen there; draw the wall throughout, or leave the class out"
        )
    findings = volume_findings(kept) + shape_findings(kept)
    if volume is not None:
        findings += intensity_findings(kept, volume)
        cautions += _odd_intensity(kept, volume)
    return Segmentation(kept, "label map", None, (), tuple(findings), tuple(cautions + border_cautions(kept)))


def _keep_main(voxels: Array, labels: Labels, names: tuple[str, ...], what: str) -> list[str]:
    """Clear, in place, crumbs beside the main part of these classes."""
    mask = np.isin(voxels, [CLASSES[name] for name in names])
    parts, count = ndi.label(mask, np.ones((3, 3, 3), bool))
    if count <= 1:
        return []
    sizes = np.bincount(parts.ravel())[1:]
    share = sizes.max() / sizes.sum()
    if share < MAIN_SHARE:
        largest = ", ".join(f"{s * labels.grid.voxel_volume_mm3 / 1000:.2f} mL" for s in np.sort(sizes)[::-1][:4])
        raise InputError(
            f"the {what} of the label map is in {count} pieces",
            where="label map",
            why=f"the largest has {share:.1%} of it ({MAIN_SHARE:.0%} needed); largest pieces: {largest}",
            fix="join the pieces or remove those that do not belong to the aorta and the iliac arteries",
        )
    crumbs = mask & (parts != 1 + int(np.argmax(sizes)))
    voxels[crumbs] = 0
    return [f"{count - 1} loose crumbs of the {what} ({int(crumbs.sum())} voxels) were dropped from the label map"]


def _grow_wall(voxels: Array, labels: Labels, wall_thickness_mm: float) -> bool:
    """Label as wall, in place, the background within the wall's thickness of the lumen."""
    spacing = labels.grid.spacing_kji
    near = signed_distance(labels.mask("lumen"), spacing, wall_thickness_mm + float(spacing.max())) <= wall_thickness_mm
    added = near & (voxels == 0)
    voxels[added] = CLASSES["wall"]
    return bool(added.any())


def _refuse_exchanged(labels: Labels) -> None:
    if not labels.mask("thrombus").any():
        return
    outside = _share_facing(labels.mask("thrombus"), ~labels.mask("lumen", "thrombus", "branch"))
    if outside < LEAST_OUTSIDE:
        raise InputError(
            "the thrombus lies within the lumen",
            where="label map",
            why=f"{outside:.0%} of its surface lie beside wall or surroundings, the rest beside blood: are the classes exchanged?",
            fix="map the file's values to our classes under labels.classes, e.g. {lumen: 2, thrombus: 1}",
        )


def _bare_share(labels: Labels) -> float:
    """Share of the lumen's outermost voxels that face background within the image."""
    return _share_facing(labels.mask("lumen"), labels.voxels == 0)


def _share_facing(mask: Array, other: Array) -> float:
    """Share of a mask's outermost voxels, those at the image's border left out, that have a neighbour in another mask."""
    rim = mask & ~ndi.binary_erosion(mask, border_value=1)
    return float((rim & ndi.binary_dilation(other)).sum() / max(1, rim.sum()))


def _odd_intensity(labels: Labels, volume: Volume) -> list[str]:
    lumen = float(np.median(volume.voxels[labels.mask("lumen")]))
    thrombus = volume.voxels[labels.mask("thrombus")]
    if thrombus.size and float(np.median(thrombus)) >= lumen:
        return ["the thrombus is as bright as the lumen: are the classes exchanged, or is there no contrast?"]
    return []
