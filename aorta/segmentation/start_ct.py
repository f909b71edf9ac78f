"""Where the blood of a contrast CT is: found by the program, in arterial or portal-venous phase, or clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.errors import NeedsClicks
from aorta.records import Array
from aorta.segmentation import discs, gates, gates_venous, spine, venous
from aorta.segmentation.canonical import Frame
from aorta.segmentation.chain import best_chain
from aorta.segmentation.clicks import check_seeds
from aorta.segmentation.lobes import lobes
from aorta.segmentation.lumen_ct import blood_statistics
from aorta.settings import SegmentationSettings

CLICK_RADIUS_MM = 3.0
STATED = "not searched for, as the case file says that the contrast is portal-venous"


@dataclass(frozen=True)
class Start:
    """Points in the blood and how it looks.

    Parameters
    ----------
    points : (n, 3) float
        (z, y, x) mm, from the top down.
    blood, spread : float, HU
    chain : tuple of Disc
        What the program found; empty from clicks.
    canal : (nk, 2) float or None
        (y, x) mm of the spinal canal in each slice of the image.
    tubes : Tubes or None
        In portal-venous contrast: aorta, cava and what else is as bright.
    """

    points: Array
    blood: float
    spread: float
    chain: tuple[discs.Disc, ...]
    canal: Array | None
    tubes: venous.Tubes | None

    @property
    def automatic(self) -> bool:
        """Whether the program found it."""
        return bool(self.chain)


@dataclass(frozen=True)
class Field:
    """Coarse slices (n, ny, nx) in HU at ``heights`` (n,) mm with ``spacing`` (2,) mm; body; canal in them and in every slice."""

    slices: Array
    numbers: Array
    heights: Array
    spacing: Array
    body: discs.Body
    canal: Array | None
    everywhere: Array | None


def look(voxels: Array, spacing: Array) -> Field:
    """The image at a glance: coarse slices, and the spinal canal."""
    body = discs.find_body(voxels, spacing)
    slices, numbers, coarse = discs.coarse_slices(voxels, spacing)
    canal = spine.canal_line(slices, coarse, body)
    everywhere = None
    if canal is not None:
        k = np.arange(voxels.shape[0])
        everywhere = np.stack([np.interp(k, numbers, canal[:, c]) for c in (0, 1)], axis=1)
    return Field(slices, numbers, numbers * float(spacing[0]), coarse, body, canal, everywhere)


def find_start(voxels: Array, spacing: Array, frame: Frame, settings: SegmentationSettings, field: Field) -> Start:
    """Points in the blood of the aorta.

    Raises
    ------
    NeedsClicks
        Nothing is an aorta with certainty, or the clicks are not usable.
    """
    slices, numbers, coarse, body, canal = field.slices, field.numbers, field.spacing, field.body, field.canal
    everywhere = field.everywhere
    if settings.seeds:
        return _clicked(voxels, spacing, frame, settings, slices, numbers, coarse, canal, everywhere)
    tubes, excluded = None, [None] * len(slices)
    if canal is not None:
        excluded = [spine.spine_region(plane.shape, coarse, at) for plane, at in zip(slices, canal)]
    rows = [discs.candidates(p, k * spacing[0], coarse, body, out) for p, k, out in zip(slices, numbers, excluded)]
    chain = best_chain(rows)
    try:
        if settings.contrast == "portal-venous":
            raise gates.ask([STATED])
        gates.check_chain(chain, rows, voxels.shape[0] * float(spacing[0]), field.heights, canal)
        chain = chain[::-1]  # from the top
    except NeedsClicks as unsure:
        if settings.contrast == "arterial":
            raise
        tubes = _tubes(slices, numbers, coarse, spacing, canal)
        gates_venous.check_tubes(tubes, slices, numbers * spacing[0], coarse, canal, unsure)
        chain = list(tubes.aorta)
    points, radii = np.array([d.position for d in chain]), np.array([d.radius for d in chain])
    blood, spread = blood_statistics(voxels, spacing, points, radii)
    return Start(points, settings.blood if settings.blood is not None else blood, spread, tuple(chain), everywhere, tubes)


def _clicked(
    voxels: Array, spacing: Array, frame: Frame, settings: SegmentationSettings,
    slices: Array, numbers: Array, coarse: Array, canal: Array | None, everywhere: Array | None,
) -> Start:  # fmt: skip
    points = frame.to_mm(np.array(settings.seeds, float))
    check_seeds(points, spacing, voxels.shape, settings.seeds)
    blood, spread = blood_statistics(voxels, spacing, points, np.full(len(points), 2.0 * CLICK_RADIUS_MM))
    if settings.blood is None and blood < gates.LEAST_CLICKED_HU:
        raise gates.ask([f"the clicks lie in {blood:.0f} HU, which is not contrast-filled blood"])
    tubes = None
    late = settings.contrast == "portal-venous" or (settings.contrast == "auto" and blood < gates.LEAST_BLOOD_HU)
    if canal is not None and late:  # veins are as bright: know them
        tubes = _tubes(slices, numbers, coarse, spacing, canal)
        tubes = None if tubes is None else venous.with_aorta_at(tubes, points)
    return Start(points, settings.blood if settings.blood is not None else blood, spread, (), everywhere, tubes)


def _tubes(slices: Array, numbers: Array, coarse: Array, spacing: Array, canal: Array | None) -> venous.Tubes | None:
    if canal is None:
        return None
    rows = [
        lobes(plane, k * spacing[0], coarse, at, spine.spine_region(plane.shape, coarse, at))
        for plane, k, at in zip(slices, numbers, canal)
    ]
    return venous.find_tubes(rows, canal)
