"""A CT of the chest, or with the chest, from image to labels: the thoracic aorta, dissected or not.

Used where the search for an abdominal aorta found none and the image holds lung. The ascending
aorta and the arch get no search for thrombus: beside heart and pulmonary artery the outer wall has
no edge, so it is taken at its stated thickness from the blood there.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import NeedsClicks
from aorta.records import CLASSES, Array, Labels, Progress, Segmentation, Volume
from aorta.segmentation import dissection, gates, thorax
from aorta.segmentation.canonical import Frame
from aorta.segmentation.compose import compose
from aorta.segmentation.distance import largest_part, part_with
from aorta.segmentation.outer_wall import fill_walls, find_wall
from aorta.segmentation.quality import Evidence, judge
from aorta.segmentation.start_ct import Field
from aorta.segmentation.vertebrae import vertebral_bodies

NOT_BLOOD_HU, LIKE_WALL_HU = -100.0, 95.0  # blood as bright as thrombus leaves the outer edge as the only one
REACH_MM, AROUND_MM = 36.0, 60.0
MOST_COST = 1.5  # median of the descending discs; the published chest has 0.9
LEAST_FILLED = 0.2  # of the outer volume by bright blood
THORACIC = (
    "thoracic field of view: the descending aorta was found by its place beside the spine; the outer wall of arch and ascending "
    "aorta is taken at its stated thickness from the blood, and the root, which moves, is left out"
)
NO_ASCENDING = "the ascending aorta and the arch were not found with certainty and are missing"


def segment_chest(
    volume: Volume, voxels: Array, frame: Frame, field: Field, wall_thickness_mm: float, unsure: NeedsClicks, progress: Progress
) -> Segmentation:
    """Labels of the thoracic aorta; raises ``unsure`` where it is not found.

    Parameters
    ----------
    voxels : (nk, nj, ni) HU
        In the frame's order.
    field : Field
        Coarse slices and the spinal canal.
    unsure : NeedsClicks
        Why the abdominal search did not end.
    """
    spacing = frame.spacing
    if field.canal is None or field.everywhere is None:
        raise unsure
    lung = thorax.chest_heights(field.slices)
    if lung.sum() * float(np.median(np.diff(field.heights))) < thorax.LEAST_CHEST_MM:
        raise unsure
    progress("finding the thoracic aorta", 0.1)
    bodies = vertebral_bodies(voxels, spacing, field.everywhere, thorax.wide_blood(voxels, spacing))
    at = np.rint(field.heights / spacing[0]).astype(int)
    thin = np.rint(field.spacing / spacing[1:]).astype(int)
    chest = thorax.find_chest(field.slices, field.heights, field.spacing, field.canal, bodies[at][:, :: thin[0], :: thin[1]])
    if chest is None or np.ptp([d.position[0] for d in chest.descending]) < thorax.LEAST_LENGTH_MM:
        raise unsure
    if (cost := float(np.median([d.cost for d in chest.descending]))) > MOST_COST:
        raise gates.ask([unsure.why, f"what lies where a thoracic aorta does is not round and free enough (score {cost:.1f})"])
    if chest.blood < gates.LEAST_BLOOD_HU:
        raise gates.ask([unsure.why, f"a thoracic aorta was found, but its blood has only {chest.blood:.0f} HU"])
    low = np.maximum(0, np.floor((chest.line.min(axis=0) - AROUND_MM) / spacing)).astype(int)
    high = np.minimum(voxels.shape, np.ceil((chest.line.max(axis=0) + AROUND_MM) / spacing).astype(int) + 1)
    box = tuple(slice(a, b) for a, b in zip(low, high))
    corner, part = low * spacing, np.ascontiguousarray(voxels[box], np.float32)
    smooth = ndi.gaussian_filter(part, 0.4 / spacing)
    bright = (smooth > 0.5 * (chest.blood + 60.0)) & ~bodies[box]
    blood, foreign = thorax.blood_of_aorta(bright, spacing, chest, corner)
    progress("searching the outer wall", 0.4)
    line = np.array([d.position for d in chest.descending]) - corner
    clipped = np.minimum(part, LIKE_WALL_HU)
    clipped[foreign | bodies[box]] = NOT_BLOOD_HU
    wall = find_wall(clipped, spacing, blood, line, REACH_MM, wall_thickness_mm, np.zeros((0, 3)), (3.0, 3.0))
    outer = fill_walls([wall], part.shape, spacing) | blood
    outer = part_with(outer, np.rint(line / spacing).astype(int).clip(0, np.array(part.shape) - 1)) & ~bodies[box]
    outer = largest_part(ndi.binary_opening(outer) | (blood & outer))
    if (filled := float((blood & outer).sum() / max(1, outer.sum()))) < LEAST_FILLED:
        raise gates.ask([unsure.why, f"only {filled:.0%} of the thoracic aorta found is bright blood ({LEAST_FILLED:.0%} needed)"])
    progress("lumens and classes", 0.8)
    lumens = dissection.find_lumens(part, spacing, outer, wall_thickness_mm, chest.blood)
    lumen = blood & outer if lumens is None else lumens.true | lumens.false
    found = compose(largest_part(lumen), outer, np.zeros(part.shape, bool), spacing, wall_thickness_mm)
    whole = np.zeros(voxels.shape, np.uint8)
    whole[box] = found
    whole[bodies & (whole == 0)] = CLASSES["vertebra"]
    labels = Labels(volume.grid, frame.restore(whole))
    cautions = [THORACIC] + ([] if chest.ascending else [NO_ASCENDING])
    evidence = Evidence("ct-contrast", chest.blood, chest.spread, True, True, (wall,), corner, frame, 0, chest=True)
    second = None
    if lumens is not None:
        second = dissection.Second(lumens, box, part)
    return judge(labels, volume, evidence, tuple(cautions), second)
