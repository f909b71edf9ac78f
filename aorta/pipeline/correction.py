"""How much a planner's corrected label map differs from the automatic one."""

from __future__ import annotations

from dataclasses import replace

from aorta.records import CLASSES, Finding, Segmentation


def compare(automatic: Segmentation, corrected: Segmentation) -> Segmentation:
    """The corrected segmentation with findings and a caution that say what was changed.

    Dice is 2|A∩B| / (|A|+|B|) of the whole vessel and of each class that either map has.
    """
    findings, changes = [], []
    a, b = automatic.labels, corrected.labels
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
        confidence=automatic.confidence,
        doubtful_slices=automatic.doubtful_slices,
        findings=corrected.findings + tuple(findings),
        cautions=(told, *corrected.cautions),
    )
