"""Volumes by part: neck, sac and iliac arteries, of blood, thrombus and calcification each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aorta.records import Array, Finding, Labels, Sections, withheld

CLASSES_COUNTED = ("lumen", "thrombus", "calcification")


@dataclass(frozen=True)
class Part:
    """A stretch of one branch between two arc lengths in mm; ``reason`` is why it is not known, where it is not."""

    name: str
    branch: str
    start: float
    stop: float
    between: str
    reason: str = ""


def part_volume_findings(labels: Labels, sections: Mapping[str, Sections], parts: list[Part]) -> list[Finding]:
    """Volume of every class in every part: voxels go to the nearest section centre, and by its plane to an arc length.

    Parameters
    ----------
    labels : Labels
        Cropped to the vessel.
    """
    mL = labels.grid.voxel_volume_mm3 / 1000.0
    findings = []
    placed = {name: _placed(labels, name, sections) for name in CLASSES_COUNTED}
    names = list(sections)
    for part in parts:
        for kind in CLASSES_COUNTED:
            full = f"{part.name}_{kind}_volume_mL"
            if part.reason:
                findings.append(withheld(full, "mL", part.reason))
                continue
            branch, arc = placed[kind]
            count = int(((branch == names.index(part.branch)) & (arc >= part.start) & (arc < part.stop)).sum())
            findings.append(Finding(full, count * mL, "mL", f"voxels of the class {part.between}, times the voxel volume"))
    return findings


def _placed(labels: Labels, kind: str, sections: Mapping[str, Sections]) -> tuple[Array, Array]:
    """Number of the branch (n,) and arc length (n,) mm of every voxel of a class."""
    points = labels.grid.to_lps(np.argwhere(labels.mask(kind))[:, ::-1])
    if not len(points):
        return np.zeros(0, int), np.zeros(0)
    owner = np.concatenate([np.full(len(s.arc_length_mm), n) for n, s in enumerate(sections.values())])
    centre, normal, arc = (
        np.concatenate([getattr(s, name) for s in sections.values()]) for name in ("centre", "normal", "arc_length_mm")
    )
    nearest = cKDTree(centre).query(points)[1]
    return owner[nearest], arc[nearest] + np.einsum("ij,ij->i", points - centre[nearest], normal[nearest])
