"""Metal beside the vessel: its streaks draw edges where there are none, and the score per slice believes them.

Nothing is corrected. The slices are listed as doubtful, and metal on or in the vessel itself (a stent
graft, coils) is told, since what is measured here is meant for a vessel without it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage as ndi

from aorta.records import VESSEL, Segmentation, Volume

METAL_HU = 2000.0  # dense calcification stays below 1500 (unverified)
LEAST_MM2 = 6.0  # of it in a slice; less is a hot voxel
NEAR_MM = 60.0  # of the vessel's box in the slice
INSIDE_MM3 = 30.0
MOST_CONFIDENCE = 0.5  # below what counts as doubtful (0.6)
STREAKS = "metal within 60 mm: its streaks hide edges and draw others"
NEARBY = "metal lies beside the vessel in {} slices: the boundary there follows streaks as well as edges; look at the overlays"
WITHIN = (
    "metal lies on or in the vessel (a stent graft, coils or clips): diameters, stress and stent-graft fit are made for a vessel "
    "without it"
)


def with_metal_told(found: Segmentation, volume: Volume) -> Segmentation:
    """The segmentation of a CT with the slices that metal spoils among the doubtful ones."""
    vessel = found.labels.mask(*VESSEL)
    slices, spacing = np.flatnonzero(vessel.any(axis=(1, 2))), volume.grid.spacing_kji
    margin = np.ceil(NEAR_MM / spacing[1:]).astype(int)
    spoilt = []
    for k in slices:
        (j0, j1), (i0, i1) = ((at[0], at[-1] + 1) for at in (np.flatnonzero(vessel[k].any(axis=a)) for a in (1, 0)))
        near = volume.voxels[k, max(0, j0 - margin[0]) : j1 + margin[0], max(0, i0 - margin[1]) : i1 + margin[1]]
        if (near > METAL_HU).sum() * spacing[1] * spacing[2] >= LEAST_MM2:
            spoilt.append(int(k))
    if not spoilt:
        return found
    known = dict(zip(found.doubtful_slices, found.doubts)) if found.doubts else dict.fromkeys(found.doubtful_slices, "")
    doubts = {k: "; ".join(t for t in (known.get(k, ""), STREAKS if k in spoilt else "") if t) for k in sorted({*known, *spoilt})}
    confidence = None if found.confidence is None else found.confidence.copy()
    if confidence is not None:
        confidence[spoilt] = np.minimum(confidence[spoilt], MOST_CONFIDENCE)
    within = (volume.voxels > METAL_HU) & ndi.binary_dilation(vessel)
    cautions = [NEARBY.format(len(spoilt))]
    if within.sum() * volume.grid.voxel_volume_mm3 >= INSIDE_MM3:
        cautions.insert(0, WITHIN)
    graver = found.cautions[:1] if found.false_lumen is not None else ()  # of a dissection: nothing of an aneurysm applies
    return replace(
        found,
        confidence=confidence,
        doubtful_slices=tuple(doubts),
        doubts=tuple(doubts.values()),
        cautions=(*graver, *cautions, *found.cautions[len(graver) :]),
    )
