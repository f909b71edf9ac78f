"""How much a planner's corrected label map differs from the automatic one."""

from __future__ import annotations

from dataclasses import replace

from aorta.errors import InputError
from aorta.records import CLASSES, Finding, Segmentation


def compare(automatic: Segmentation, corrected: Segmentation) -> Segmentation:
    """The corrected segmentation with findings and a caution that say what was changed.

    Dice is 2|A∩B| / (|A|+|B|) of the whole vessel and of each class that either map has.
    """
    a, b = automatic.labels, corrected.labels
    if not a.grid.same_as(b.grid):
        raise InputError(
            "the corrected label map is on another grid than the one it was made from",
            where="labels.nii.gz in the output folder",
            why=f"its shape is {b.grid.shape_kji}, the automatic map's {a.grid.shape_kji}, or their positions differ",
            fix="save it on the image's own grid, or remove it to start again from the automatic labels",
        )
    findings, changes = [], []
    for name in CLASSES:
        before, after = a.mask(name), b.mask(name)
        total = int(before.sum() + after.sum())
        if total == 0:
            continue
        dice = 2.0 * float((before & after).sum()) / total
        changed = float((before ^ after).sum()) * b.grid.voxel_volume_mm3 / 1000.0
        method = "voxels that differ between the corrected and the automatic label map"
        findings.append(Finding(f"edited_{name}_mL", changed, "mL", method))
        findings.append(Finding(f"edited_{name}_dice", dice, "1", "Dice overlap of corrected and automatic labels"))
        if changed > 0:
            changes.append(f"{name} {changed:.2f} mL (Dice {dice:.3f})")
    told = "labels were edited by hand: " + (", ".join(changes) if changes else "no voxel differs")
    return replace(
        corrected,
        findings=corrected.findings + tuple(findings),
        cautions=(told, *corrected.cautions),
    )
